"""Every delivery with its order, its credits and the division of its price, which no event tells.

The market's event names order and output. The artists' part is the sum of the credits just before it; the
rest follows from the rules that the order was signed under.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from backend.generations.orders import Order
from backend.royalties.split import Split, split
from backend.verify.facts import Event, Facts


@dataclass(frozen=True)
class Delivered:
    """One OrderFulfilled event. `first` counts the order's generations delivered before it, `price` is that
    of its own generations."""

    event: Event
    requested: Event
    first: int
    number: int
    credits: tuple[tuple[str, int], ...]
    facts: Facts

    @property
    def order_id(self) -> str:
        return self.event.args["orderId"]

    @property
    def output(self) -> dict:
        """`GenerationMarket.Output` by name."""
        return self.event.args["output"]

    @property
    def quantity(self) -> int:
        return self.output["quantity"]

    @cached_property
    def order(self) -> Order:
        return Order.from_json(self.requested.args["order"])

    @property
    def price(self) -> int:
        return self.requested.args["price"] // self.order.quantity * self.quantity

    @cached_property
    def parts(self) -> Split:
        """Raises ValueError when the artists were credited more than the rules allow."""
        rules = self.facts.rules[self.order.rules_version]
        return split(self.price, rules, sum(amount for _, amount in self.credits))

    @property
    def name(self) -> str:
        """As findings name it."""
        part = "" if self.quantity == self.order.quantity else f" part {self.number + 1}"
        return f"Sale {self.order_id[:10]}{part}"


def deliveries(facts: Facts) -> Sequence[Delivered]:
    """In the order of the chain. Raises ValueError for a delivery or credit without its order or delivery."""
    if facts.delivered is None:
        facts.delivered = tuple(_deliveries(facts))
    return facts.delivered


def _deliveries(facts: Facts) -> list[Delivered]:
    requested = {event.args["orderId"]: event for event in facts.of("market", "OrderRequested")}
    found: list[Delivered] = []
    done: dict[str, int] = defaultdict(int)
    count: dict[str, int] = defaultdict(int)
    waiting: list[Event] = []
    for event in facts.of("market", "ArtistCredited", "OrderFulfilled"):
        if event.name == "ArtistCredited":
            waiting.append(event)
            continue
        order_id = event.args["orderId"]
        if order_id not in requested:
            raise ValueError(f"{order_id} was delivered and never ordered")
        here = (event.tx_hash, order_id)
        if any((credit.tx_hash, credit.args["orderId"]) != here for credit in waiting):
            raise ValueError(f"a credit before the delivery of {order_id} is not of it")
        credits = tuple((credit.args["artist"], credit.args["amount"]) for credit in waiting)
        waiting = []
        found.append(Delivered(event, requested[order_id], done[order_id], count[order_id], credits, facts))
        done[order_id] += event.args["output"]["quantity"]
        count[order_id] += 1
    if waiting:
        raise ValueError(f"{waiting[0].args['orderId']}: credits without a delivery")
    return found
