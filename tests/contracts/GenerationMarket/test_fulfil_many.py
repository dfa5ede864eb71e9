"""fulfilMany: as fulfil for each delivery, one note to the pool; all or none.

fulfilMany
├── a delivery counts more credits than are left → CreditsMismatch
├── credits are left over → CreditsMismatch
├── one delivery fails (here: an order delivered twice) → all fail
├── nothing to deliver → nothing happens
└── all Fulfilled, each with its own credits, the pool gets the sum
"""

import pytest

from tests.contracts.orders import (
    FULFILLED,
    PRICE,
    REQUESTED,
    Output,
    delivery,
    expected,
    order_id,
    requested,
    totals,
)
from tests.contracts.reverts import reverts


def several(system, who, count):
    orders = [requested(system, who.buyer, salt=i) for i in range(count)]
    return orders, [order_id(system.market, o) for o in orders]


def test_sum_goes_to_the_pool(system, who):
    orders, ids = several(system, who, 3)
    credits = [(who.artist, 100), (who.artist2, 7), (who.artist, 102)]
    given = [(identifier, count, Output()) for identifier, count in zip(ids, (2, 0, 1))]
    tx = system.market.fulfilMany(given, credits, {"from": who.operator})
    assert (system.market.owed(who.artist), system.market.owed(who.artist2)) == (202, 7)
    assert [str(e["orderId"]) for e in tx.events["OrderFulfilled"]] == ids
    assert [str(e["orderId"]) for e in tx.events["ArtistCredited"]] == [ids[0], ids[0], ids[2]]
    assert len(tx.events["RevenueDeposited"]) == 1
    sums = totals(system, *orders)
    assert {n: sums[n] for n in expected(PRICE)} == expected(3 * PRICE, 209)
    assert system.pool.deposited() == 3 * 750_000 - 209


def test_one_orders_credits_are_not_anothers(system, who):
    """What one order may still credit cannot be spent on the next, whatever the sum."""
    _, ids = several(system, who, 2)
    with reverts("CreditsExceedShare", 400_001, 400_000):
        system.market.fulfilMany([(ids[0], 0, Output()), (ids[1], 1, Output())], [(who.artist, 400_001)],
                                 {"from": who.operator})


def test_all_or_none(system, who):
    _, (identifier,) = several(system, who, 1)
    with reverts("WrongState", identifier, 2, 1):
        system.market.fulfilMany([delivery(identifier)[0]] * 2, [], {"from": who.operator})
    assert system.market.stateOf(identifier) == REQUESTED


@pytest.mark.parametrize("counts, given, error", [
    ((1, 1), 1, (2, 1)), ((2, 1), 2, (3, 2)), ((0, 3), 2, (3, 2)), ((1, 0), 2, (1, 2)), ((0, 0), 1, (0, 1)),
])
def test_credits_that_do_not_fit(system, who, counts, given, error):
    _, ids = several(system, who, 2)
    with reverts("CreditsMismatch", *error):
        system.market.fulfilMany([(i, n, Output()) for i, n in zip(ids, counts)], [(who.artist, 1)] * given,
                                 {"from": who.operator})


def test_nothing(system, who):
    tx = system.market.fulfilMany([], [], {"from": who.operator})
    assert not tx.events and totals(system)["holders"] == 0
    with reverts("CreditsMismatch", 0, 1):
        system.market.fulfilMany([], [(who.artist, 1)], {"from": who.operator})


def test_fifty(system, who):
    orders, ids = several(system, who, 50)
    system.market.fulfilMany([(i, 0, Output()) for i in ids], [], {"from": who.operator})
    assert {system.market.stateOf(i) for i in ids} == {FULFILLED}
    assert totals(system, *orders)["holders"] == 50 * 750_000
