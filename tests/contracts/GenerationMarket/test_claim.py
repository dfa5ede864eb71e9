"""claim and claimMany: credits, tips and shares, paid to whom they are owed, whoever asks.

claim
├── nothing owed → 0, nothing happens
├── account is one of the three payees → what the sales so far gave its funds is settled first, for all three
├── payee (registry) is the market itself → PayeeRefused; claimMany leaves it out
├── token refuses the payee → reverts, the others are not held up; claimMany leaves it out
├── token calls back into claim → ReentrancyGuardReentrantCall
└── paid in full to the account's payee, counted in totals().claimed; owed(account) said so before
"""

import pytest

from tests.contracts.orders import PRICE, sold, totals
from tests.contracts.reverts import reverts


def test_pays_the_account_whoever_asks(system, who):
    sold(system, who, (who.artist, 300_000))
    assert system.market.owed(who.artist) == 300_000
    tx = system.market.claim(who.artist, {"from": who.other})
    assert tx.return_value == 300_000
    assert system.token.balanceOf(who.artist) == 300_000
    assert system.market.owed(who.artist) == 0
    assert totals(system)["claimed"] == 300_000
    event = tx.events["OwedClaimed"]
    assert (event["account"], event["payee"], event["amount"]) == (who.artist, who.artist, 300_000)
    assert "OwedClaimed" not in system.market.claim(who.artist, {"from": who.other}).events


def test_a_funds_claim_settles_all_three(system, who):
    sold(system, who)
    sold(system, who, salt=2)
    assert system.market.claim(who.network, {"from": who.other}).return_value == 100_000
    assert system.token.balanceOf(who.network) == 100_000
    for account, amount in [(who.platform, 300_000), (who.network, 0), (who.learning, 100_000)]:
        assert system.market.owed(account) == amount
    sold(system, who, salt=3)
    for account, amount in [(who.platform, 450_000), (who.network, 50_000), (who.learning, 150_000)]:
        assert system.market.owed(account) == amount
        assert system.market.claim(account, {"from": who.other}).return_value == amount
    sums = totals(system)
    assert (sums["platform"], sums["network"], sums["learning"]) == (450_000, 150_000, 150_000)
    assert sums["claimed"] == 750_000


def test_an_artist_that_is_a_payee(system, who):
    sold(system, who, (who.platform, 7))
    assert system.market.owed(who.platform) == 150_007
    assert system.market.claim(who.platform, {"from": who.other}).return_value == 150_007
    assert totals(system)["claimed"] == 150_007


def test_many(system, who):
    sold(system, who, (who.artist, 300_000), (who.artist2, 7))
    everybody = [who.artist, who.artist2, who.platform, who.network, who.learning, who.other, who.artist]
    system.market.claimMany(everybody, {"from": who.relayer})
    sums = totals(system)
    assert sums["claimed"] == PRICE - sums["holders"]
    assert system.token.balanceOf(system.market) == sums["holders"]


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
    hostile.token.setBlacklisted(who.platform, True, {"from": who.other})
    tx = hostile.market.claimMany([who.artist, who.platform, who.artist2, who.artist], {"from": who.relayer})
    assert [(e["account"], e["amount"]) for e in tx.events["OwedClaimed"]] == [(who.artist2, 6)]
    assert hostile.market.owed(who.artist) == 5 and hostile.market.owed(who.platform) == 150_000
    assert totals(hostile)["claimed"] == 6
    for account in (who.artist, who.platform):
        hostile.token.setBlacklisted(account, False, {"from": who.other})
    hostile.market.claimMany([who.artist, who.artist, who.platform], {"from": who.relayer})
    assert hostile.token.balanceOf(who.artist) == 5 and hostile.token.balanceOf(who.platform) == 150_000
    assert totals(hostile)["claimed"] == 150_011


def test_to_the_payee_that_the_registry_names(hostile, who):
    sold(hostile, who, (who.artist, 5))
    hostile.registry.setPayee(who.other, {"from": who.artist})
    hostile.registry.setPayee(who.artist3, {"from": who.platform})
    tx = hostile.market.claim(who.artist, {"from": who.relayer})
    assert (tx.events["OwedClaimed"]["account"], tx.events["OwedClaimed"]["payee"]) == (who.artist, who.other)
    hostile.market.claimMany([who.platform], {"from": who.relayer})
    balances = [hostile.token.balanceOf(a) for a in (who.artist, who.other, who.platform, who.artist3)]
    assert balances == [0, 5, 0, 150_000]
    assert hostile.market.owed(who.other) == hostile.market.owed(who.artist) == 0
    assert totals(hostile)["claimed"] == 150_005


def test_payee_that_could_only_give_it_back(hostile, who):
    sold(hostile, who, (who.artist, 5), (who.artist2, 6))
    hostile.registry.setPayee(hostile.market, {"from": who.artist})
    with reverts("PayeeRefused", hostile.market):
        hostile.market.claim(who.artist, {"from": who.other})
    hostile.market.claimMany([who.artist, who.artist2], {"from": who.other})
    assert hostile.market.owed(who.artist) == 5
    assert totals(hostile)["claimed"] == 6
    hostile.registry.setPayee(who.artist, {"from": who.artist})
    assert hostile.market.claim(who.artist, {"from": who.other}).return_value == 5


def test_refused_payee_of_an_artist(hostile, who):
    sold(hostile, who, (who.artist, 5))
    hostile.registry.setPayee(who.other, {"from": who.artist})
    hostile.token.setBlacklisted(who.other, True, {"from": who.other})
    hostile.market.claimMany([who.artist], {"from": who.relayer})
    assert hostile.market.owed(who.artist) == 5
    hostile.registry.setPayee(who.artist3, {"from": who.artist})
    hostile.market.claimMany([who.artist], {"from": who.relayer})
    assert hostile.token.balanceOf(who.artist3) == 5


@pytest.mark.parametrize("function", ["claim", "claimMany"])
def test_reentrant_token_in_a_batch(hostile, who, function):
    """The refused transfer is left out, so the call back has gained nothing either."""
    sold(hostile, who, (who.artist, 5))
    argument = who.artist if function == "claim" else [who.artist]
    again = getattr(hostile.market, function).encode_input(argument)
    hostile.token.callDuringTransfer(hostile.market, again, {"from": who.other})
    hostile.market.claimMany([who.artist], {"from": who.other})
    assert (hostile.token.balanceOf(who.artist), hostile.market.owed(who.artist)) == (0, 5)


def test_reentrant_token(hostile, who):
    sold(hostile, who, (who.artist, 5))
    again = hostile.market.claim.encode_input(who.artist)
    hostile.token.callDuringTransfer(hostile.market, again, {"from": who.other})
    with reverts("ReentrancyGuardReentrantCall"):
        hostile.market.claim(who.artist, {"from": who.other})
