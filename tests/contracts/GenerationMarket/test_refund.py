"""refund and claimRefund: the money back for what was not delivered.

refund
├── never requested, fulfilled, or refunded before → WrongState
├── until the deadline → DeadlineNotPassed
└── after it, by anyone, even while new orders are stopped: None again
    ├── after some parts → the rest's price only (test_fulfil_in_parts)
    ├── token transfers → the buyer has the price back
    ├── token refuses → refundOwed; others are not held up
    │   └── claimRefund, by anyone → paid to the buyer
    ├── token calls back → the transfer fails, so the refund is owed
    └── the same order can never be requested again
"""

import pytest

from tests.contracts.clock import DAY, WEEK, forward, mine_at, next_at, now
from tests.contracts.orders import NONE, PRICE, order, order_id, pay, requested, sold, totals
from tests.contracts.reverts import reverts
from tests.contracts.rules import changed


def test_by_anyone_after_the_deadline(system, who):
    an_order = requested(system, who.buyer, quantity=2)
    system.market.pause({"from": who.guardian})
    next_at(an_order.deadline + 1)
    tx = system.market.refund(an_order, {"from": who.other})
    assert system.token.balanceOf(who.buyer) == 2 * PRICE
    assert totals(system, an_order)["escrowed"] == 0
    event = tx.events["OrderRefunded"]
    assert (str(event["orderId"]), event["buyer"], event["amount"]) == (
        order_id(system.market, an_order), who.buyer, 2 * PRICE)
    assert "RefundDeferred" not in tx.events
    assert system.market.stateOf(order_id(system.market, an_order)) == NONE


def test_not_in_the_last_second(system, who):
    an_order = requested(system, who.buyer)
    next_at(an_order.deadline)
    with reverts("DeadlineNotPassed", an_order.deadline, an_order.deadline):
        system.market.refund(an_order, {"from": who.buyer})


def test_wrong_states(system, who):
    unknown = order(who.buyer, salt=9)
    with reverts("WrongState", order_id(system.market, unknown), 0, 1):
        system.market.refund(unknown, {"from": who.buyer})
    delivered = sold(system, who)
    late = requested(system, who.buyer, salt=2)
    mine_at(late.deadline + 1)
    with reverts("WrongState", order_id(system.market, delivered), 2, 1):
        system.market.refund(delivered, {"from": who.buyer})
    system.market.refund(late, {"from": who.buyer})
    with reverts("WrongState", order_id(system.market, late), 0, 1):
        system.market.refund(late, {"from": who.buyer})


def test_refunded_order_can_never_be_requested_again(system, who):
    """Its slot is empty, as if it had never been: what keeps it out is its deadline, at any later time."""
    an_order = requested(system, who.buyer)
    mine_at(an_order.deadline + 1)
    system.market.refund(an_order, {"from": who.other})
    pay(system, who.buyer)
    for later in (1, WEEK, 3_650 * DAY):
        at = now() + later
        next_at(at)
        with reverts("DeadlineOutOfRange", an_order.deadline, at, at + WEEK):
            system.market.request(an_order, {"from": who.buyer})


def test_is_owed_when_the_token_refuses(hostile, who):
    an_order, other = requested(hostile, who.buyer), requested(hostile, who.artist)
    hostile.token.setBlacklisted(who.buyer, True, {"from": who.other})
    mine_at(an_order.deadline + 2)
    tx = hostile.market.refund(an_order, {"from": who.other})
    assert tx.events["RefundDeferred"]["amount"] == PRICE
    assert hostile.market.refundOwed(who.buyer) == PRICE == totals(hostile, an_order, other)["refundsOwed"]
    hostile.market.refund(other, {"from": who.other})
    with reverts("Blacklisted", who.buyer):
        hostile.market.claimRefund(who.buyer, {"from": who.other})
    hostile.token.setBlacklisted(who.buyer, False, {"from": who.other})
    tx = hostile.market.claimRefund(who.buyer, {"from": who.other})
    assert (tx.return_value, tx.events["RefundClaimed"]["amount"]) == (PRICE, PRICE)
    assert hostile.token.balanceOf(who.buyer) == PRICE
    assert hostile.market.refundOwed(who.buyer) == totals(hostile)["refundsOwed"] == 0


@pytest.mark.parametrize("function", ["refund", "claimRefund"])
def test_reentrant_token(hostile, who, function):
    first, second = (requested(hostile, who.buyer, salt=i) for i in (1, 2))
    mine_at(second.deadline + 1)
    again = getattr(hostile.market, function).encode_input(second if function == "refund" else who.buyer)
    hostile.token.callDuringTransfer(hostile.market, again, {"from": who.other})
    hostile.market.refund(first, {"from": who.other})
    assert hostile.market.refundOwed(who.buyer) == PRICE
    with reverts("ReentrancyGuardReentrantCall"):
        hostile.market.claimRefund(who.buyer, {"from": who.other})
    assert totals(hostile, first, second)["escrowed"] == PRICE


def test_claim_refund_of_nothing(system, who):
    tx = system.market.claimRefund(who.buyer, {"from": who.other})
    assert tx.return_value == 0 and not tx.events


def test_old_order_is_refunded_at_its_own_price(system, who, timelock):
    an_order = requested(system, who.buyer)
    system.rules.adopt(changed(pricePerGeneration=2 * PRICE), {"from": timelock})
    forward(3 * DAY)
    system.market.refund(an_order, {"from": who.other})
    assert system.token.balanceOf(who.buyer) == PRICE
    assert system.token.balanceOf(system.market) == 0
