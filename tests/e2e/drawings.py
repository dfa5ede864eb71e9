"""A small set of works with a style per artist, drawn here so that no test needs the network."""
from __future__ import annotations

import json
import math
from pathlib import Path

from PIL import Image, ImageDraw

SHAPES = ("circle", "square", "star", "cross")
STYLES = (("Ada", "#c0392b", "white"), ("Béla", "#2471a3", "#f9e79f"), ("Chidi", "#1e8449", "white"),
          ("Dora", "#7d3c98", "#d5f5e3"), ("Emre", "#d68910", "white"))


def _draw(shape: str, ink: str, paper: str, turn: int) -> Image.Image:
    image = Image.new("RGB", (96, 96), paper)
    pen = ImageDraw.Draw(image)
    low, high = 18 + 3 * turn, 78 - 2 * turn
    if shape == "circle":
        pen.ellipse((low, low, high, high), fill=ink)
    elif shape == "square":
        pen.rectangle((low, low, high, high), fill=ink)
    elif shape == "cross":
        pen.line((low, low, high, high), fill=ink, width=10)
        pen.line((low, high, high, low), fill=ink, width=10)
    else:
        points = [(48 + r * math.sin(i * math.pi / 5), 48 - r * math.cos(i * math.pi / 5))
                  for i, r in enumerate([38 - turn, 15] * 5)]
        pen.polygon(points, fill=ink)
    return image


def write_set(folder: Path) -> Path:
    """20 works by 5 artists as PNG, JPEG and WebP with their MANIFEST.jsonl, which also has three bad lines."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for i, (artist, ink, paper) in enumerate(STYLES):
        for j, shape in enumerate(SHAPES):
            name = f"{artist}-{shape}.{('png', 'jpg', 'webp')[(i + j) % 3]}"
            _draw(shape, ink, paper, i).save(folder / name, quality=95)
            lines.append({"file": name, "artist": artist, "title": f"{artist}'s {shape}", "tags": [shape, "drawing"],
                          "licence": "CC0-1.0", "source": "drawn by the tests"})
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nand then nothing")
    (folder / "again.png").write_bytes((folder / lines[0]["file"]).read_bytes())
    bad = [json.dumps({**lines[0], "file": name, "title": name}) for name in ("broken.png", "again.png", "not-there.png")]
    manifest = folder / "MANIFEST.jsonl"
    manifest.write_text("\n".join([json.dumps(line) for line in lines] + bad) + "\n", encoding="utf-8")
    return manifest
