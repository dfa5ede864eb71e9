"""What is done to a picture so that it passes for another one: the design's list, and all of it mixed.

Each takes an RGB picture and a seeded random generator. What is stated as a range is drawn evenly from it.
"""

from __future__ import annotations

import colorsys
import io
from collections.abc import Callable
from random import Random

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFont

Alteration = Callable[[Image.Image, Random], Image.Image]
WORDS = ("SALE", "my art", "© 2026", "Hello", "sample", "LIMITED", "new drop", "OK!", "gm", "follow me")


def resize(image: Image.Image, random: Random) -> Image.Image:
    """To 35–70 % of its size."""
    factor = random.uniform(0.35, 0.7)
    return image.resize((round(image.width * factor), round(image.height * factor)), Image.Resampling.BICUBIC)


def jpeg(image: Image.Image, random: Random) -> Image.Image:
    """JPEG at quality 30–80."""
    out = io.BytesIO()
    image.save(out, "JPEG", quality=random.randint(30, 80))
    return Image.open(out).convert("RGB")


def crop(image: Image.Image, random: Random) -> Image.Image:
    """10 % of the width and of the height cut off, anywhere."""
    left, top = (int(0.1 * random.random() * side) for side in image.size)
    return image.crop((left, top, left + round(0.9 * image.width), top + round(0.9 * image.height)))


def crop_corner(image: Image.Image, random: Random) -> Image.Image:
    """10 % of the width and of the height cut off at one corner."""
    left, top = (round(0.1 * side) * random.randint(0, 1) for side in image.size)
    return image.crop((left, top, left + round(0.9 * image.width), top + round(0.9 * image.height)))


def flip(image: Image.Image, random: Random) -> Image.Image:
    """Mirrored left to right."""
    return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)


def rotate(image: Image.Image, random: Random) -> Image.Image:
    """Turned by 2–5°, the corners filled with the colour of a corner."""
    angle = random.choice((-1, 1)) * random.uniform(2, 5)
    return image.rotate(angle, Image.Resampling.BICUBIC, fillcolor=image.getpixel((0, 0)))


def hue(image: Image.Image, random: Random) -> Image.Image:
    """Hue turned by 5–15°, saturation × 0.8–1.2."""
    parts = np.array(image.convert("HSV"))
    shift = random.choice((-1, 1)) * random.uniform(5, 15) / 360 * 256
    parts[..., 0] = (parts[..., 0].astype(int) + round(shift)) % 256
    return ImageEnhance.Color(Image.fromarray(parts, "HSV").convert("RGB")).enhance(random.uniform(0.8, 1.2))


def brightness(image: Image.Image, random: Random) -> Image.Image:
    """Brightness × 0.75–1.25, contrast × 0.8–1.2."""
    brighter = ImageEnhance.Brightness(image).enhance(random.uniform(0.75, 1.25))
    return ImageEnhance.Contrast(brighter).enhance(random.uniform(0.8, 1.2))


def border(image: Image.Image, random: Random) -> Image.Image:
    """A frame of one colour, 5–10 % of the picture's size on each side."""
    part = random.uniform(0.05, 0.1)
    wide, high = round(image.width * part), round(image.height * part)
    framed = Image.new("RGB", (image.width + 2 * wide, image.height + 2 * high), _colour(random))
    framed.paste(image, (wide, high))
    return framed


def text(image: Image.Image, random: Random) -> Image.Image:
    """One line of words whose box covers about 10 % of the area, anywhere."""
    words, side = random.choice(WORDS), min(image.size)
    size, box = 4.0, (0, 0, 1, 1)
    font = ImageFont.load_default(size)
    while (box[2] - box[0]) * (box[3] - box[1]) < 0.1 * side * side and box[2] - box[0] < 0.9 * side:
        size += 2
        font = ImageFont.load_default(size)
        box = font.getbbox(words)
    altered = image.copy()
    left = (image.width - side) // 2 + random.random() * (side - (box[2] - box[0])) - box[0]
    top = (image.height - side) // 2 + random.random() * (side - (box[3] - box[1])) - box[1]
    ImageDraw.Draw(altered).text((left, top), words, fill=_colour(random), font=font)
    return altered


def noise(image: Image.Image, random: Random) -> Image.Image:
    """Normal noise on every pixel, σ = 8–16 of 255."""
    rng = np.random.default_rng(random.getrandbits(32))
    noisy = np.asarray(image, float) + rng.normal(0, random.uniform(8, 16), (image.height, image.width, 3))
    return Image.fromarray(noisy.clip(0, 255).astype(np.uint8))


def crop_flip_jpeg(image: Image.Image, random: Random) -> Image.Image:
    """Cut at a corner, mirrored and compressed."""
    return jpeg(flip(crop_corner(image, random), random), random)


def several(image: Image.Image, random: Random) -> Image.Image:
    """Three of the others at once, a crop and a frame never together."""
    names = [name for name in ALTERATIONS if name not in ("crop_flip_jpeg", "several", "text")]
    drawn = random.sample(names, 3)
    while sum(name in ("crop", "crop_corner", "border") for name in drawn) > 1:
        drawn = random.sample(names, 3)
    for name in drawn:
        image = ALTERATIONS[name](image, random)
    return image


def _colour(random: Random) -> tuple[int, int, int]:
    """Black, white, or any bright colour."""
    if random.random() < 0.5:
        return random.choice(((0, 0, 0), (255, 255, 255)))
    red, green, blue = colorsys.hsv_to_rgb(random.random(), random.uniform(0.4, 1), random.uniform(0.4, 1))
    return round(red * 255), round(green * 255), round(blue * 255)


ALTERATIONS: dict[str, Alteration] = {
    "resize": resize,
    "jpeg": jpeg,
    "crop": crop,
    "crop_corner": crop_corner,
    "flip": flip,
    "rotate": rotate,
    "hue": hue,
    "brightness": brightness,
    "border": border,
    "text": text,
    "noise": noise,
    "crop_flip_jpeg": crop_flip_jpeg,
    "several": several,
}
