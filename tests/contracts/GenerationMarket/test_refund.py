"""refund and claimRefund: the money back for what was not delivered.

refund
├── never requested, fulfilled, or refunded before → WrongState
├── until the deadline → DeadlineNotPassed
└── after it, by anyone, even while new orders are stopped
    ├── token transfers → the buyer has the price back, Refunded
    └── token refuses → refundOwed; others are not held up
        └── claimRefund, by anyone → paid to the buyer
"""

from tests.contracts.clock import DAY, forward, mine_at, next_at
from tests.contracts.orders import PRICE, order, order_id, requested, sold, totals
from tests.contracts.reverts import reverts
from tests.contracts.rules import changed


def test_by_anyone_after_the_deadline(system, who):
    an_order = requested(system, who.buyer, quantity=2, maxPrice=2 * PRICE)
    system.market.pause({"from": who.guardian})
    next_at(an_order.deadline + 1)
    tx = system.market.refund(an_order, {"from": who.other})
    assert system.token.balanceOf(who.buyer) == 2 * PRICE
    sums = totals(system.market)
    assert (sums["refunded"], sums["escrowed"]) == (2 * PRICE, 0)
    assert tx.events["OrderRefunded"]["amount"] == 2 * PRICE
    assert "RefundDeferred" not in tx.events


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
    with reverts("WrongState", order_id(system.market, late), 3, 1):
        system.market.refund(late, {"from": who.buyer})


def test_is_owed_when_the_token_refuses(hostile, who):
    an_order = requested(hostile, who.buyer)
    hostile.token.setBlacklisted(who.buyer, True, {"from": who.other})
    mine_at(an_order.deadline + 1)
    tx = hostile.market.refund(an_order, {"from": who.other})
    assert tx.events["RefundDeferred"]["amount"] == PRICE
    assert hostile.market.refundOwed(who.buyer) == PRICE == totals(hostile.market)["refunded"]
    with reverts("Blacklisted", who.buyer):
        hostile.market.claimRefund(who.buyer, {"from": who.other})
    hostile.token.setBlacklisted(who.buyer, False, {"from": who.other})
    hostile.market.claimRefund(who.buyer, {"from": who.other})
    assert hostile.token.balanceOf(who.buyer) == PRICE
    assert hostile.market.refundOwed(who.buyer) == 0


def test_claim_refund_of_nothing(system, who):
    assert system.market.claimRefund.call(who.buyer) == 0


def test_old_order_is_refunded_at_its_own_price(system, who, timelock):
    an_order = requested(system, who.buyer)
    system.rules.adopt(changed(pricePerGeneration=2 * PRICE), {"from": timelock})
    forward(3 * DAY)
    system.market.refund(an_order, {"from": who.other})
    assert system.token.balanceOf(who.buyer) == PRICE
    assert system.token.balanceOf(system.market) == 0
