"""fulfil: deliver an order, here at once, and divide its price (in parts: test_fulfil_in_parts).

fulfil
├── caller lacks OPERATOR_ROLE → AccessControlUnauthorizedAccount (test_permissions)
├── order not requested, fulfilled, or refunded → WrongState
├── after the deadline → DeadlinePassed; in its last second → Fulfilled
├── no output → EmptyOutput
├── no generations, or more than are left → QuantityRefused
├── more credits than maxCredits → TooManyCredits
├── the delivery counts more or fewer credits than the call has → CreditsMismatch
├── a credit of 0, or to nobody, the market or the pool → CreditRefused
├── credits above floor(price · artistsBps / 10,000) → CreditsExceedShare
├── amounts beyond what the ledger can hold → SafeCast reverts, or the sum overflows
└── Fulfilled: credits and shares owed, the holders' part in their stream; sums to the price
    ├── no credits → the artists' share goes to the holders
    └── rules changed since → the terms in the order's slot count
"""

import brownie
import pytest

from tests.contracts.clock import DAY, forward, next_at
from tests.contracts.orders import (
    FULFILLED, PRICE, REQUESTED, Output, delivered, delivery, expected, order, order_id, pay, requested, sold,
    totals,
)
from tests.contracts.reverts import reverts
from tests.contracts.rules import changed

CEILING = PRICE * 4_000 // 10_000
HUGE = 2**128


def test_divides_the_price(system, who):
    an_order = requested(system, who.buyer)
    tx = delivered(system, who, an_order, (who.artist, 300_000), (who.artist2, 60_001))
    for account, amount in [(who.artist, 300_000), (who.artist2, 60_001), (who.platform, 150_000),
                            (who.network, 50_000), (who.learning, 50_000)]:
        assert system.market.owed(account) == amount
    assert system.pool.deposited() == system.pool.pending() == 389_999
    sums = totals(system, an_order)
    assert {n: sums[n] for n in expected(PRICE)} == expected(PRICE, 360_001)
    assert sums["escrowed"] == 0
    identifier = order_id(system.market, an_order)
    assert system.market.stateOf(identifier) == FULFILLED
    assert [(str(e["orderId"]), e["artist"], e["amount"]) for e in tx.events["ArtistCredited"]] == [
        (identifier, who.artist, 300_000), (identifier, who.artist2, 60_001)]
    event = tx.events["OrderFulfilled"]
    assert (str(event["orderId"]), event["output"]) == (identifier, tuple("0x" + v.hex() if i else v
                                                                          for i, v in enumerate(Output())))
    assert system.market.isDelivered(identifier, [Output()])


def test_without_credits_the_holders_get_the_artists_share(system, who):
    sold(system, who)
    assert totals(system)["holders"] == 750_000


def test_one_artist_named_twice_is_owed_both(system, who):
    sold(system, who, (who.artist, 1), (who.artist, 2))
    assert system.market.owed(who.artist) == 3


def test_credits_up_to_the_ceiling(system, who):
    an_order = requested(system, who.buyer)
    with reverts("CreditsExceedShare", CEILING + 1, CEILING):
        delivered(system, who, an_order, (who.artist, CEILING), (who.artist2, 1))
    delivered(system, who, an_order, (who.artist, CEILING))
    assert totals(system)["attributed"] == CEILING


def test_too_many_credits(system, who):
    an_order = requested(system, who.buyer)
    with reverts("TooManyCredits", order_id(system.market, an_order), 17, 16):
        delivered(system, who, an_order, *[(who.artist, 1)] * 17)
    delivered(system, who, an_order, *[(who.artist, 1)] * 16)


@pytest.mark.parametrize("counted, given, error", [
    (0, 1, (0, 1)), (1, 2, (1, 2)), (2, 1, (2, 1)), (1, 0, (1, 0)),
])
def test_credits_that_no_delivery_counts(system, who, counted, given, error):
    an_order = requested(system, who.buyer)
    credits = [(who.artist, 1)] * given
    with reverts("CreditsMismatch", *error):
        system.market.fulfil((order_id(system.market, an_order), counted, Output()), credits,
                             {"from": who.operator})


def test_count_of_credits_that_would_wrap_around(system, who):
    an_order = requested(system, who.buyer)
    identifier = order_id(system.market, an_order)
    with reverts("TooManyCredits", identifier, 2**256 - 1, 16):
        system.market.fulfil((identifier, 2**256 - 1, Output()), [(who.artist, 1)], {"from": who.operator})


def test_credits_that_nobody_could_claim(system, who):
    an_order = requested(system, who.buyer)
    nobody = "0x" + "00" * 20
    market, pool = system.market.address, system.pool.address
    for artist, amount in [(who.artist, 0), (nobody, 1), (market, 1), (pool, 1)]:
        with reverts("CreditRefused", artist, amount):
            delivered(system, who, an_order, (artist, amount))


