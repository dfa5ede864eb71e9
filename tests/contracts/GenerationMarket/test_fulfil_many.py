"""fulfilMany: as fulfil for each order, one deposit in the pool; all or none.

fulfilMany
├── lists of different lengths → LengthMismatch
├── one order fails (here: named twice) → all fail
└── all Fulfilled, the pool gets the sum
"""

from tests.contracts.orders import fulfilment, order_id, requested, totals
from tests.contracts.reverts import reverts


def test_sum_goes_to_the_pool(system, who):
    orders = [requested(system, who.buyer, salt=i) for i in range(3)]
    given = [fulfilment((who.artist, 100 + i)) for i in range(3)]
    tx = system.market.fulfilMany(orders, given, {"from": who.operator})
    assert system.market.owed(who.artist) == 303
    assert len(tx.events["OrderFulfilled"]) == 3
    assert len(tx.events["RevenueDeposited"]) == 1
    assert system.pool.totals()[0] == totals(system.market)["holders"] == 3 * 750_000 - 303


def test_all_or_none(system, who):
    an_order = requested(system, who.buyer)
    with reverts("WrongState", order_id(system.market, an_order), 2, 1):
        system.market.fulfilMany([an_order] * 2, [fulfilment()] * 2, {"from": who.operator})
    assert system.market.stateOf(order_id(system.market, an_order)) == 1


def test_lengths(system, who):
    with reverts("LengthMismatch", 0, 1):
        system.market.fulfilMany([], [fulfilment()], {"from": who.operator})
