"""From a generated image to the artists it drew on, and from there to money: integers all the way, so anybody
can repeat it.

Query (int8, one row of D numbers per image) · index (int8, one row per artist) → scores → allocations →
credits.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from eth_utils import to_checksum_address

from backend.generations.errors import AttributionRefused
from backend.governance.rules import BPS, Rules
from backend.royalties.split import attributed_ceiling
from model.attribution import error_bars, shares
from model.attribution.shares import TOTAL as ALLOCATION_TOTAL

SCHEMA = "meltingpot/attribution@1"


def queries_of(record: Mapping[str, Any]) -> np.ndarray:
    """The record's query as int8 [quantity, D]. Raises AttributionRefused when its length does not divide."""
    data = np.frombuffer(base64.b64decode(record["query"], validate=True), dtype=np.int8)
    quantity = int(record["quantity"])
    if quantity < 1 or len(data) == 0 or len(data) % quantity:
        raise AttributionRefused(
            f"A query of {len(data)} bytes does not hold {quantity} rows.",
            "The attribution record is damaged or was written by other software.",
        )
    return data.reshape(quantity, -1)


def scores_of(artists: Sequence[str], rows: np.ndarray, record: Mapping[str, Any]) -> dict[str, int]:
    """Artist → score of an order: the sum over its images of the products with the artist's int8 row."""
    queries = queries_of(record)
    if rows.shape != (len(artists), queries.shape[1]):
        raise AttributionRefused(
            f"The index has shape {rows.shape}, wanted ({len(artists)}, {queries.shape[1]}).",
            "Use the index that the round's report names.",
        )
    totals = [0] * len(artists)
    for query in queries:
        totals = [total + int(score) for total, score in zip(totals, shares.scores(rows, query), strict=True)]
    return {to_checksum_address(artist): total for artist, total in zip(artists, totals, strict=True)}


def allocations_of(scores: Mapping[str, int], threshold: int, quantity: int, most: int) -> dict[str, int]:
    """Artist → allocation (sum 10**9, or empty when nobody is above the threshold of `quantity` images)."""
    if most < 1:  # rules may say that nobody is credited inline
        return {}
    return shares.allocations(dict(scores), threshold * quantity, total=ALLOCATION_TOTAL, most=most)


def intervals_of(
    artists: Sequence[str], rows: np.ndarray, centre: np.ndarray | None, record: Mapping[str, Any], most: int
) -> dict[str, tuple[int, int]]:
    """Artist → (low, high) of each allocation, see `model/attribution/error_bars.py`."""
    if most < 1:
        return {}
    names = [to_checksum_address(artist) for artist in artists]
    parts, unit = error_bars.block_scores(rows, queries_of(record), centre)
    threshold = int(record["threshold"]) * int(record["quantity"])
    return error_bars.intervals(names, parts, threshold * unit, ALLOCATION_TOTAL, most)


def credits_of(record: Mapping[str, Any], rules: Rules, price: int) -> list[tuple[str, int]]:
    """What a record pays: (artist, amount), the largest first, equal ones by address; amounts of zero are
    left out.

    The attributed ceiling is scaled by w, the measured quality of the attribution; what remains goes to the
    holders.
    """
    ceiling = attributed_ceiling(price, rules) * int(record["w_bps"]) // BPS
    amounts = [
        (to_checksum_address(entry["artist"]), ceiling * int(entry["allocation"]) // ALLOCATION_TOTAL)
        for entry in record["allocations"]
    ]
    return sorted(
        ((artist, amount) for artist, amount in amounts if amount > 0),
        key=lambda credit: (-credit[1], credit[0].lower()),
    )


def encoded(queries: np.ndarray) -> str:
    """int8 [quantity, D] as the record carries it, base64."""
    return base64.b64encode(np.ascontiguousarray(queries, dtype=np.int8).tobytes()).decode("ascii")


def with_credits(
    record: Mapping[str, Any],
    artists: Sequence[str],
    rows: np.ndarray,
    rules: Rules,
    centre: np.ndarray | None = None,
) -> dict[str, Any]:
    """The record with scores, allocations and credits, which follow from what it holds already.

    `rows` int8 [A, D] in the order of `artists`; `centre`: the index's.
    """
    found = dict(record)
    scores = scores_of(artists, rows, found)
    allocations = allocations_of(scores, found["threshold"], found["quantity"], rules.max_credits)
    found["scores"] = [
        {"artist": artist, "score": scores[artist]} for artist in sorted(scores, key=str.lower)
    ]
    intervals = intervals_of(artists, rows, centre, found, rules.max_credits)
    found["allocations"] = [
        {
            "artist": artist,
            "allocation": allocation,
            "low": intervals[artist][0],
            "high": intervals[artist][1],
        }
        for artist, allocation in sorted(allocations.items(), key=lambda item: (-item[1], item[0].lower()))
    ]
    found["credits"] = [
        {"artist": artist, "amount": str(amount)}
        for artist, amount in credits_of(found, rules, int(found["price"]))
    ]
    return found
