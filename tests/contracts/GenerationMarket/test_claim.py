"""claim and claimMany: credits and shares, paid to whom they are owed, whoever asks.

claim
├── nothing owed → 0, nothing happens
├── token refuses this account → reverts, the others are not held up; claimMany leaves it out
├── token calls back into claim → ReentrancyGuardReentrantCall
└── paid in full, counted in totals().claimed
"""

import pytest

from tests.contracts.orders import sold, totals
from tests.contracts.reverts import reverts


def test_pays_the_account_whoever_asks(system, who):
    sold(system, who, (who.artist, 300_000))
    tx = system.market.claim(who.artist, {"from": who.other})
    assert tx.return_value == 300_000
    assert system.token.balanceOf(who.artist) == 300_000
    assert system.market.owed(who.artist) == 0
    assert totals(system.market)["claimed"] == 300_000
    assert tx.events["OwedClaimed"]["amount"] == 300_000
    assert "OwedClaimed" not in system.market.claim(who.artist, {"from": who.other}).events


def test_many(system, who):
    sold(system, who, (who.artist, 300_000), (who.artist2, 7))
    everybody = [who.artist, who.artist2, who.platform, who.network, who.learning, who.other, who.artist]
    system.market.claimMany(everybody, {"from": who.relayer})
    assert system.token.balanceOf(system.market) == 0
    sums = totals(system.market)
    assert sums["claimed"] == sums["received"] - sums["holders"]


def test_one_refused_account_holds_up_nobody_else(hostile, who):
    sold(hostile, who, (who.artist, 5), (who.artist2, 6))
    hostile.token.setBlacklisted(who.artist, True, {"from": who.other})
    with reverts("Blacklisted", who.artist):
        hostile.market.claim(who.artist, {"from": who.other})
    hostile.market.claim(who.artist2, {"from": who.other})
    assert hostile.market.owed(who.artist) == 5
    assert hostile.token.balanceOf(who.artist2) == 6


def test_many_leaves_out_whom_the_token_refuses(hostile, who):
    sold(hostile, who, (who.artist, 5), (who.artist2, 6))
    hostile.token.setBlacklisted(who.artist, True, {"from": who.other})
    tx = hostile.market.claimMany([who.artist, who.artist2, who.artist], {"from": who.relayer})
    assert [(e["account"], e["amount"]) for e in tx.events["OwedClaimed"]] == [(who.artist2, 6)]
    assert (hostile.market.owed(who.artist), totals(hostile.market)["claimed"]) == (5, 6)
    hostile.token.setBlacklisted(who.artist, False, {"from": who.other})
    hostile.market.claimMany([who.artist, who.artist], {"from": who.relayer})
    assert hostile.token.balanceOf(who.artist) == 5
    assert totals(hostile.market)["claimed"] == 11


@pytest.mark.parametrize("function", ["claim", "claimMany"])
def test_reentrant_token_in_a_batch(hostile, who, function):
    """The refused transfer is left out, so the call back has gained nothing either."""
    sold(hostile, who, (who.artist, 5))
    again = getattr(hostile.market, function).encode_input(who.artist if function == "claim" else [who.artist])
    hostile.token.callDuringTransfer(hostile.market, again, {"from": who.other})
    hostile.market.claimMany([who.artist], {"from": who.other})
    assert (hostile.token.balanceOf(who.artist), hostile.market.owed(who.artist)) == (0, 5)


def test_reentrant_token(hostile, who):
    sold(hostile, who, (who.artist, 5))
    again = hostile.market.claim.encode_input(who.artist)
    hostile.token.callDuringTransfer(hostile.market, again, {"from": who.other})
    with reverts("ReentrancyGuardReentrantCall"):
        hostile.market.claim(who.artist, {"from": who.other})
