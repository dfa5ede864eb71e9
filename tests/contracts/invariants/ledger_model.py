"""Who is owed what, told naively: a dictionary of accounts, added to at once at every sale."""

from collections import defaultdict
from typing import Any

from tests.contracts.orders import PRICE, expected

FUNDS = ("platform", "network", "learning")


class LedgerModel:
    """Of the market: `owed` by account and `left`, the generations not delivered, by order. Of prepaid sales:
    one buyer's `balance`, what is `spent` of it, and each period's credits."""

    def __init__(self, payees: list[str]) -> None:
        self.payees = dict(zip(FUNDS, payees))
        self.owed: dict[str, int] = defaultdict(int)
        self.left: dict[Any, int] = {}
        self.balance = self.spent = self.announced = 0
        self.credits: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        self.claimed: dict[tuple[int, str], int] = defaultdict(int)

    @property
    def escrowed(self) -> int:
        return PRICE * sum(self.left.values())

    @property
    def kept(self) -> int:
        """What prepaid sales hold."""
        credited = sum(sum(of_one.values()) for of_one in self.credits.values())
        return self.balance + credited - sum(self.claimed.values())

    def divide(self, price: int, credited: int) -> int:
        """A sale's funds; the holders' part of it."""
        parts = expected(price, credited)
        for fund, payee in self.payees.items():
            self.owed[payee] += parts[fund]
        return parts["holders"]

    def deliver(self, order: Any, quantity: int, artist: str, credited: int) -> int:
        self.left[order] -= quantity
        if not self.left[order]:
            del self.left[order]
        self.owed[artist] += credited
        return self.divide(quantity * PRICE, credited)

    def settle(self, period: int, price: int, credits: dict[str, int]) -> int:
        self.balance -= price
        self.spent += price
        for artist, amount in credits.items():
            self.credits[period][artist] += amount
        return self.divide(price, sum(credits.values()))
