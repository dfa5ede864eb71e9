"""Pictures drawn by the tests of near-copies: busy scenes, and faces that differ in little."""

from __future__ import annotations

from random import Random

import numpy as np
import torch
from PIL import Image, ImageDraw

from model.dataset import pixels_of

SIDE = 192  # px


def scene(seed: int) -> Image.Image:
    """Forty shapes of many colours."""
    random = Random(seed)
    image = Image.new("RGB", (SIDE, SIDE), _colour(random))
    pen = ImageDraw.Draw(image)
    for _ in range(40):
        x, y, wide, high = (
            random.randint(0, SIDE),
            random.randint(0, SIDE),
            random.randint(8, 60),
            random.randint(8, 60),
        )
        box = (x - wide // 2, y - high // 2, x + wide // 2, y + high // 2)
        if random.random() < 0.5:
            pen.ellipse(box, fill=_colour(random))
        else:
            pen.line(box, fill=_colour(random), width=random.randint(2, 8))
    return image


def face(mouth: str = "smile", skin: tuple[int, int, int] = (252, 234, 43)) -> Image.Image:
    """A round face with one of three mouths, as clip art has hundreds of."""
    image = Image.new("RGB", (SIDE, SIDE), "white")
    pen = ImageDraw.Draw(image)
    pen.ellipse((30, 30, 162, 162), fill=skin, outline="black", width=5)
    for x in (74, 118):
        pen.ellipse((x - 7, 72, x + 7, 92), fill="black")
    match mouth:
        case "smile":
            pen.arc((66, 80, 126, 138), 20, 160, fill="black", width=6)
        case "sad":
            pen.arc((66, 114, 126, 172), 200, 340, fill="black", width=6)
        case _:
            pen.ellipse((84, 108, 108, 140), fill="black")
    return image


def shades(seed: int) -> Image.Image:
    """Soft shades everywhere and some edges, as in a photograph."""
    rng = np.random.default_rng(seed)
    image = Image.new("RGB", (SIDE, SIDE), "grey")
    for cells, part in ((4, 0.6), (12, 0.5), (28, 0.5)):
        noise = Image.fromarray(rng.integers(0, 256, (cells, cells, 3), dtype=np.uint8))
        image = Image.blend(image, noise.resize((SIDE, SIDE), Image.Resampling.BICUBIC), part)
    return image


def pixels(image: Image.Image) -> torch.Tensor:
    """uint8 [3, 64, 64]."""
    return pixels_of(image, 64)


def _colour(random: Random) -> tuple[int, int, int]:
    return random.randint(0, 255), random.randint(0, 255), random.randint(0, 255)
