"""What learning contributors did, in units that a stranger can count again, and how their part of a mint is
shared.

The budget is split between kinds of work by `KIND_BPS`; the part of a kind that nobody did goes to the
others. Within a kind it is shared by units with largest remainders.
*compute*: millions of operations of the training and of the retrainings behind the contributions, as they
follow from published settings and shapes (`model/operations.py`): no clock is believed.
*captions*: words that a work's accepted captions and tags brought and that its artist's title and tags do not
have, each word once a work and at most `WORDS_PER_WORK`, credited to who brought it first. More text, the
same words again, a second identity or a second caption earn nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eth_utils import to_checksum_address

from model.attribution.shares import largest_remainder

if TYPE_CHECKING:
    from model.settings import TrainSettings

KIND_BPS = {"captions": 6_000, "compute": 4_000}
WORDS_PER_WORK = 12
UNIT_OPERATIONS = 10**6  # of one unit of compute


@dataclass(frozen=True)
class LearningUnits:
    """Work of a learning contributor: `kind` is one of `KIND_BPS`, units are whole and not negative."""

    account: str
    kind: str
    units: int


@dataclass(frozen=True)
class Caption:
    """One accepted caption or list of tags: what `author` wrote about a work, beside the artist's own words."""

    content_hash: str
    author: str
    text: str
    own: str  # the artist's title and tags


def learning_shares(learning: Sequence[LearningUnits], amount: int) -> dict[str, int]:
    """Account → part of `amount`; they sum to it, or {} without units. Ties go to the lower address.

    Raises ValueError for negative units and unknown kinds.
    """
    units: dict[str, Counter[str]] = {kind: Counter() for kind in KIND_BPS}
    for entry in learning:
        if entry.units < 0:
            raise ValueError(f"Units of work cannot be negative: {entry.account} has {entry.units}.")
        if entry.kind not in units:
            raise ValueError(f"{entry.kind!r} is no kind of work; known are {', '.join(KIND_BPS)}.")
        units[entry.kind][to_checksum_address(entry.account)] += entry.units
    done = {kind: weight for kind, weight in KIND_BPS.items() if units[kind].total()}
    shares: Counter[str] = Counter()
    for kind, budget in largest_remainder(done, amount).items():
        shares.update(largest_remainder(units[kind], budget))
    return dict(shares)


def caption_units(captions: Iterable[Caption]) -> list[LearningUnits]:
    """Units of those who wrote about works; of the captions of one work the earlier accepted comes first."""
    from model.text import words_of

    found: Counter[str] = Counter()
    counted: dict[str, set[str]] = {}
    for caption in captions:
        seen, own = counted.setdefault(caption.content_hash, set()), set(words_of(caption.own))
        for word in words_of(caption.text):
            if word not in own and word not in seen and len(seen) < WORDS_PER_WORK:
                seen.add(word)
                found[to_checksum_address(caption.author)] += 1
    return [LearningUnits(account, "captions", units) for account, units in sorted(found.items())]


def compute_units(
    directory: Path, train: TrainSettings, small: TrainSettings, retrains: int
) -> int:
    """Units of one round: its training of the pipeline in `directory`, and `retrains` small networks."""
    from model.operations import directory_operations, network_operations, training_operations

    operations = training_operations(train, directory_operations(directory))
    operations += retrains * training_operations(small, network_operations(small))
    return -(-operations // UNIT_OPERATIONS)


def units_by_kind(learning: Iterable[LearningUnits]) -> dict[str, int]:
    """Kind → sum of units, without kinds that nobody did."""
    found: Counter[str] = Counter()
    for entry in learning:
        found[entry.kind] += entry.units
    return {kind: units for kind, units in sorted(found.items()) if units}


def learning_of(report: Mapping[str, Any]) -> list[LearningUnits]:
    """The learning contributors that a report names."""
    return [
        LearningUnits(entry["account"], entry["kind"], int(entry["units"])) for entry in report["learning"]
    ]
