"""What the revenue pool must satisfy at any time, read from its views alone."""

from types import SimpleNamespace
from typing import Any

import brownie

from tests.contracts.clock import next_at


def deposit(system: SimpleNamespace, amount: int, at: int | None = None) -> Any:
    """A deposit as the market makes it, at a given second."""
    market = brownie.accounts.at(system.market.address, force=True)
    system.token.mint(market, amount, {"from": market})
    if at is not None:
        next_at(at)
    return system.pool.deposit(amount, {"from": market})


def assert_conserved(system: SimpleNamespace, holders: list[Any]) -> None:
    """Nothing is lost or invented, to the last 1/SCALE of a unit; `holders` are all that ever held stake."""
    scale = system.pool.SCALE()
    deposited, claimed = system.pool.totals()
    accrued = sum(system.pool.accruedScaled(h) for h in holders)
    remainder = system.pool.remainderScaled()
    assert deposited * scale == (claimed + system.pool.pending()) * scale + accrued + remainder
    assert remainder < max(system.stake.totalSupply(), 1)
    assert system.token.balanceOf(system.pool) >= deposited - claimed
