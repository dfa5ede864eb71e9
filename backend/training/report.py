"""From integer allocations to the stake that a round mints, and the report that lets anybody recompute it.

All of it is integer arithmetic: learning part = mintPerRound · learningMintBps // 10,000, shared by units of
work (`learning.py`); data part = the rest, shared by allocation (sum 10**9). Each part has leaves and a
Merkle root of its own, as in TrainingRounds. Without learning contributors the learning part is not minted.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

from eth_utils import to_checksum_address

from backend.governance.rules import BPS, Rules
from backend.training.learning import LearningUnits, learning_shares
from backend.training.merkle import Leaf, StandardTree
from model.attribution.shares import TOTAL as ALLOCATION_TOTAL

PARTS = ("artists", "learning")  # ITrainingRounds.Part
LEAVES_KEYS = {"artists": "leaves", "learning": "learning_leaves"}
NO_ROOT = "0x" + "00" * 32
REPORT_SCHEMA = "meltingpot/report@1"


@dataclass(frozen=True)
class Mint:
    """Stake of one round in the smallest unit: ceilings `data` and `learning`, and what the leaves add up
    to, `total`; `learning` is what the learning leaves add up to.
    """

    rules_version: int
    total: int
    data: int
    learning: int

    def to_json(self) -> dict:
        return {"rules_version": self.rules_version} | {
            name: str(getattr(self, name)) for name in ("total", "data", "learning")
        }


def mint_of(
    allocations: Mapping[str, int],
    learning: Sequence[LearningUnits],
    mint_per_round: int,
    learning_mint_bps: int,
    rules_version: int,
) -> tuple[Mint, list[Leaf], list[Leaf]]:
    """(mint, the artists' leaves, the learning contributors'), leaves merged per account and sorted by it.
    Raises ValueError for a wrong sum.
    """
    if sum(allocations.values()) != ALLOCATION_TOTAL or min(allocations.values()) < 0:
        raise ValueError(
            f"Allocations must be ≥ 0 and add up to {ALLOCATION_TOTAL}, got {sum(allocations.values())}."
        )
    learning_budget = mint_per_round * learning_mint_bps // BPS
    data = mint_per_round - learning_budget
    learned = learning_shares(learning, learning_budget)
    amounts: dict[str, int] = {}
    for artist, allocation in allocations.items():
        account = to_checksum_address(artist)
        amounts[account] = amounts.get(account, 0) + data * allocation // ALLOCATION_TOTAL
    leaves, learning_leaves = _leaves(amounts), _leaves(learned)
    learned_total = sum(leaf.amount for leaf in learning_leaves)
    total = sum(leaf.amount for leaf in leaves) + learned_total
    return Mint(rules_version, total, data, learned_total), leaves, learning_leaves


def _leaves(amounts: Mapping[str, int]) -> list[Leaf]:
    return [
        Leaf(account, amounts[account]) for account in sorted(amounts, key=str.lower) if amounts[account] > 0
    ]


def leaves_of(report: Mapping, part: str = "artists") -> list[Leaf]:
    """The leaves that a report publishes for one part of the mint."""
    entries = report[LEAVES_KEYS[part]]
    return [Leaf(to_checksum_address(leaf["account"]), int(leaf["amount"])) for leaf in entries]


def tree_of(report: Mapping, part: str = "artists") -> StandardTree:
    """The Merkle tree of a part. Raises ValueError when the part has no leaves."""
    return StandardTree(int(report["round_id"]), leaves_of(report, part))


def root_of(round_id: int, leaves: Sequence[Leaf]) -> str:
    """The Merkle root over a part's leaves, 0x hex; zeros without leaves."""
    return "0x" + StandardTree(round_id, leaves).root.hex() if leaves else NO_ROOT


def allocations_of(report: Mapping) -> dict[str, int]:
    """Artist wallet → allocation."""
    return {entry["artist"]: int(entry["allocation"]) for entry in report["allocations"]}


def intervals_of(report: Mapping) -> dict[str, tuple[int, int]]:
    """Artist wallet → ends of the 95 % interval of the allocation."""
    return {entry["artist"]: (int(entry["low"]), int(entry["high"])) for entry in report["allocations"]}


def build_report(
    measured: Mapping,
    scores: Mapping[str, int],
    allocations: Mapping[str, int],
    intervals: Mapping[str, tuple[int, int]],
    learning: Iterable[LearningUnits],
    rules: Rules,
    rules_version: int,
) -> dict:
    """The document `report@1`: everything needed to get from the published evidence to every leaf.

    `measured` brings the report's other keys: round_id, chain_id, dataset, model, index_cid, probes_cid,
    retrained_cid, effects_cid, method, effect_threshold, sale_threshold, quality, versions. Every artist of
    `intervals` is listed, also one without an allocation.
    """
    learning = sorted(learning, key=lambda entry: (entry.account.lower(), entry.kind))
    mint, leaves, learning_leaves = mint_of(
        allocations, learning, rules.mint_per_round, rules.learning_mint_bps, rules_version
    )
    return {
        **measured,
        "schema": REPORT_SCHEMA,
        "scores": [{"artist": artist, "score": scores[artist]} for artist in sorted(scores, key=str.lower)],
        "allocations": [
            {"artist": artist, "allocation": allocations.get(artist, 0), "low": low, "high": high}
            for artist, (low, high) in sorted(intervals.items(), key=lambda item: item[0].lower())
        ],
        "learning": [asdict(entry) for entry in learning],
        "mint": mint.to_json(),
        "leaves": _published(leaves),
        "learning_leaves": _published(learning_leaves),
        "allocations_root": "0x" + StandardTree(measured["round_id"], leaves).root.hex(),
        "learning_root": root_of(measured["round_id"], learning_leaves),
    }


def _published(leaves: Iterable[Leaf]) -> list[dict[str, str]]:
    return [{"account": leaf.account, "amount": str(leaf.amount)} for leaf in leaves]
