"""fulfil: deliver an order and divide its price.

fulfil
├── caller lacks OPERATOR_ROLE → AccessControlUnauthorizedAccount (test_permissions)
├── order not requested, fulfilled, or refunded → WrongState
├── after the deadline → DeadlinePassed; in its last second → Fulfilled
├── no output → EmptyOutput
├── more credits than maxCredits → TooManyCredits
├── a credit of 0, or to nobody, the market or the pool → CreditRefused
├── credits above floor(price · artistsBps / 10,000) → CreditsExceedShare
├── token calls back → ReentrancyGuardReentrantCall
└── Fulfilled: credits, platform, network, learning owed; holders' part in the pool; sums to the price
    ├── no credits → the artists' share goes to the holders
    └── rules changed since → the order's own version counts
"""

import pytest

from tests.contracts.clock import DAY, forward, next_at
from tests.contracts.orders import PRICE, fulfilment, order, order_id, requested, sold, totals
from tests.contracts.reverts import reverts
from tests.contracts.rules import changed

CEILING = PRICE * 4_000 // 10_000


def test_divides_the_price(system, who):
    an_order = requested(system, who.buyer)
    credits = fulfilment((who.artist, 300_000), (who.artist2, 60_001))
    tx = system.market.fulfil(an_order, credits, {"from": who.operator})
    assert system.market.owed(who.artist) == 300_000
    assert system.market.owed(who.artist2) == 60_001
    assert system.market.owed(who.platform) == 150_000
    assert system.market.owed(who.network) == 50_000
    assert system.market.owed(who.learning) == 50_000
    assert system.token.balanceOf(system.pool) == system.pool.totals()[0] == 389_999
    sums = totals(system.market)
    assert (sums["attributed"], sums["holders"], sums["escrowed"]) == (360_001, 389_999, 0)
    identifier = order_id(system.market, an_order)
    assert system.market.stateOf(identifier) == 2
    assert [(e["artist"], e["amount"]) for e in tx.events["ArtistCredited"]] == [
        (who.artist, 300_000), (who.artist2, 60_001)]
    event = tx.events["OrderFulfilled"]
    assert str(event["orderId"]) == identifier
    assert [event[n] for n in ("attributed", "holders", "learning", "platform", "network")] == [
        360_001, 389_999, 50_000, 150_000, 50_000]


def test_without_credits_the_holders_get_the_artists_share(system, who):
    sold(system, who)
    assert totals(system.market)["holders"] == 750_000


def test_one_artist_named_twice_is_owed_both(system, who):
    sold(system, who, (who.artist, 1), (who.artist, 2))
    assert system.market.owed(who.artist) == 3


def test_credits_up_to_the_ceiling(system, who):
    an_order = requested(system, who.buyer)
    with reverts("CreditsExceedShare", CEILING + 1, CEILING):
        system.market.fulfil(
            an_order, fulfilment((who.artist, CEILING), (who.artist2, 1)), {"from": who.operator})
    system.market.fulfil(an_order, fulfilment((who.artist, CEILING)), {"from": who.operator})


def test_too_many_credits(system, who):
    an_order = requested(system, who.buyer)
    with reverts("TooManyCredits", 17, 16):
        system.market.fulfil(an_order, fulfilment(*[(who.artist, 1)] * 17), {"from": who.operator})
    system.market.fulfil(an_order, fulfilment(*[(who.artist, 1)] * 16), {"from": who.operator})


def test_credits_that_nobody_could_claim(system, who):
    an_order = requested(system, who.buyer)
    nobody = "0x" + "00" * 20
    market, pool = system.market.address, system.pool.address
    for artist, amount in [(who.artist, 0), (nobody, 1), (market, 1), (pool, 1)]:
        with reverts("CreditRefused", artist, amount):
            system.market.fulfil(an_order, fulfilment((artist, amount)), {"from": who.operator})


def test_no_output(system, who):
    an_order = requested(system, who.buyer)
    _, digest, attribution, credits = fulfilment()
    with reverts("EmptyOutput", order_id(system.market, an_order)):
        system.market.fulfil(an_order, (b"\0" * 32, digest, attribution, credits), {"from": who.operator})


def test_unknown_order(system, who):
    an_order = order(who.buyer)
    with reverts("WrongState", order_id(system.market, an_order), 0, 1):
        system.market.fulfil(an_order, fulfilment(), {"from": who.operator})


def test_twice(system, who):
    an_order = sold(system, who)
    with reverts("WrongState", order_id(system.market, an_order), 2, 1):
        system.market.fulfil(an_order, fulfilment(), {"from": who.operator})


def test_last_second(system, who):
    an_order = requested(system, who.buyer)
    next_at(an_order.deadline)
    system.market.fulfil(an_order, fulfilment(), {"from": who.operator})


def test_after_the_deadline(system, who):
    an_order = requested(system, who.buyer)
    next_at(an_order.deadline + 1)
    with reverts("DeadlinePassed", an_order.deadline, an_order.deadline + 1):
        system.market.fulfil(an_order, fulfilment(), {"from": who.operator})


def test_goes_on_while_new_orders_are_stopped(system, who):
    an_order = requested(system, who.buyer)
    system.market.pause({"from": who.guardian})
    system.market.fulfil(an_order, fulfilment(), {"from": who.operator})


@pytest.mark.parametrize("target", ["market", "pool"])
def test_reentrant_token(hostile, who, target):
    an_order = requested(hostile, who.buyer)
    again = (hostile.market if target == "market" else hostile.pool).claim.encode_input(who.platform)
    hostile.token.callDuringTransfer(getattr(hostile, target), again, {"from": who.other})
    with reverts("ReentrancyGuardReentrantCall"):
        hostile.market.fulfil(an_order, fulfilment(), {"from": who.operator})


def test_rules_of_the_order_outlive_a_change(system, who, timelock):
    an_order = requested(system, who.buyer, deadline=order(who.buyer).deadline + 4 * DAY)
    second = changed(artistsBps=3_000, holdersBps=4_500, pricePerGeneration=2 * PRICE)
    system.rules.adopt(second, {"from": timelock})
    forward(2 * DAY)
    assert system.rules.currentVersion() == 2
    system.market.fulfil(an_order, fulfilment((who.artist, CEILING)), {"from": who.operator})
    assert totals(system.market)["holders"] == 350_000
    with reverts("StaleRules", 1, 2):
        requested(system, who.buyer, salt=2)
    newer = requested_at_new_price(system, who)
    with reverts("CreditsExceedShare", 600_001, 600_000):
        system.market.fulfil(newer, fulfilment((who.artist, 600_001)), {"from": who.operator})


def requested_at_new_price(system, who):
    newer = order(who.buyer, rulesVersion=2, maxPrice=2 * PRICE, salt=3)
    system.token.mint(who.buyer, 2 * PRICE, {"from": who.buyer})
    system.token.approve(system.market, 2 * PRICE, {"from": who.buyer})
    system.market.request(newer, {"from": who.buyer})
    return newer
