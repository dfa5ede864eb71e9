"""fulfil in parts: some generations of an order now, the others later or never.

fulfil, fewer than are left
├── more than are left → QuantityRefused
├── credits above the share of this part's price → CreditsExceedShare
├── delivered: this part's price is divided, the rest stays in escrow, the order still waits
│   ├── the rest delivered → Fulfilled; all outputs of it, in their order, are what isDelivered knows
│   ├── after the deadline → DeadlinePassed; the rest is refunded, the parts stay delivered and paid
│   └── parts in one batch → as one after the other
└── the outputs of an order cannot be swapped, left out, repeated or added to

isDelivered
├── unknown order, or one that waits, of which nothing was delivered → false, also for no outputs
├── delivered in part, or refunded after a part → exactly those outputs
└── fulfilled → exactly all outputs
"""

import itertools

import pytest
from brownie import web3
from eth_abi import encode
from eth_utils import keccak

from tests.contracts.clock import DAY, forward, mine_at, next_at
from tests.contracts.orders import (
    FULFILLED,
    NONE,
    PRICE,
    REQUESTED,
    Output,
    delivered,
    expected,
    order,
    order_id,
    requested,
    sold,
    totals,
)
from tests.contracts.reverts import reverts
from tests.contracts.rules import changed


def output(n, quantity=1):
    """The n-th output."""
    return Output(quantity, *(bytes([16 * kind + n]) * 32 for kind in (1, 2, 3)))


def in_parts(system, who, *quantities, of=None, **changes):
    """An order with these deliveries made; the order and its outputs."""
    an_order = requested(system, who.buyer, quantity=of or sum(quantities), **changes)
    outputs = [output(n, quantity) for n, quantity in enumerate(quantities)]
    for each in outputs:
        delivered(system, who, an_order, **each._asdict())
    return an_order, outputs


def test_each_part_pays_for_itself(system, who):
    an_order = requested(system, who.buyer, quantity=7)
    identifier = order_id(system.market, an_order)
    done = credited = 0
    for n, (quantity, credit) in enumerate([(2, 800_000), (1, 0), (4, 333_333)]):
        assert system.market.stateOf(identifier) == REQUESTED
        credits = [(who.artist, credit)] if credit else []
        tx = delivered(system, who, an_order, *credits, **output(n, quantity)._asdict())
        assert tx.events["OrderFulfilled"]["output"][0] == quantity
        done, credited = done + quantity, credited + credit
        sums = totals(system, an_order)
        assert {n: sums[n] for n in expected(PRICE)} == expected(done * PRICE, credited)
        assert sums["escrowed"] == (7 - done) * PRICE
        terms = system.market.termsOf(identifier).dict()
        assert (terms["quantity"], terms["parts"]) == ((7 - done, True) if done < 7 else (0, False))
    assert system.market.stateOf(identifier) == FULFILLED


def test_over_delivery(system, who):
    an_order, _ = in_parts(system, who, 2, 1, of=4)
    for quantity in (2, 4, 2**32 + 1):
        with reverts("QuantityRefused", quantity, 1):
            delivered(system, who, an_order, quantity=quantity)
    delivered(system, who, an_order, quantity=1)
    with reverts("WrongState", order_id(system.market, an_order), 2, 1):
        delivered(system, who, an_order, quantity=1)


def test_a_parts_ceiling_is_of_its_own_price(system, who):
    an_order = requested(system, who.buyer, quantity=10)
    with reverts("CreditsExceedShare", 400_001, 400_000):
        delivered(system, who, an_order, (who.artist, 400_001), quantity=1)