def test_credits_too_large_for_the_ledger(system, who):
    an_order = requested(system, who.buyer)
    with reverts("SafeCastOverflowedUintDowncast", 128, HUGE):
        delivered(system, who, an_order, (who.artist, HUGE))
    with brownie.reverts():  # each fits, an artist's sum does not
        delivered(system, who, an_order, (who.artist, HUGE - 1), (who.artist, 1))
    with reverts("SafeCastOverflowedUintDowncast", 128, HUGE):
        delivered(system, who, an_order, (who.artist, HUGE - 1), (who.artist2, 1))


@pytest.mark.parametrize("missing", ["outputHash", "outputDigest"])
def test_no_output(system, who, missing):
    an_order = requested(system, who.buyer)
    with reverts("EmptyOutput", order_id(system.market, an_order)):
        delivered(system, who, an_order, **{missing: b"\0" * 32})


@pytest.mark.parametrize("quantity", [0, 2, 2**32, 2**256 - 1])
def test_not_what_is_left(system, who, quantity):
    an_order = requested(system, who.buyer)
    with reverts("QuantityRefused", quantity, 1):
        delivered(system, who, an_order, quantity=quantity)


def test_unknown_order(system, who):
    an_order = order(who.buyer)
    with reverts("WrongState", order_id(system.market, an_order), 0, 1):
        delivered(system, who, an_order)


def test_twice(system, who):
    an_order = sold(system, who)
    with reverts("WrongState", order_id(system.market, an_order), 2, 1):
        delivered(system, who, an_order)


def test_last_second(system, who):
    an_order = requested(system, who.buyer)
    next_at(an_order.deadline)
    delivered(system, who, an_order)


def test_after_the_deadline(system, who):
    an_order = requested(system, who.buyer)
    next_at(an_order.deadline + 1)
    with reverts("DeadlinePassed", an_order.deadline, an_order.deadline + 1):
        delivered(system, who, an_order)


def test_goes_on_while_new_orders_are_stopped(system, who):
    an_order = requested(system, who.buyer)
    system.market.pause({"from": who.guardian})
    delivered(system, who, an_order)


def test_needs_nothing_of_the_token(hostile, who):
    """No money moves: a token that refuses the market holds up no delivery."""
    an_order = requested(hostile, who.buyer)
    hostile.token.setBlacklisted(hostile.market, True, {"from": who.other})
    delivered(hostile, who, an_order, (who.artist, 5))
    hostile.token.setBlacklisted(hostile.market, False, {"from": who.other})
    assert totals(hostile, an_order)["attributed"] == 5


def test_terms_of_the_order_outlive_a_change(system, who, timelock):
    an_order = requested(system, who.buyer, deadline=order(who.buyer).deadline + 4 * DAY)
    identifier = order_id(system.market, an_order)
    before = system.market.termsOf(identifier)
    second = changed(artistsBps=3_000, holdersBps=3_700, platformBps=2_000, networkBps=800, learningBps=500,
                     pricePerGeneration=2 * PRICE, maxCredits=1)
    system.rules.adopt(second, {"from": timelock})
    forward(2 * DAY)
    assert system.rules.currentVersion() == 2
    assert system.market.termsOf(identifier) == before
    delivered(system, who, an_order, (who.artist, CEILING - 1), (who.artist2, 1))
    sums = totals(system, an_order)
    assert {n: sums[n] for n in expected(PRICE)} == expected(PRICE, CEILING)
    with reverts("StaleRules", 1, 2):
        requested(system, who.buyer, salt=2)
    newer = order(who.buyer, rulesVersion=2, maxPrice=2 * PRICE, salt=3)
    pay(system, who.buyer, 2 * PRICE)
    system.market.request(newer, {"from": who.buyer})
    with reverts("CreditsExceedShare", 600_001, 600_000):
        delivered(system, who, newer, (who.artist, 600_001))
    with reverts("TooManyCredits", order_id(system.market, newer), 2, 1):
        delivered(system, who, newer, (who.artist, 1), (who.artist, 1))


def test_price_beyond_what_the_funds_hold(system, who):
    """2**32 - 1 generations at 2**36 each overflow the 64 bits of the holders' part: refunded, not lost."""
    first = changed(pricePerGeneration=2**36)
    rules = who.deployer.deploy(system.project.CompensationRules, system.timelock, first)
    market = who.deployer.deploy(
        system.project.GenerationMarket, system.token, rules, system.pool, system.registry, system.timelock,
        who.operator, who.guardian, (who.platform, who.network, who.learning))
    quantity = 2**32 - 1
    price = quantity * 2**36
    an_order = order(who.buyer, quantity=quantity, maxPrice=price)
    system.token.mint(who.buyer, price, {"from": who.buyer})
    system.token.approve(market, price, {"from": who.buyer})
    market.request(an_order, {"from": who.buyer})
    given = delivery(order_id(market, an_order), quantity=quantity)
    with reverts("SafeCastOverflowedUintDowncast", 64, expected(price)["holders"]):
        market.fulfil(*given, {"from": who.operator})
    assert market.stateOf(order_id(market, an_order)) == REQUESTED
    next_at(an_order.deadline + 1)
    market.refund(an_order, {"from": who.other})
    assert system.token.balanceOf(who.buyer) == price
