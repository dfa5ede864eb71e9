"""orderId: the EIP-712 digest that a wallet computes; depends on every field, the chain and the contract."""

import pytest

from tests.contracts.orders import order, order_id


def test_is_the_eip712_digest(system, who):
    an_order = order(who.buyer, quantity=3, salt=2**255)
    assert str(system.market.orderId(an_order)) == order_id(system.market, an_order)


@pytest.mark.parametrize("field, value", [
    ("maxPrice", 1), ("quantity", 9), ("promptHash", b"\x77" * 32), ("modelDigest", b"\x77" * 32),
    ("rulesVersion", 2), ("deadline", 5), ("salt", 99), ("buyer", "0x" + "77" * 20),
])
def test_every_field_counts(system, who, field, value):
    an_order = order(who.buyer)
    changed = an_order._replace(**{field: value})
    assert system.market.orderId(an_order) != system.market.orderId(changed)


def test_other_chain_is_another_order(system, who):
    an_order = order(who.buyer)
    assert str(system.market.orderId(an_order)) != order_id(system.market, an_order, chain_id=1)
