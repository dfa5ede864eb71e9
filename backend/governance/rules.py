"""The compensation rules as a value: the same fields, in the same order, as `CompensationRules.Rules` on the
chain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace

SHARES = ("artists_bps", "holders_bps", "platform_bps", "network_bps", "learning_bps")
BPS = 10_000


@dataclass(frozen=True)
class Rules:
    """One version of the compensation rules.

    Shares in basis points, windows in seconds, money in the smallest unit.
    """

    artists_bps: int
    holders_bps: int
    platform_bps: int
    network_bps: int
    learning_bps: int
    learning_mint_bps: int
    max_credits: int
    challenge_window: int
    stream_period: int
    max_order_window: int
    mint_interval: int
    price_per_generation: int
    proposal_bond: int
    challenge_bond: int
    mint_per_round: int

    @classmethod
    def from_chain(cls, struct: Sequence[int] | Mapping[str, int]) -> Rules:
        """From what `rulesOf(version)` returns (a tuple), or from a mapping with the contract's own field
        names.
        """
        if isinstance(struct, Mapping):
            return cls(*(int(struct[name]) for name in CHAIN_NAMES))
        return cls(*(int(value) for value in struct))

    def to_chain(self) -> tuple[int, ...]:
        """The tuple that `CompensationRules.adopt` takes."""
        return tuple(getattr(self, field.name) for field in fields(self))

    def to_json(self) -> dict[str, int | str]:
        """Field names as on the chain; money as strings, because JSON numbers lose digits above 2**53."""
        values = dict(zip(CHAIN_NAMES, self.to_chain(), strict=True))
        return {name: str(value) if name in MONEY else value for name, value in values.items()}

    def changed(self, changes: Mapping[str, int]) -> Rules:
        """These rules with some fields replaced; names as on the chain (`artistsBps`) or in Python
        (`artists_bps`).

        Raises KeyError for a name that no rule has.
        """
        return replace(self, **{PYTHON_NAMES[name]: int(value) for name, value in changes.items()})

    @property
    def shares_sum(self) -> int:
        """Sum of the five shares; the contract wants exactly 10,000."""
        return sum(getattr(self, name) for name in SHARES)


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


CHAIN_NAMES = tuple(_camel(field.name) for field in fields(Rules))
PYTHON_NAMES = {_camel(field.name): field.name for field in fields(Rules)} | {
    f.name: f.name for f in fields(Rules)
}
WINDOWS = ("challengeWindow", "streamPeriod", "maxOrderWindow", "mintInterval")
MONEY = ("pricePerGeneration", "proposalBond", "challengeBond", "mintPerRound")


def differences(before: Rules, after: Rules) -> dict[str, tuple[int, int]]:
    """Field name on the chain → (before, after), only for the fields that differ."""
    old, new = asdict(before), asdict(after)
    return {_camel(name): (old[name], new[name]) for name in old if old[name] != new[name]}


def out_of_range(rules: Rules) -> list[str]:
    """Names on the chain of the fields whose number does not fit the contract's type (uint16, uint32 for
    windows, uint128 for money; a price is kept in 96 bits)."""
    bits = {name: 16 for name in CHAIN_NAMES} | dict.fromkeys(WINDOWS, 32) | dict.fromkeys(MONEY, 128)
    bits["pricePerGeneration"] = 96
    values = zip(CHAIN_NAMES, rules.to_chain(), strict=True)
    return [name for name, value in values if not 0 <= value < 2 ** bits[name]]
