"""How sure a sale's allocations are: a jackknife over parts of the sketch, in integers.

The D numbers of a row are a sketch of a gradient of millions: another sketch would give somewhat other scores.
Each of G blocks of numbers is left out once, the order is shared out by the rest, and the spread of the G
results gives the standard error (Tukey 1958; Efron & Stein 1981). It follows from index and query alone, so
anybody gets the same ends. It does not cover what is the same in all blocks: the noise draws, the weights of
this training and what gradients cannot see; that is what w, measured by retraining, scales the sale by.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt

import numpy as np

from model.attribution import shares

BLOCKS = 16
ERRORS = 2  # standard errors to each side: about 95 %


def block_scores(rows: np.ndarray, queries: np.ndarray, blocks: int = BLOCKS) -> np.ndarray:
    """int64 [A, G]: what each block of numbers adds to the scores of rows int8 [A, D], summed over the queries
    int8 [Q, D]; fewer blocks when D is smaller.
    """
    edges = np.array_split(np.arange(rows.shape[1]), min(blocks, rows.shape[1]))
    parts = [sum(np.array(shares.scores(rows[:, at], query[at])) for query in queries) for at in edges]
    return np.stack(parts, axis=1).astype(np.int64)


def intervals(
    artists: Sequence[str],
    parts: np.ndarray,
    threshold: int,
    total: int = shares.TOTAL,
    most: int | None = None,
) -> dict[str, tuple[int, int]]:
    """Artist → (low, high) of the allocation of `total`, two standard errors to each side, within 0..total;
    only of artists who have one.

    parts: int [A, G] of `block_scores`; threshold: of the whole score. Without a block, scores and threshold
    both shrink to (G − 1) / G; here all are multiplied by G to stay integers.
    """
    blocks = parts.shape[1]
    whole = parts.sum(1)
    given = shares.allocations(_named(artists, whole), threshold, total, most)
    if blocks < 2:
        return {artist: (0, total) for artist in given}
    left_out = [
        shares.allocations(
            _named(artists, (whole - parts[:, at]) * blocks), threshold * (blocks - 1), total, most
        )
        for at in range(blocks)
    ]
    found = {}
    for artist, allocation in given.items():
        values = [one.get(artist, 0) for one in left_out]
        spread = sum((blocks * value - sum(values)) ** 2 for value in values)  # blocks² · Σ (value − mean)²
        wide = isqrt(ERRORS**2 * (blocks - 1) * spread // blocks**3)
        found[artist] = (max(0, allocation - wide), min(total, allocation + wide))
    return found


def _named(artists: Sequence[str], scores: np.ndarray) -> dict[str, int]:
    return {artist: int(score) for artist, score in zip(artists, scores, strict=True)}
