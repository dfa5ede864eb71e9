"""From the network's size to what the buyer receives, by arithmetic alone: no trained upscaler.

`edges` suits drawings: between the darkest and the lightest neighbour of each place, values are pushed to the
nearer of the two, and what the result then lacks of the small picture is added back (iterative
back-projection, Irani and Peleg, CVGIP 53, 1991). So contours become sharp, and scaling the result down gives
the small picture again. `lanczos` is the plain filter: better for photographs, which have few contours to
sharpen.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

METHODS = ("edges", "lanczos")
ROUNDS = 3  # of sharpening and adding back
POWER = 2.0  # how far a value between two neighbours is pushed: odds to this power
NEIGHBOURS = 3  # px of the small picture, side of the square of neighbours
# Of 255: neighbours that differ less are noise and left alone; from the second on they are pushed fully.
NOISE, CONTOUR = 40.0, 100.0


def upscale(image: Image.Image, size_px: int, method: str = "edges") -> Image.Image:
    """The square RGB picture at `size_px` px a side; the same picture gives the same bytes with the same
    Pillow and NumPy. Scaling down is always Lanczos. Raises ValueError for an unknown method.
    """
    if method not in METHODS:
        raise ValueError(f"upscaler {method!r} is unknown; give one of {', '.join(METHODS)}")
    if image.width == size_px == image.height:
        return image
    if method == "lanczos" or size_px < image.width:
        return image.resize((size_px, size_px), Image.Resampling.LANCZOS)
    return _edges(image, size_px)


def _edges(image: Image.Image, size_px: int) -> Image.Image:
    small = np.asarray(image, np.float32)
    low = _scaled(image.filter(ImageFilter.MinFilter(NEIGHBOURS)), size_px, Image.Resampling.BILINEAR)
    high = _scaled(image.filter(ImageFilter.MaxFilter(NEIGHBOURS)), size_px, Image.Resampling.BILINEAR)
    large = _scaled(image, size_px)
    for number in range(ROUNDS + 1):
        if number:
            large += _scaled(small - _scaled(large, image.width), size_px)
        large = np.clip(large, low, high)
        if number < ROUNDS:
            large = _pushed(large, low, high)
    return Image.fromarray((large + 0.5).clip(0, 255).astype(np.uint8))


def _pushed(values: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Values between `low` and `high`, moved to the nearer one; the middle stays."""
    reach = np.maximum(high - low, 1)
    place = (values - low) / reach
    near, far = place**POWER, (1 - place) ** POWER
    strength = ((reach - NOISE) / (CONTOUR - NOISE)).clip(0, 1)
    return values + strength * (near / (near + far) - place) * reach


def _scaled(
    picture: Image.Image | np.ndarray,
    size_px: int,
    by: Image.Resampling = Image.Resampling.LANCZOS,
) -> np.ndarray:
    """float32 [size, size, 3], each channel scaled without rounding to bytes."""
    values = np.asarray(picture, np.float32)
    channels = [Image.fromarray(np.ascontiguousarray(values[..., c])) for c in range(values.shape[2])]
    return np.stack([np.asarray(one.resize((size_px, size_px), by)) for one in channels], 2)
