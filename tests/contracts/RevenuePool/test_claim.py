"""claim and claimMany: what holders earned, paid to them whoever asks.

claim
├── nothing earned, or less than a unit → 0, nothing happens
├── token refuses this account → reverts, the others are not held up; claimMany leaves it out
├── token calls back into the pool or the market → ReentrancyGuardReentrantCall
└── paid whole units; the fraction stays with the account
"""

import pytest

from tests.contracts.clock import WEEK, mine_at, now
from tests.contracts.orders import sold
from tests.contracts.pool import assert_conserved, deposit
from tests.contracts.reverts import reverts
from tests.contracts.stake import TOKEN, mint


@pytest.fixture
def holders(system, who):
    return earned(system, who)


def earned(system, who):
    """10 units to divide by three, all streamed."""
    shares = [(who.artist, TOKEN), (who.artist2, TOKEN), (who.artist3, TOKEN)]
    mint(system, who, shares)
    deposit(system, 10)
    mine_at(now() + 3 * WEEK)
    return [a for a, _ in shares]


def test_pays_the_account_whoever_asks(system, who, holders):
    tx = system.pool.claim(who.artist, {"from": who.other})
    assert tx.return_value == 3 == system.token.balanceOf(who.artist)
    assert tx.events["RevenueClaimed"]["amount"] == 3
    assert system.pool.claimable(who.artist) == 0
    assert "RevenueClaimed" not in system.pool.claim(who.artist, {"from": who.other}).events
    assert_conserved(system, holders)


def test_fractions_add_up(system, who, holders):
    """A third of a unit left four times is a whole one."""
    for expected in (3, 3, 3, 4):
        before = system.token.balanceOf(who.artist)
        system.pool.claim(who.artist, {"from": who.other})
        assert system.token.balanceOf(who.artist) - before == expected
        deposit(system, 10)
        mine_at(now() + 3 * WEEK)
    assert_conserved(system, holders)


def test_many(system, who, holders):
    system.pool.claimMany([*holders, who.other, who.artist], {"from": who.relayer})
    assert [system.token.balanceOf(h) for h in holders] == [3, 3, 3]
    assert (system.pool.deposited(), system.pool.claimed()) == (10, 9)
    assert_conserved(system, holders)


def test_sold_stake_leaves_its_earnings_with_the_seller(system, who, holders):
    system.stake.transfer(who.other, TOKEN, {"from": who.artist})
    deposit(system, 10)
    mine_at(now() + 3 * WEEK)
    assert (system.pool.claimable(who.artist), system.pool.claimable(who.other)) == (3, 3)
    assert_conserved(system, [*holders, who.other])


def test_transfer_to_oneself_changes_nothing(system, who, holders):
    before = system.pool.accruedScaled(who.artist)
    system.stake.transfer(who.artist, TOKEN, {"from": who.artist})
    assert system.pool.accruedScaled(who.artist) == before


def test_one_refused_account_holds_up_nobody_else(hostile, who):
    earned(hostile, who)
    hostile.token.setBlacklisted(who.artist, True, {"from": who.other})
    with reverts("Blacklisted", who.artist):
        hostile.pool.claim(who.artist, {"from": who.other})
    hostile.pool.claim(who.artist2, {"from": who.other})
    assert hostile.token.balanceOf(who.artist2) == 3
    assert hostile.pool.claimable(who.artist) == 3


def test_many_leaves_out_whom_the_token_refuses(hostile, who):
    holders = earned(hostile, who)
    hostile.token.setBlacklisted(who.artist, True, {"from": who.other})
    tx = hostile.pool.claimMany([*holders, who.artist], {"from": who.relayer})
    assert [e["account"] for e in tx.events["RevenueClaimed"]] == [who.artist2, who.artist3]
    assert hostile.pool.claimable(who.artist) == 3
    assert (hostile.pool.deposited(), hostile.pool.claimed()) == (10, 6)
    assert_conserved(hostile, holders)
    hostile.token.setBlacklisted(who.artist, False, {"from": who.other})
    hostile.pool.claimMany([who.artist, who.artist], {"from": who.relayer})
    assert hostile.token.balanceOf(who.artist) == 3
    assert_conserved(hostile, holders)


def test_reentrant_transfer_of_stake_in_a_batch(hostile, who):
    """The token calls the stake token, whose settlement is not guarded, while the pool is paying."""
    holders = earned(hostile, who)
    spend = hostile.stake.transferFrom.encode_input(who.artist, who.other, TOKEN)
    hostile.stake.approve(hostile.token, TOKEN, {"from": who.artist})
    hostile.token.callDuringTransfer(hostile.stake, spend, {"from": who.other})
    hostile.pool.claimMany([who.artist], {"from": who.other})
    assert hostile.stake.balanceOf(who.other) == TOKEN
    assert hostile.token.balanceOf(who.artist) == 3
    assert_conserved(hostile, [*holders, who.other])


@pytest.mark.parametrize("target, function", [("pool", "claim"), ("market", "claim")])
def test_reentrant_token(hostile, who, target, function):
    earned(hostile, who)
    again = getattr(getattr(hostile, target), function).encode_input(who.artist)
    hostile.token.callDuringTransfer(getattr(hostile, target), again, {"from": who.other})
    with reverts("ReentrancyGuardReentrantCall"):
        hostile.pool.claim(who.artist, {"from": who.other})


def test_market_cannot_be_entered_by_way_of_the_pool(hostile, who):
    """While the market pays an artist, a holder's claim would move the holders' money in the same slot."""
    earned(hostile, who)
    sold(hostile, who, (who.artist2, 5))
    again = hostile.pool.claim.encode_input(who.artist)
    hostile.token.callDuringTransfer(hostile.pool, again, {"from": who.other})
    with reverts("ReentrancyGuardReentrantCall"):
        hostile.market.claim(who.artist2, {"from": who.other})
