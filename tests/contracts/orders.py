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


def fulfilment(*credits: tuple[Any, int]) -> tuple[Any, ...]:
    return b"\x21" * 32, b"\x22" * 32, b"\x23" * 32, [(str(artist), amount) for artist, amount in credits]


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
    system.market.fulfil(an_order, fulfilment(*credits), {"from": who.operator})
    return an_order


def totals(market: Any) -> dict[str, int]:
    """The market's sums by name, checked to add up."""
    names = "received attributed holders learning platform network escrowed refunded claimed".split()
    sums = dict(zip(names, market.totals()))
    assert sums["received"] == sum(sums[n] for n in names[1:-1])
    return sums
