"""tip: the caller's money to artists of a delivered order, whole.

tip
├── order unknown, waiting with nothing delivered, or refunded with nothing delivered → WrongState
├── a tip of 0, or to nobody, the market or the pool → CreditRefused
├── no allowance → the token reverts; token delivers less → PaidTooLittle
├── token calls back → ReentrancyGuardReentrantCall
└── owed to each artist in full, by anyone, also while new orders are stopped
    ├── order fulfilled
    ├── delivered in part
    └── refunded after a part
"""

import pytest

from tests.contracts.clock import mine_at
from tests.contracts.orders import PRICE, delivered, order, order_id, pay, requested, sold, totals
from tests.contracts.reverts import reverts


def test_is_owed_whole(system, who):
    identifier = order_id(system.market, sold(system, who, (who.artist, 5)))
    system.market.pause({"from": who.guardian})
    pay(system, who.other, 111)
    tx = system.market.tip(identifier, [(who.artist, 100), (who.platform, 11)], {"from": who.other})
    assert (system.market.owed(who.artist), system.market.owed(who.platform)) == (105, 150_011)
    names = ("artist", "tipper", "amount")
    assert [tuple(event[n] for n in names) for event in tx.events["ArtistTipped"]] == [
        (who.artist, who.other, 100), (who.platform, who.other, 11)]
    assert {str(event["orderId"]) for event in tx.events["ArtistTipped"]} == {identifier}
    sums = totals(system)
    assert (sums["tipped"], sums["attributed"], sums["holders"]) == (111, 5, 749_995)
    system.market.claimMany([who.artist, who.platform], {"from": who.relayer})
    assert (system.token.balanceOf(who.artist), system.token.balanceOf(who.platform)) == (105, 150_011)
    assert totals(system)["claimed"] == 150_116


def test_nothing_to_thank_for(system, who):
    pay(system, who.other, 100)
    waiting = requested(system, who.buyer)
    for an_order, state in [(order(who.buyer, salt=9), 0), (waiting, 1)]:
        with reverts("WrongState", order_id(system.market, an_order), state, 2):
            system.market.tip(order_id(system.market, an_order), [(who.artist, 1)], {"from": who.other})
    mine_at(waiting.deadline + 1)
    system.market.refund(waiting, {"from": who.other})
    with reverts("WrongState", order_id(system.market, waiting), 0, 2):
        system.market.tip(order_id(system.market, waiting), [(who.artist, 1)], {"from": who.other})


def test_order_delivered_in_part_then_refunded(system, who):
    an_order = requested(system, who.buyer, quantity=2)
    identifier = order_id(system.market, an_order)
    delivered(system, who, an_order, quantity=1)
    pay(system, who.other, 3)
    system.market.tip(identifier, [(who.artist, 1)], {"from": who.other})
    mine_at(an_order.deadline + 1)
    system.market.refund(an_order, {"from": who.other})
    system.market.tip(identifier, [(who.artist, 2)], {"from": who.other})
    assert system.market.owed(who.artist) == 3 == totals(system, an_order)["tipped"]


def test_tips_that_nobody_could_claim(system, who):
    identifier = order_id(system.market, sold(system, who))
    pay(system, who.other, 9)
    for artist, amount in [(who.artist, 0), ("0x" + "00" * 20, 1), (system.market, 1), (system.pool, 1)]:
        with reverts("CreditRefused", artist, amount):
            system.market.tip(identifier, [(who.artist2, 1), (artist, amount)], {"from": who.other})
    assert system.market.owed(who.artist2) == 0


def test_money_must_come(system, hostile, who):
    identifier = order_id(system.market, sold(system, who))
    with reverts("ERC20InsufficientAllowance", system.market, 0, 3):
        system.market.tip(identifier, [(who.artist, 1), (who.artist2, 2)], {"from": who.other})
    with reverts("SafeCastOverflowedUintDowncast", 128, 2**128):
        system.market.tip(identifier, [(who.artist, 2**128 - 1), (who.artist2, 1)], {"from": who.other})
    identifier = order_id(hostile.market, sold(hostile, who))
    hostile.token.setFee(100, {"from": who.other})
    pay(hostile, who.other, 1_000)
    with reverts("PaidTooLittle", 990, 1_000):
        hostile.market.tip(identifier, [(who.artist, 1_000)], {"from": who.other})
    assert hostile.market.owed(who.artist) == 0


@pytest.mark.parametrize("function", ["claim", "tip"])
def test_reentrant_token(hostile, who, function):
    """The tip is owed before its money is here: claiming it meanwhile would be paid of others' money."""
    identifier = order_id(hostile.market, sold(hostile, who))
    pay(hostile, who.other, PRICE)
    arguments = (who.artist,) if function == "claim" else (identifier, [(who.artist, 1)])
    again = getattr(hostile.market, function).encode_input(*arguments)
    hostile.token.callDuringTransfer(hostile.market, again, {"from": who.other})
    with reverts("ReentrancyGuardReentrantCall"):
        hostile.market.tip(identifier, [(who.artist, PRICE)], {"from": who.other})


def test_no_tips(system, who):
    identifier = order_id(system.market, sold(system, who))
    system.market.tip(identifier, [], {"from": who.other})
    assert totals(system)["tipped"] == 0
