"""How one sale is divided: the same integers as `contracts/libraries/SaleSplit.sol`.

The chain tells the artists' part of a delivery by the credits before it and the rest by the rules of the
order: receipts, indexer and verify compute it here. An order that is delivered in parts is divided part by
part.
"""

from __future__ import annotations

from dataclasses import dataclass

from backend.governance.rules import BPS, Rules


@dataclass(frozen=True)
class Split:
    """The five parts of one price, in the settlement token's smallest unit; they always sum to it."""

    attributed: int
    holders: int
    learning: int
    platform: int
    network: int

    @property
    def total(self) -> int:
        """attributed + holders + learning + platform + network."""
        return self.attributed + self.holders + self.learning + self.platform + self.network


PARTS = ("attributed", "holders", "learning", "platform", "network")


def attributed_ceiling(price: int, rules: Rules) -> int:
    """The most that one sale may credit to artists: floor(price · artistsBps / 10,000)."""
    return price * rules.artists_bps // BPS


def split(price: int, rules: Rules, credited: int) -> Split:
    """Divides `price`. Platform, network and learning are floors; the holders get the rest, remainders
    included.

    Raises ValueError when `credited` is above the ceiling: the contract reverts there too.
    """
    ceiling = attributed_ceiling(price, rules)
    if not 0 <= credited <= ceiling:
        raise ValueError(f"credited {credited} is outside 0..{ceiling}")
    platform = price * rules.platform_bps // BPS
    network = price * rules.network_bps // BPS
    learning = price * rules.learning_bps // BPS
    holders = price - platform - network - learning - credited
    return Split(credited, holders, learning, platform, network)
