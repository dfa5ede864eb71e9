"""The places of the watermark: waves that repeat four times along a picture's longer side.

A pattern that repeats is found again after a crop, at any offset. Its waves lie between the two radii: below
them a picture has its own shapes, above them JPEG and a smaller size leave nothing. Each wave carries two
symbols, its real and its imaginary part; which one is decided by SHAKE-256, so anybody can lay them out again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache

import numpy as np

REPEATS = 4  # periods along the longer side
INNER, OUTER = 6, 17  # waves a period, radii of the ring
PILOTS = 0.25  # of the waves: known to everybody, they tell where the pattern lies
LAYOUT = b"meltingpot/watermark@1"


@cache
def ring() -> tuple[np.ndarray, np.ndarray]:
    """Row and column frequencies int [F] in waves a period, one of each conjugate pair, in shuffled order."""
    rows, columns = np.meshgrid(np.arange(-OUTER, OUTER + 1), np.arange(OUTER + 1), indexing="ij")
    square = rows**2 + columns**2
    kept = (square >= INNER**2) & (square <= OUTER**2) & ((columns > 0) | (rows > 0))
    found = np.stack([rows[kept], columns[kept]], 1)
    order = np.argsort(stream(b"order", len(found)), kind="stable")
    return found[order, 0], found[order, 1]


def stream(name: bytes, count: int) -> np.ndarray:
    """uint64 [count] of SHAKE-256, the same everywhere."""
    return np.frombuffer(hashlib.shake_256(LAYOUT + name).digest(8 * count), dtype=">u8")


def pilot_count() -> int:
    """How many of `ring()`'s first waves are pilots."""
    return int(len(ring()[0]) * PILOTS)


@cache
def signs(name: bytes, count: int) -> np.ndarray:
    """float64 [count] of ±1."""
    return 1.0 - 2.0 * (stream(name, count) & np.uint64(1)).astype(np.float64)


def waves(length: int, period: float) -> np.ndarray:
    """complex64 [2·OUTER+1, length]: exp(−2πi k x / period) at pixel centres, k from −OUTER to OUTER."""
    x = np.arange(length) + 0.5
    turn = np.exp(-2j * np.pi * np.outer(np.arange(1, OUTER + 1), x) / period)
    return np.concatenate([turn[::-1].conj(), np.ones((1, length)), turn]).astype(np.complex64)


def spectra(plane: np.ndarray, periods: Sequence[float]) -> np.ndarray:
    """complex64 [P, F]: means of the plane float32 [H, W] times each wave of `ring()`, for each period in px."""
    height, width = plane.shape
    across = np.concatenate([waves(width, period)[OUTER:] for period in periods])
    columns = plane @ np.concatenate([across.real, across.imag]).T  # one real product: a fifth of the time
    columns = (columns[:, : len(across)] + 1j * columns[:, len(across) :]).reshape(height, len(periods), -1)
    rows, cols = ring()
    found = np.empty((len(periods), len(rows)), dtype=np.complex64)
    for place, period in enumerate(periods):
        found[place] = (waves(height, period) @ columns[:, place])[rows + OUTER, cols]
    return found / (height * width)


def pattern(symbols: np.ndarray, shape: tuple[int, int], period: float) -> np.ndarray:
    """float32 [H, W] of mean square 1: the sum of the waves with complex amplitudes `symbols` [F]."""
    rows, cols = ring()
    grid = np.zeros((2 * OUTER + 1, OUTER + 1), dtype=np.complex64)
    grid[rows + OUTER, cols] = symbols
    height, width = shape
    back = waves(height, period).conj().T @ grid @ waves(width, period)[OUTER:].conj()
    return (back.real / np.sqrt(np.sum(np.abs(symbols) ** 2) / 2)).astype(np.float32)