def test_rounding_of_parts_goes_to_the_holders(system, who, timelock):
    system.rules.adopt(changed(pricePerGeneration=PRICE - 1), {"from": timelock})
    forward(2 * DAY)
    an_order = requested(system, who.buyer, quantity=3, rulesVersion=2, maxPrice=3 * PRICE)
    for n in range(3):
        delivered(system, who, an_order, **output(n)._asdict())
    sums = totals(system, an_order)
    assert sums["platform"] == 3 * ((PRICE - 1) * 1_500 // 10_000)
    assert sums["holders"] == 3 * expected(PRICE - 1)["holders"]


def test_rest_is_refunded(system, who):
    an_order, outputs = in_parts(system, who, 1, 2, of=5)
    identifier = order_id(system.market, an_order)
    next_at(an_order.deadline + 1)
    with reverts("DeadlinePassed", an_order.deadline, an_order.deadline + 1):
        delivered(system, who, an_order, quantity=1)
    tx = system.market.refund(an_order, {"from": who.other})
    assert tx.events["OrderRefunded"]["amount"] == 2 * PRICE == system.token.balanceOf(who.buyer)
    assert system.market.stateOf(identifier) == NONE
    assert totals(system, an_order)["escrowed"] == 0
    assert system.market.isDelivered(identifier, outputs)
    with reverts("WrongState", identifier, 0, 1):
        system.market.refund(an_order, {"from": who.other})
    with reverts("WrongState", identifier, 0, 1):
        delivered(system, who, an_order, quantity=1)
    system.token.mint(who.buyer, 5 * PRICE, {"from": who.buyer})
    system.token.approve(system.market, 5 * PRICE, {"from": who.buyer})
    later = an_order.deadline + 9
    next_at(later)
    with reverts("DeadlineOutOfRange", an_order.deadline, later, later + 7 * DAY):
        system.market.request(an_order, {"from": who.buyer})


def test_parts_in_one_batch(system, who):
    an_order = requested(system, who.buyer, quantity=4)
    other = requested(system, who.buyer, salt=2)
    identifier = order_id(system.market, an_order)
    outputs = [output(n, quantity) for n, quantity in enumerate((1, 2, 1))]
    given = [(identifier, 1, outputs[0]), (order_id(system.market, other), 0, output(9)),
             (identifier, 0, outputs[1]), (identifier, 2, outputs[2])]
    credits = [(who.artist, 5), (who.artist, 6), (who.artist2, 7)]
    system.market.fulfilMany(given, credits, {"from": who.operator})
    assert system.market.stateOf(identifier) == FULFILLED and system.market.isDelivered(identifier, outputs)
    assert (system.market.owed(who.artist), system.market.owed(who.artist2)) == (11, 7)
    sums = totals(system, an_order, other)
    assert {n: sums[n] for n in expected(PRICE)} == expected(5 * PRICE, 18)


@pytest.mark.parametrize("quantities, of", [((1, 1, 1), 3), ((1, 1, 1), 5)])
def test_outputs_cannot_be_forged(system, who, quantities, of):
    """Whether all is delivered (the slot's word) or a part (the hash so far): these outputs and no others."""
    an_order, outputs = in_parts(system, who, *quantities, of=of)
    identifier = order_id(system.market, an_order)
    assert system.market.isDelivered(identifier, outputs)
    forged = [list(p) for n in (0, 1, 2, 3) for p in itertools.permutations(outputs, n) if list(p) != outputs]
    forged += [[*outputs, outputs[-1]], [*outputs, output(7)], [output(7), *outputs]]
    for field in Output._fields:
        changed_value = 2 if field == "quantity" else b"\x77" * 32
        forged.append([outputs[0]._replace(**{field: changed_value}), *outputs[1:]])
        forged.append([*outputs[:-1], outputs[-1]._replace(**{field: changed_value})])
    for wrong in forged:
        assert not system.market.isDelivered(identifier, wrong)
    # The hash so far, given as if it were the output before: only its parts count.
    chain = "0x" + "00" * 32
    for each in outputs[:2]:
        chain = "0x" + keccak(encode(["bytes32", "(uint256,bytes32,bytes32,bytes32)"],
                                     [bytes.fromhex(chain[2:]), tuple(each)])).hex()
    assert not system.market.isDelivered(identifier, [(1, chain, chain, chain), outputs[2]])


def test_one_orders_outputs_are_not_anothers(system, who):
    one, outputs = in_parts(system, who, 1, of=2)
    other, _ = in_parts(system, who, 2, salt=2)
    assert not system.market.isDelivered(order_id(system.market, other), outputs)


def test_nothing_delivered(system, who):
    waiting = order_id(system.market, requested(system, who.buyer))
    for identifier in (waiting, b"\x01" * 32, b"\0" * 32):
        assert not system.market.isDelivered(identifier, [])
        assert not system.market.isDelivered(identifier, [Output()])
    fulfilled = order_id(system.market, sold(system, who, salt=2))
    assert not system.market.isDelivered(fulfilled, [])


def test_terms_stay_between_parts_whatever_is_voted(system, who, timelock):
    an_order, _ = in_parts(system, who, 1, of=3, deadline=order(who.buyer).deadline + 5 * DAY)
    system.rules.adopt(changed(artistsBps=3_000, holdersBps=4_500, pricePerGeneration=2 * PRICE),
                       {"from": timelock})
    forward(3 * DAY)
    delivered(system, who, an_order, (who.artist, 400_000), quantity=1)
    mine_at(an_order.deadline + 1)
    system.market.refund(an_order, {"from": who.other})
    assert system.token.balanceOf(who.buyer) == PRICE
    sums = totals(system, an_order)
    assert {n: sums[n] for n in expected(PRICE)} == expected(2 * PRICE, 400_000)


def slots_of(market, identifier):
    """How many of the market's mappings have something under this key."""
    keys = (keccak(encode(["bytes32", "uint256"], [bytes.fromhex(identifier[2:]), slot])) for slot in range(32))
    return sum(any(web3.eth.get_storage_at(market.address, key)) for key in keys)


def test_delivered_in_full_leaves_one_slot(system, who):
    """The outputs so far are forgotten with the last part: they stand in the order's own slot then."""
    an_order, outputs = in_parts(system, who, 2, 1, of=4)
    identifier = order_id(system.market, an_order)
    assert slots_of(system.market, identifier) == 2
    delivered(system, who, an_order, **output(5)._asdict())
    assert slots_of(system.market, identifier) == 1
    assert system.market.isDelivered(identifier, [*outputs, output(5)])
    assert not any(system.market.termsOf(identifier))
