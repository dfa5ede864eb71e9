"""request: pay by approval.

request
├── caller is not the buyer → NotBuyer
├── new orders are stopped → EnforcedPause
├── order id was used → WrongState
├── rules version is not the one in force → StaleRules
├── quantity 0 → QuantityRefused
├── price above maxPrice → PriceAboveMax
├── deadline not after now, or beyond the window → DeadlineOutOfRange
├── no allowance, no money → the token reverts
├── token delivers less than the price → PaidTooLittle
├── token calls back into the market → ReentrancyGuardReentrantCall
└── paid → Requested, price in escrow, its terms in the order's slot, OrderRequested
"""

import pytest

from tests.contracts.clock import DAY, next_at, now
from tests.contracts.orders import (
    FULFILLED, NONE, PRICE, REQUESTED, order, order_id, pay, requested, sold, totals,
)
from tests.contracts.reverts import reverts


def test_takes_the_price_into_escrow(system, who):
    pay(system, who.buyer, 3 * PRICE)
    an_order = order(who.buyer, quantity=3, maxPrice=5 * PRICE)
    assert system.market.priceOf(an_order) == 3 * PRICE
    tx = system.market.request(an_order, {"from": who.buyer})
    assert system.token.balanceOf(system.market) == 3 * PRICE == totals(system, an_order)["escrowed"]
    assert system.market.stateOf(order_id(system.market, an_order)) == REQUESTED
    event = tx.events["OrderRequested"]
    assert (str(event["orderId"]), event["buyer"], event["price"]) == (
        order_id(system.market, an_order), who.buyer, 3 * PRICE)


def test_only_the_buyer(system, who):
    pay(system, who.buyer)
    with reverts("NotBuyer", who.other, who.buyer):
        system.market.request(order(who.buyer), {"from": who.other})


def test_stopped(system, who):
    pay(system, who.buyer)
    system.market.pause({"from": who.guardian})
    with reverts("EnforcedPause"):
        system.market.request(order(who.buyer), {"from": who.buyer})


def test_same_order_twice(system, who):
    an_order = requested(system, who.buyer)
    pay(system, who.buyer)
    with reverts("WrongState", order_id(system.market, an_order), 1, 0):
        system.market.request(an_order, {"from": who.buyer})


@pytest.mark.parametrize("version", [0, 2])
def test_rules_not_in_force(system, who, version):
    pay(system, who.buyer)
    with reverts("StaleRules", version, 1):
        system.market.request(order(who.buyer, rulesVersion=version), {"from": who.buyer})


def test_no_quantity(system, who):
    with reverts("QuantityRefused", 0, 2**32 - 1):
        system.market.request(order(who.buyer, quantity=0), {"from": who.buyer})


def test_price_above_max(system, who):
    pay(system, who.buyer, 2 * PRICE)
    with reverts("PriceAboveMax", 2 * PRICE, 2 * PRICE - 1):
        system.market.request(order(who.buyer, quantity=2, maxPrice=2 * PRICE - 1), {"from": who.buyer})


@pytest.mark.parametrize("ahead", [0, 7 * DAY + 1])
def test_deadline_out_of_range(system, who, ahead):
    pay(system, who.buyer)
    at = now() + 100
    next_at(at)
    with reverts("DeadlineOutOfRange", at + ahead, at, at + 7 * DAY):
        system.market.request(order(who.buyer, deadline=at + ahead), {"from": who.buyer})


@pytest.mark.parametrize("ahead", [1, 7 * DAY])
def test_deadline_at_the_edges(system, who, ahead):
    pay(system, who.buyer)
    at = now() + 100
    next_at(at)
    system.market.request(order(who.buyer, deadline=at + ahead), {"from": who.buyer})


def test_no_allowance(system, who):
    system.token.mint(who.buyer, PRICE, {"from": who.buyer})
    with reverts("ERC20InsufficientAllowance", system.market, 0, PRICE):
        system.market.request(order(who.buyer), {"from": who.buyer})


def test_fee_on_transfer(hostile, who):
    hostile.token.setFee(100, {"from": who.other})
    pay(hostile, who.buyer)
    with reverts("PaidTooLittle", PRICE * 99 // 100, PRICE):
        hostile.market.request(order(who.buyer), {"from": who.buyer})


def test_reentrant_token(hostile, who):
    pay(hostile, who.buyer)
    again = hostile.market.request.encode_input(order(who.buyer, salt=2))
    hostile.token.callDuringTransfer(hostile.market, again, {"from": who.other})
    with reverts("ReentrancyGuardReentrantCall"):
        hostile.market.request(order(who.buyer), {"from": who.buyer})


def test_donations_pay_for_nothing(system, who):
    """What lies in the market already is not taken for this order's money."""
    system.token.mint(system.market, 5 * PRICE, {"from": who.other})
    with reverts("ERC20InsufficientAllowance", system.market, 0, PRICE):
        system.market.request(order(who.buyer), {"from": who.buyer})
    requested(system, who.buyer)
    assert system.token.balanceOf(system.market) == 6 * PRICE


def test_terms_stand_in_the_slot(system, who):
    an_order = requested(system, who.buyer, quantity=2**32 - 1)
    identifier = order_id(system.market, an_order)
    assert system.market.termsOf(identifier).dict() == {
        "state": REQUESTED, "maxCredits": 16, "quantity": 2**32 - 1, "deadline": an_order.deadline,
        "unitPrice": PRICE, "parts": False, "shares": 500 << 48 | 500 << 32 | 1_500 << 16 | 4_000}


def test_no_terms_for_an_order_that_does_not_wait(system, who):
    unknown, fulfilled = order(who.buyer, salt=9), sold(system, who)
    for an_order, state in ((unknown, NONE), (fulfilled, FULFILLED)):
        identifier = order_id(system.market, an_order)
        assert system.market.stateOf(identifier) == state
        assert not any(system.market.termsOf(identifier))


@pytest.mark.parametrize("version", [0, 2])
def test_price_under_unknown_rules(system, who, version):
    with reverts("UnknownVersion", version, 1):
        system.market.priceOf(order(who.buyer, rulesVersion=version))


def test_fulfilled_order_again(system, who):
    an_order = sold(system, who)
    pay(system, who.buyer)
    with reverts("WrongState", order_id(system.market, an_order), FULFILLED, NONE):
        system.market.request(an_order, {"from": who.buyer})
