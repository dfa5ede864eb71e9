"""Orders and their deliveries."""

from types import SimpleNamespace
from typing import Any, NamedTuple

from tests.contracts.clock import DAY, now
from tests.contracts.signing import digest, typed

PRICE = 10**6
NONE, REQUESTED, FULFILLED = 0, 1, 2


class Order(NamedTuple):
    buyer: str
    maxPrice: int
    quantity: int
    promptHash: bytes
    modelDigest: bytes
    rulesVersion: int
    deadline: int
    salt: int


class Output(NamedTuple):
    quantity: int = 1
    outputHash: bytes = b"\x21" * 32
    outputDigest: bytes = b"\x22" * 32
    attributionDigest: bytes = b"\x23" * 32


def order(buyer: Any, **changes: Any) -> Order:
    """A valid order of one generation, a day to deliver; it may cost what it costs."""
    plain = Order(str(buyer), PRICE, 1, b"\x11" * 32, b"\x01" * 32, 1, now() + DAY, 1)
    plain = plain._replace(maxPrice=PRICE * changes.get("quantity", 1))
    return plain._replace(**changes)


def order_id(market: Any, an_order: Order, chain_id: int = 31337) -> str:
    """The id as a wallet computes it."""
    return digest(typed(market, "Order", an_order._asdict(), chain_id))


def delivery(order_id: Any, *credits: tuple[Any, int], quantity: int = 1, **changes: Any) -> tuple[Any, Any]:
    """What fulfil is called with."""
    output = Output(quantity)._replace(**changes)
    return (order_id, len(credits), output), [(str(artist), amount) for artist, amount in credits]


def pay(system: SimpleNamespace, account: Any, amount: int = PRICE, spender: Any = None) -> None:
    """Money in the account's hands, approved for the market or another spender."""
    system.token.mint(account, amount, {"from": account})
    system.token.approve(spender or system.market, amount, {"from": account})


def requested(system: SimpleNamespace, buyer: Any, **changes: Any) -> Order:
    """An order paid by approval."""
    an_order = order(buyer, **changes)
    pay(system, buyer, PRICE * an_order.quantity)
    system.market.request(an_order, {"from": buyer})
    return an_order


def delivered(system: SimpleNamespace, who: SimpleNamespace, an_order: Order, *credits: tuple[Any, int],
              **changes: Any) -> Any:
    """The receipt of a delivery of the order, whole unless `changes` say another quantity."""
    changes = {"quantity": an_order.quantity, **changes}
    given = delivery(order_id(system.market, an_order), *credits, **changes)
    return system.market.fulfil(*given, {"from": who.operator})


def sold(system: SimpleNamespace, who: SimpleNamespace, *credits: tuple[Any, int], **changes: Any) -> Order:
    """An order requested and fulfilled."""
    an_order = requested(system, who.buyer, **changes)
    delivered(system, who, an_order, *credits)
    return an_order


def escrowed(market: Any, orders: list[Order]) -> int:
    """What those of the orders that wait were paid and not delivered."""
    terms = [market.termsOf(order_id(market, an_order)).dict() for an_order in orders]
    return sum(t["unitPrice"] * t["quantity"] for t in terms)


def totals(system: SimpleNamespace, *orders: Order) -> dict[str, int]:
    """The market's sums by name and what of `orders` (all there are) is escrowed, checked against its
    balance."""
    sums = dict(system.market.totals().dict())
    sums["escrowed"] = escrowed(system.market, list(orders))
    owed = sum(sums[n] for n in ("attributed", "tipped", "platform", "network", "learning")) - sums["claimed"]
    waiting = sums["holders"] - sums["holdersPaid"] + sums["refundsOwed"] + sums["escrowed"]
    assert system.token.balanceOf(system.market) == owed + waiting
    return sums


def expected(price: int, credited: int = 0) -> dict[str, int]:
    """How version 1 divides a price."""
    platform, network, learning = price * 1_500 // 10_000, price * 500 // 10_000, price * 500 // 10_000
    return {"attributed": credited, "holders": price - platform - network - learning - credited,
            "platform": platform, "network": network, "learning": learning}
