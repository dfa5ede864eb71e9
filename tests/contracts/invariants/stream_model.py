"""The revenue stream told naively: exact fractions, period by period, holder by holder.

Slow and simple on purpose: what RevenuePool does in constant work is checked against this. It moves through
time at every deposit; the contract does not within a period, and must come to the same.
"""

from collections.abc import Callable
from fractions import Fraction

PERIOD_S = 7 * 86_400  # of version 1 of the rules


class StreamModel:
    """Times in seconds, amounts in units; `earned` is exact, claims are not taken off."""

    def __init__(self, time: int, length_at: Callable[[int], int] = lambda time: PERIOD_S) -> None:
        """`length_at`: the length of a period that begins at a time."""
        self.time = time
        self._length_at, self.length = length_at, 0
        self.start: int | None = None  # of the running period; None: none runs
        self.streaming = self.collected = Fraction(0)
        self.balances: dict[str, int] = {}
        self.earned: dict[str, Fraction] = {}
        self.moves = 0  # each may shift a part of a unit between holders, by rounding

    def advance(self, time: int) -> None:
        """Let time pass up to `time`."""
        while self.time < time:
            if self.start is None:
                self.time = time
            elif not sum(self.balances.values()):
                self.start += time - self.time  # the clock stands still
                self.time = time
            else:
                end = min(time, self.start + self.length)
                self._pay(self.streaming * (end - self.time) / self.length)
                self.time = end
                if end == self.start + self.length:
                    self._next_period()

    def deposit(self, time: int, amount: int) -> None:
        self.advance(time)
        if self.start is None:
            self._begin()
        self.collected += amount

    def move(self, time: int, source: str | None, target: str, amount: int) -> None:
        """A transfer, or a mint when `source` is None."""
        self.advance(time)
        self.moves += 1
        if source is not None:
            self.balances[source] -= amount
        self.balances[target] = self.balances.get(target, 0) + amount

    @property
    def pending(self) -> Fraction:
        streamed = 0 if self.start is None else self.streaming * (self.time - self.start) / self.length
        return self.streaming - streamed + self.collected

    def _pay(self, amount: Fraction) -> None:
        supply = sum(self.balances.values())
        for holder, balance in self.balances.items():
            self.earned[holder] = self.earned.get(holder, Fraction(0)) + amount * balance / supply

    def _begin(self) -> None:
        self.start, self.length = self.time, self._length_at(self.time)

    def _next_period(self) -> None:
        self.streaming, self.collected = self.collected, Fraction(0)
        self.start = None
        if self.streaming:
            self._begin()
