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


def block_scores(
    rows: np.ndarray, queries: np.ndarray, centre: np.ndarray | None = None, blocks: int = BLOCKS
) -> tuple[list[list[int]], int]:
    """(parts [A][G], unit): what each block of numbers adds to unit times the score of rows int8 [A, D], summed
    over the queries int8 [Q, D]; fewer blocks when D is smaller.

    Nine tenths of a query are one direction that all gradients share (`centre` int8 [D], absent or empty:
    unknown). The rows, taken whole, hardly see it, but blocks of them do: its parts cancel and say nothing of
    the doubt. They are spread evenly. To stay whole numbers, all is in units of |centre|² · G.
    """
    edges = np.array_split(np.arange(rows.shape[1]), min(blocks, rows.shape[1]))
    summed = sum(query.astype(np.int64) for query in queries)
    shared = summed * 0 if centre is None or not centre.size else centre.astype(np.int64)
    square = int(shared @ shared) or 1
    along = int(summed @ shared)
    table = []
    for row in rows:
        wide = row.astype(np.int64)
        own = [
            square * int(wide[at] @ summed[at]) - along * int(wide[at] @ shared[at]) for at in edges
        ]
        rest = square * int(wide @ summed) - sum(own)
        table.append([len(edges) * part + rest for part in own])
    return table, square * len(edges)


def intervals(
    artists: Sequence[str],
    parts: Sequence[Sequence[int]],
    threshold: int,
    total: int = shares.TOTAL,
    most: int | None = None,
) -> dict[str, tuple[int, int]]:
    """Artist → (low, high) of the allocation of `total`, two standard errors to each side, within 0..total;
    only of artists who have one.

    parts [A][G] of `block_scores`; threshold: of the whole score, in the unit of the parts. Without a block,
    scores and threshold both shrink to (G − 1) / G; here all are multiplied by G to stay integers.
    """
    blocks = len(parts[0]) if parts else 0
    whole = [sum(row) for row in parts]
    given = shares.allocations(dict(zip(artists, whole, strict=True)), threshold, total, most)
    if blocks < 2:
        return {artist: (0, total) for artist in given}
    left_out = []
    for at in range(blocks):
        kept = [(score - row[at]) * blocks for score, row in zip(whole, parts, strict=True)]
        named = dict(zip(artists, kept, strict=True))
        left_out.append(shares.allocations(named, threshold * (blocks - 1), total, most))
    found = {}
    for artist, allocation in given.items():
        values = [one.get(artist, 0) for one in left_out]
        spread = sum((blocks * value - sum(values)) ** 2 for value in values)  # blocks² · Σ (value − mean)²
        wide = isqrt(ERRORS**2 * (blocks - 1) * spread // blocks**3)
        found[artist] = (max(0, allocation - wide), min(total, allocation + wide))
    return found
