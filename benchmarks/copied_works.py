"""Works to measure near-copies on, in three parts, and their altered copies.

Drawings: every base work of OpenMoji. Photographs: whole ones, and ones cut out on white (animals, fruit, coins:
many look alike, and two are drawn). A work's part is the second byte of the sha256 of its pixels, modulo 3: the
descriptor's map was fitted on part 0, limits were chosen on parts 0 and 1, part 2 is reported.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

import torch
from PIL import Image

from benchmarks.alterations import ALTERATIONS
from benchmarks.photographs import CUT_OUT, WHOLE, photographs
from model.dataset import pixels_of
from model.images import open_image, render_svg
from tools.openmoji_manifest import manifest_lines

PACKAGE = Path("node_modules/openmoji")
SIDE = 64  # px
RENDERED = 256  # px
KINDS = ("drawing", "photograph", "cut-out")


@dataclass(frozen=True)
class Works:
    """pictures, uint8 pixels [N, 3, 64, 64], and of each its kind, name and part."""

    pictures: list[Image.Image]
    pixels: torch.Tensor
    kinds: list[str]
    names: list[str]
    parts: list[int]

    def drawn(self, part: int, most: dict[str, int]) -> list[int]:
        """Places of at most so many works of each kind in a part, evenly drawn."""
        chosen: list[int] = []
        for kind in KINDS:
            own = [i for i in range(len(self.kinds)) if self.kinds[i] == kind and self.parts[i] == part]
            chosen += sorted(Random(0).sample(own, min(len(own), most[kind])))
        return chosen

    def altered(self, place: int, name: str) -> torch.Tensor:
        """uint8 [3, 64, 64]: an altered copy of a work, the same at each call."""
        random = Random(f"{self.names[place]} {place} {name}")
        return pixels_of(ALTERATIONS[name](self.pictures[place], random), SIDE)


def gathered(progress: Callable[[str], None]) -> Works:
    """All works, rendered and fetched where needed. Photographs that cannot be fetched are left out, and told."""
    progress("rendering OpenMoji")
    lines = manifest_lines(PACKAGE.resolve(), PACKAGE.resolve(), True)
    pictures = [
        open_image(render_svg((PACKAGE / str(line["file"])).read_bytes(), RENDERED)) for line in lines
    ]
    kinds, names = ["drawing"] * len(lines), [str(line["title"]) for line in lines]
    for kind, packages in (("photograph", WHOLE), ("cut-out", CUT_OUT)):
        try:
            found = photographs(packages, progress)
        except OSError as error:
            progress(f"no {kind}s: {error}")
            continue
        pictures += found
        kinds += [kind] * len(found)
        names += [f"{kind} {number}" for number in range(len(found))]
    pixels = torch.stack([pixels_of(picture, SIDE) for picture in pictures])
    parts = [hashlib.sha256(one.numpy().tobytes()).digest()[1] % 3 for one in pixels]
    return Works(pictures, pixels, kinds, names, parts)
