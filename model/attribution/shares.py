"""From int8 rows and an int8 query to integer allocations. Integers only: every machine gets the same
numbers.

scores → minus threshold, clip at zero → at most `most` artists → at most `cap` each → largest remainders.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

TOTAL = 10**9
ROWS = 256  # artists at once: their rows are eight times as large while they are multiplied


def scores(rows: np.ndarray, query: np.ndarray) -> list[int]:
    """Exact integer products of int8 rows [A, D] with an int8 query [D]: one score for each artist.

    Raises TypeError for anything but int8, ValueError for shapes that do not fit.
    """
    rows, query = np.asarray(rows), np.asarray(query)
    if rows.dtype != np.int8 or query.dtype != np.int8:
        raise TypeError(f"rows and query must be int8, got {rows.dtype} and {query.dtype}")
    if rows.ndim != 2 or query.shape != rows.shape[1:]:
        raise ValueError(f"rows {rows.shape} do not fit a query of shape {query.shape}")
    wide = query.astype(np.int64)
    blocks = [rows[at : at + ROWS].astype(np.int64) @ wide for at in range(0, len(rows), ROWS)]
    return [int(score) for block in blocks for score in block]


def threshold_of(probe_scores: Sequence[Sequence[int]], percent: int = 95) -> int:
    """Mirror null: the `percent` percentile of the magnitudes of all negative scores; 0 when there is none.

    An artist without influence is as likely above zero as below, so what lies this far below zero by chance
    lies as far above by chance. Limits: the null is only as symmetric as the scores; with few negative
    scores it is coarse; it bounds the chance of one (picture, artist) pair, not of a whole list.
    """
    below = sorted(-score for line in probe_scores for score in line if score < 0)
    return below[min(len(below) - 1, percent * len(below) // 100)] if below else 0


def allocations(
    scores: Mapping[str, int],
    threshold: int,
    total: int = TOTAL,
    most: int | None = None,
    cap: int | None = None,
) -> dict[str, int]:
    """Split `total` by what each score has above the threshold; {} when nobody is above.

    Sums to `total` exactly and is never negative; more score never gives less. `most`: only the best that
    many (ties: the lower address). `cap`: most that one artist gets; what is cut goes to the others in
    proportion, and the cap gives way when all together could not take `total`. Artists with an allocation
    of zero are left out.
    """
    if total < 0 or (most is not None and most < 1) or (cap is not None and cap < 1):
        raise ValueError(f"total {total} must not be negative, most {most} and cap {cap} must be at least 1")
    above = {artist: score - threshold for artist, score in scores.items() if score > threshold}
    best = sorted(above, key=lambda artist: (-above[artist], artist.lower()))[:most]
    if not best:
        return {}
    limit = total if cap is None else max(cap, -(-total // len(best)))
    capped = _capped([above[artist] for artist in best], total, limit)
    given = {artist: limit for artist in best[:capped]}
    rest = {artist: above[artist] for artist in best[capped:]}
    given |= largest_remainder(rest, total - limit * capped)
    return {artist: amount for artist, amount in given.items() if amount > 0}


def _capped(weights: Sequence[int], total: int, limit: int) -> int:
    """How many of the falling `weights` reach the limit once what the larger ones lose goes to the rest."""
    rest_weight, rest_total = sum(weights), total
    for count, weight in enumerate(weights):
        if rest_total * weight <= limit * rest_weight:
            return count
        rest_weight, rest_total = rest_weight - weight, rest_total - limit
    return len(weights)


def largest_remainder(weights: Mapping[str, int], total: int) -> dict[str, int]:
    """Split `total` in proportion to positive weights (Hamilton's method; ties: the lower address)."""
    whole = sum(weights.values())
    if whole <= 0:
        return {}
    given = {artist: total * weight // whole for artist, weight in weights.items()}
    by_remainder = sorted(weights, key=lambda artist: (-(total * weights[artist] % whole), artist.lower()))
    for artist in by_remainder[: total - sum(given.values())]:
        given[artist] += 1
    return given
