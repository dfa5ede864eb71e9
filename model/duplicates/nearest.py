"""Works that look most like a picture: the evidence beside an attribution, and the test for memorisation.

Feature: the picture at 16×16 px in CIE L*a*b* (D65), where equal distances look about equally different,
with the lightness standing once and each colour axis once. Distance: root mean square over all 768 numbers,
divided by 100: 0 is the same picture, 0.58 is black against white. It is a measure of looks, not of copying:
`verdict.py` tells copies.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from PIL import Image
from torch.nn.functional import interpolate

from model.dataset import Dataset, pixels_of

SIDE = 16  # px
SAME = 0.004  # works nearer than this are left out of the usual distance: JPEG at quality 80 changes less
BLOCK = 256  # pictures compared at once with all others
NEAR_COPY = 0.5  # of the median distance between a work and its nearest work that is no copy of it
USUAL_ALONE = 0.06  # that median where a set has no two different works: about OpenMoji's
RGB_TO_XYZ = torch.tensor(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
WHITE = torch.tensor([0.95047, 1.0, 1.08883])


def features(images: torch.Tensor) -> torch.Tensor:
    """float32 [N, 768] in L*a*b*/100 of pictures uint8 [N, 3, S, S] (IEC 61966-2-1, CIE 15)."""
    small = interpolate(images.float() / 255, size=(SIDE, SIDE), mode="area")
    linear = torch.where(small <= 0.04045, small / 12.92, ((small + 0.055) / 1.055) ** 2.4)
    xyz = torch.einsum("ij,njhw->nihw", RGB_TO_XYZ, linear) / WHITE.view(1, 3, 1, 1)
    f = torch.where(xyz > (6 / 29) ** 3, xyz.clamp_min(1e-12) ** (1 / 3), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    lab = torch.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], 1)
    return (lab / 100).flatten(1)


def distances(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """float32 [N, M]: root mean square distance of features [N, F] and [M, F]."""
    exact = "donot_use_mm_for_euclid_dist"  # the fast way loses small distances to rounding
    return torch.cdist(left, right, compute_mode=exact) / left.shape[1] ** 0.5


def nearest_works(image: Image.Image, dataset: Dataset, artist: str, k: int = 3) -> list[tuple[str, float]]:
    """(content hash, distance) of the `k` works of `artist` that look most like the picture, the nearest
    first.

    Raises KeyError when the artist has no work in the dataset.
    """
    if artist not in dataset.artists:
        raise KeyError(f"{artist} has no work in this dataset of {len(dataset.artists)} artists")
    own = (dataset.artist_of == dataset.artists.index(artist)).nonzero().flatten()
    return _nearest(image, dataset, own.tolist(), k)


def memorisation(image: Image.Image, dataset: Dataset) -> dict[str, Any]:
    """How near a picture comes to the works: content_hash and artist of the nearest, distance, usual,
    ratio, near_copy.

    `ratio` is the distance over the usual one (see `usual_distance`);
    `near_copy` is true when the picture is much nearer to a work than works are to one another.
    """
    content_hash, distance = _nearest(image, dataset, range(len(dataset)), 1)[0]
    artist = next(work.artist for work in dataset.works if work.content_hash == content_hash)
    usual = usual_distance(dataset)
    ratio = distance / usual
    return {
        "content_hash": content_hash,
        "artist": artist,
        "distance": round(distance, 6),
        "usual": round(usual, 6),
        "ratio": round(ratio, 4),
        "near_copy": ratio < NEAR_COPY,
    }


def usual_distance(dataset: Dataset) -> float:
    """Median over the works of the distance to the nearest work that is no copy; measured once a dataset."""
    if "usual" not in dataset.measured:
        feature, nearest = _features_of(dataset), []
        for first in range(0, len(feature), BLOCK):
            apart = distances(feature[first : first + BLOCK], feature)
            nearest.append(apart.masked_fill(apart < SAME, torch.inf).min(1).values)
        found = torch.cat(nearest)
        found = found[found.isfinite()]
        dataset.measured["usual"] = float(found.median()) if len(found) else USUAL_ALONE
    return float(dataset.measured["usual"])


def _features_of(dataset: Dataset) -> torch.Tensor:
    if "features" not in dataset.measured:
        parts = dataset.images.split(BLOCK)
        dataset.measured["features"] = torch.cat([features(part) for part in parts])
    return dataset.measured["features"]


def _nearest(image: Image.Image, dataset: Dataset, among: Sequence[int], k: int) -> list[tuple[str, float]]:
    chosen = list(among)
    own = features(pixels_of(image, dataset.images.shape[-1])[None])
    apart = distances(own, _features_of(dataset)[chosen])[0].tolist()
    ordered = sorted(zip(apart, (dataset.works[i].content_hash for i in chosen), strict=True))
    return [(content_hash, distance) for distance, content_hash in ordered[:k]]
