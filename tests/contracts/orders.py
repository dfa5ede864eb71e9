"""Orders and their fulfilment."""

from types import SimpleNamespace
from typing import Any, NamedTuple

from tests.contracts.clock import DAY, now
from tests.contracts.signing import digest, typed

PRICE = 10**6


class Order(NamedTuple):
    buyer: str
    maxPrice: int
    quantity: int
    promptHash: bytes
    modelDigest: bytes
    rulesVersion: int
    deadline: int
    salt: int


def order(buyer: Any, **changes: Any) -> Order:
    """A valid order of one generation, a day to deliver."""
    plain = Order(str(buyer), PRICE, 1, b"\x11" * 32, b"\x01" * 32, 1, now() + DAY, 1)
    return plain._replace(**changes)


def order_id(market: Any, an_order: Order, chain_id: int = 31337) -> str:
    """The id as a wallet computes it."""
    return digest(typed(market, "Order", an_order._asdict(), chain_id))


def delivery(order_id: Any, *credits: tuple[Any, int], quantity: int = 1) -> tuple[Any, Any]:
    """What fulfil is called with."""
    output = quantity, b"\x21" * 32, b"\x22" * 32, b"\x23" * 32
    return (order_id, len(credits), output), [(str(artist), amount) for artist, amount in credits]


def requested(system: SimpleNamespace, buyer: Any, **changes: Any) -> Order:
    """An order paid by approval."""
    an_order = order(buyer, **changes)
    price = PRICE * an_order.quantity
    system.token.mint(buyer, price, {"from": buyer})
    system.token.approve(system.market, price, {"from": buyer})
    system.market.request(an_order, {"from": buyer})
    return an_order


def sold(system: SimpleNamespace, who: SimpleNamespace, *credits: tuple[Any, int], **changes: Any) -> Order:
    """An order requested and fulfilled."""
    an_order = requested(system, who.buyer, **changes)
    system.market.fulfil(
        *delivery(order_id(system.market, an_order), *credits, quantity=an_order.quantity), {"from": who.operator})
    return an_order


def escrowed(market: Any, orders: list[Order]) -> int:
    """What those of the orders that wait were paid and not delivered."""
    terms = [market.termsOf(order_id(market, an_order)).dict() for an_order in orders]
    return sum(t["unitPrice"] * t["quantity"] for t in terms)


def totals(system: SimpleNamespace, orders: list[Order]) -> dict[str, int]:
    """The market's sums by name and what of `orders` (all there are) is escrowed, checked against its balance."""
    sums = dict(system.market.totals().dict())
    sums["escrowed"] = escrowed(system.market, orders)
    owed = sum(sums[n] for n in ("attributed", "tipped", "platform", "network", "learning")) - sums["claimed"]
    waiting = sums["holders"] - sums["holdersPaid"] + sums["refundsOwed"] + sums["escrowed"]
    assert system.token.balanceOf(system.market) == owed + waiting
    return sums
