"""The holders' money: how it comes in, and what the revenue pool must satisfy at any time."""

from types import SimpleNamespace
from typing import Any

import brownie

from tests.contracts.clock import next_at


def giver(system: SimpleNamespace, amount: int = 2**60) -> Any:
    """An account with money to give to the holders."""
    account = brownie.accounts[19]
    if system.token.allowance(account, system.market) < amount:
        system.token.mint(account, 2 * amount, {"from": account})
        system.token.approve(system.market, 2 * amount, {"from": account})
    return account


def deposit(system: SimpleNamespace, amount: int, at: int | None = None) -> Any:
    """Money for the holders alone, by contribute, at a given second."""
    account = giver(system, amount)
    if at is not None:
        next_at(at)
    return system.market.contribute(amount, 0, 0, 0, {"from": account})


def assert_streamed(system: SimpleNamespace, holders: list[Any]) -> tuple[int, int]:
    """What came in is paid, waiting, somebody's, or less than a unit, to the last 1/SCALE; deposited and
    claimed. `holders` are all that ever held stake."""
    scale = system.pool.SCALE()
    deposited, claimed = system.pool.deposited(), system.pool.claimed()
    accrued = sum(system.pool.accruedScaled(h) for h in holders)
    remainder = system.pool.remainderScaled()
    assert deposited * scale == (claimed + system.pool.pending()) * scale + accrued + remainder
    assert remainder < max(system.stake.totalSupply(), 1)
    return deposited, claimed


def assert_conserved(system: SimpleNamespace, holders: list[Any]) -> None:
    """As assert_streamed, and the market has the money."""
    deposited, claimed = assert_streamed(system, holders)
    sums = system.market.totals().dict()
    assert (sums["holders"], sums["holdersPaid"]) == (deposited, claimed)
    assert system.token.balanceOf(system.market) >= deposited - claimed
