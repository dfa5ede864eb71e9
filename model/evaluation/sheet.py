"""A fixed sheet of prompts from a checkpoint: what a person sees of how good a model is.

    python -m model.evaluation.sheet CHECKPOINT_DIR OUT.png [--prompts FILE] [--seed N]      (`make sheet`)

Writes OUT.png and OUT.json: seeds, settings and the sha256 of each picture. Prompts and seeds are fixed
beforehand, one picture each: nothing is chosen by looks.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from model import checkpoint
from model.sample import generate
from model.settings import SampleSettings

KINDS = {
    "title": "titles of works behind the model",
    "changed": "titles with one attribute changed",
    "new": "new compositions",
}
PROMPTS = Path(__file__).with_name("sheet_faces.txt")
COLUMNS = 8
TILE, GAP, LINE = 128, 10, 13  # px
COLOURS = 256  # of the stored sheet: it is shown in documents, the record has the hashes of the pictures


@dataclass(frozen=True)
class SheetPrompt:
    """One place of the sheet; `kind` is a key of KINDS."""

    kind: str
    prompt: str


def read_prompts(path: Path) -> list[SheetPrompt]:
    """The prompts of a file with lines `KIND: PROMPT`; empty lines and those with # in front are left out.

    Raises ValueError with the line's number.
    """
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        kind, _, prompt = (part.strip() for part in line.partition(":"))
        if kind not in KINDS or not prompt:
            raise ValueError(
                f"{path} line {number}: {line!r} is not KIND: PROMPT with KIND one of {', '.join(KINDS)}"
            )
        found.append(SheetPrompt(kind, prompt))
    if not found:
        raise ValueError(f"{path} names no prompt: write lines such as `title: red heart`")
    return sorted(found, key=lambda one: list(KINDS).index(one.kind))


def make_sheet(
    directory: Path,
    prompts: list[SheetPrompt],
    settings: SampleSettings,
    first_seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Image.Image, dict[str, Any]]:
    """The sheet and its record; the n-th prompt is drawn with seed `first_seed` + n.

    Raises FileNotFoundError for a directory that is no checkpoint.
    """
    pipeline = checkpoint.load_pipeline(directory)
    seeds = [first_seed + place for place in range(len(prompts))]
    pictures = generate(pipeline, [one.prompt for one in prompts], seeds, settings, progress)
    titles = {work["title"].lower() for work in checkpoint.works_behind(directory)}
    history = checkpoint.history_of(directory)
    rows = [
        {
            "kind": one.kind,
            "prompt": one.prompt,
            "seed": seed,
            "is_a_title": one.prompt.lower() in titles,
            "pixels_sha256": hashlib.sha256(picture.tobytes()).hexdigest(),
        }
        for one, seed, picture in zip(prompts, seeds, pictures, strict=True)
    ]
    record = {
        "checkpoint": directory.name,
        "dataset_root": history[-1]["dataset_root"],
        "steps": checkpoint.total_steps(history),
        "sampling": settings.to_json(),
        "pictures": rows,
    }
    return compose(prompts, pictures), record


def compose(prompts: list[SheetPrompt], pictures: list[Image.Image]) -> Image.Image:
    """The contact sheet: a heading for each kind, then its pictures with their prompts below."""
    parts = {
        kind: [(one, picture) for one, picture in zip(prompts, pictures, strict=True) if one.kind == kind]
        for kind in KINDS
    }
    row, heading = TILE + 2 * LINE + GAP, 2 * LINE
    rows = {kind: -(-len(part) // COLUMNS) for kind, part in parts.items() if part}
    width = COLUMNS * (TILE + GAP) + GAP
    sheet = Image.new("RGB", (width, len(rows) * heading + sum(rows.values()) * row + GAP), "white")
    pen, top = ImageDraw.Draw(sheet), GAP
    for kind in rows:
        pen.text((GAP, top), KINDS[kind], fill="black", font=ImageFont.load_default(15))
        for place, (one, picture) in enumerate(parts[kind]):
            x, y = GAP + place % COLUMNS * (TILE + GAP), top + heading + place // COLUMNS * row
            sheet.paste(picture.resize((TILE, TILE), Image.Resampling.LANCZOS), (x, y))
            pen.rectangle((x - 1, y - 1, x + TILE, y + TILE), outline="#dddddd")
            pen.text(
                (x, y + TILE + 2), two_lines(one.prompt), fill="#333333", font=ImageFont.load_default(11)
            )
        top += heading + rows[kind] * row
    return sheet


def two_lines(prompt: str) -> str:
    """The prompt on at most two lines of a tile's width; what does not fit ends in an ellipsis."""
    font, lines = ImageFont.load_default(11), [""]
    for word in prompt.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= TILE or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    shown = lines[:2] if len(lines) <= 2 else [lines[0], lines[1] + " …"]
    return "\n".join(shown)


def save_sheet(sheet: Image.Image, record: dict[str, Any] | None, target: Path) -> None:
    """Write the PNG (COLOURS colours) and, if given, the record beside it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    few = sheet.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    few.save(target, optimize=True)
    if record is not None:
        checkpoint.write_json(target.with_suffix(".json"), record)


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw a fixed sheet of prompts from a checkpoint.")
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path, help="a PNG; the record goes beside it")
    parser.add_argument("--prompts", type=Path, default=PROMPTS)
    parser.add_argument("--seed", type=int, default=0, help="of the first picture; the others count on")
    arguments = parser.parse_args()

    def show(done: int, steps: int) -> None:
        if done % 20 == 0 or done == steps:
            print(f"step {done}/{steps}", flush=True)

    sheet, record = make_sheet(
        arguments.checkpoint, read_prompts(arguments.prompts), SampleSettings(), arguments.seed, show
    )
    save_sheet(sheet, record, arguments.out)
    print(f"{arguments.out}: {len(record['pictures'])} pictures, {arguments.out.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
