"""payHolder: the holders' money, on the pool's word.

payHolder
├── caller is not the pool → NotPool (test_permissions too)
├── more than the holders' money here, or beyond 64 bits → reverts
├── token refuses → reverts when insisted on, else false and nothing is changed
└── paid, counted in totals().holdersPaid
"""

import brownie
import pytest

from tests.contracts.orders import requested, sold, totals
from tests.contracts.pool import deposit
from tests.contracts.reverts import reverts


@pytest.fixture
def pool(system):
    return brownie.accounts.at(system.pool.address, force=True)


def test_pays(system, who, pool):
    deposit(system, 100)
    assert system.market.payHolder(who.artist, 60, True, {"from": pool}).return_value is True
    assert system.token.balanceOf(who.artist) == 60
    sums = totals(system)
    assert (sums["holders"], sums["holdersPaid"]) == (100, 60)


def test_nobody_else(system, who, timelock):
    deposit(system, 100)
    market = brownie.accounts.at(system.market.address, force=True)
    for caller in (who.operator, who.artist, timelock, market):
        with reverts("NotPool", caller):
            system.market.payHolder(who.artist, 1, False, {"from": caller})


def test_never_more_than_the_holders_money(system, who, pool):
    """Escrow, credits and funds lie in the same contract; the pool, were it wrong, could not touch them."""
    sold(system, who, (who.artist, 300_000))
    waiting = requested(system, who.buyer, salt=2)
    holders = totals(system, waiting)["holders"]
    with brownie.reverts():
        system.market.payHolder(who.other, holders + 1, True, {"from": pool})
    with reverts("SafeCastOverflowedUintDowncast", 64, 2**64):
        system.market.payHolder(who.other, 2**64, False, {"from": pool})
    system.market.payHolder(who.other, holders, True, {"from": pool})
    assert system.token.balanceOf(who.other) == holders


def test_refused_by_the_token(hostile, who):
    pool = brownie.accounts.at(hostile.pool.address, force=True)
    deposit(hostile, 100)
    hostile.token.setBlacklisted(who.artist, True, {"from": who.other})
    with reverts("Blacklisted", who.artist):
        hostile.market.payHolder(who.artist, 60, True, {"from": pool})
    assert hostile.market.payHolder(who.artist, 60, False, {"from": pool}).return_value is False
    assert totals(hostile)["holdersPaid"] == 0
