"""The revenue pool again, from its rule and the events: what each holder earned, to the last fraction.

The rule: what comes in during one period streams evenly over the next, to whoever holds stake then, in
proportion; the clock stands still while there is no stake. A period's length is that of the rules in force
at its start. Released units are whole; what each token earned is kept in 1/2**128 units and the remainder
of that division is carried.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from backend.chain.abi import ZERO_ADDRESS
from backend.chain.batch import call_many
from backend.verify.checks import Findings
from backend.verify.facts import Facts

SCALE = 2**128


@dataclass
class PoolSimulation:
    """The pool's state, moved from event to event. `periods` are (effective from, length in seconds),
    oldest first.
    """

    periods: list[tuple[int, int]]
    now: int = 0
    start: int = 0
    length: int = 0  # 0: no period runs
    streaming: int = 0
    released: int = 0
    collected: int = 0
    per_token: int = 0  # scaled, since the beginning
    remainder: int = 0  # scaled, released but not divisible among the supply
    balances: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    accrued: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    paid_until: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def supply(self) -> int:
        return sum(self.balances.values())

    @property
    def pending(self) -> int:
        """Units deposited and not yet released."""
        return self.streaming - self.released + self.collected

    def advance(self, time: int) -> None:
        """Release what streamed until `time`."""
        passed, self.now = time - self.now, time
        if self.length and not self.supply:
            self.start += passed
        elif self.length:
            self._share(self._stream(time))

    def deposit(self, amount: int) -> None:
        """Money of a sale; begins a period when none runs."""
        if not self.length:
            self.start, self.length = self.now, self._length_at(self.now)
        self.collected += amount

    def move(self, sender: str, recipient: str, amount: int) -> None:
        """A transfer or mint of stake: both sides are settled at their old balances first."""
        for account in {sender, recipient} - {ZERO_ADDRESS}:
            self._settle(account)
        if sender != ZERO_ADDRESS:
            self.balances[sender] -= amount
        if recipient != ZERO_ADDRESS:
            self.balances[recipient] += amount

    def claim(self, account: str) -> int:
        """Whole units that the account can take now."""
        self._settle(account)
        amount = self.accrued[account] // SCALE
        self.accrued[account] -= amount * SCALE
        return amount

    def claimable(self, account: str) -> int:
        """What `claim` would give, without changing anything."""
        return (
            self.accrued[account] + self.balances[account] * (self.per_token - self.paid_until[account])
        ) // SCALE

    def _stream(self, time: int) -> int:
        """Units released between the last update and `time`, period by period."""
        due = 0
        while self.length and time >= self.start + self.length:
            due += self.streaming - self.released
            self.start += self.length
            self.streaming, self.released, self.collected = self.collected, 0, 0
            self.length = self._length_at(self.start) if self.streaming else 0
        if self.length:
            unlocked = self.streaming * (time - self.start) // self.length
            due += unlocked - self.released
            self.released = unlocked
        return due

    def _share(self, due: int) -> None:
        if due:
            step, self.remainder = divmod(due * SCALE + self.remainder, self.supply)
            self.per_token += step

    def _settle(self, account: str) -> None:
        self.accrued[account] += self.balances[account] * (self.per_token - self.paid_until[account])
        self.paid_until[account] = self.per_token

    def _length_at(self, time: int) -> int:
        return [length for effective, length in self.periods if effective <= time][-1]


def simulate(facts: Facts) -> tuple[PoolSimulation, list[str]]:
    """(the pool at the head's time, claims that paid something else than the rule gives)."""
    periods = [
        (event.args["effectiveFrom"], facts.rules[event.args["version"]].stream_period)
        for event in facts.of("rules", "RulesAdopted")
    ]
    pool, problems = PoolSimulation(periods), []
    for event in facts.events:
        if (event.contract, event.name) not in (
            ("stake", "Transfer"),
            ("pool", "RevenueDeposited"),
            ("pool", "RevenueClaimed"),
        ):
            continue
        pool.advance(facts.time_of(event.block_number))
        if event.name == "Transfer":
            pool.move(event.args["from"], event.args["to"], event.args["value"])
        elif event.name == "RevenueDeposited":
            pool.deposit(event.args["amount"])
        else:
            amount = pool.claim(event.args["account"])
            if amount != event.args["amount"]:
                problems.append(
                    f"{event.args['account']} was paid {event.args['amount']}, had earned {amount}"
                )
    pool.advance(facts.time_of(facts.head))
    return pool, problems


def check_pool(facts: Facts, findings: Findings) -> None:
    """The simulation against every claim, every claimable(), the stream and what waits."""
    pool, problems = simulate(facts)
    claims = sum(1 for _ in facts.of("pool", "RevenueClaimed"))
    findings.none_of("Every holder was paid what the streaming rule gives", problems, f"{claims} claims")
    accounts = sorted(pool.balances)
    views = facts.ctx.contracts.pool.functions
    told = call_many(facts.ctx.client, [views.claimable(account) for account in accounts], facts.head)
    problems = [
        f"{account}: the rule gives {pool.claimable(account)}, claimable() {amount}"
        for account, amount in zip(accounts, told, strict=True)
        if pool.claimable(account) != amount
    ]
    findings.none_of(
        "Every holder can claim what the streaming rule gives", problems, f"{len(accounts)} holders"
    )
    _check_stream(facts, findings, pool)
    deposited, claimed = facts.call(views.deposited()), facts.call(views.claimed())
    fractions = sum(
        pool.accrued[account] + pool.balances[account] * (pool.per_token - pool.paid_until[account])
        for account in accounts
    )
    findings.compare(
        "The pool keeps every fraction",
        deposited * SCALE,
        (claimed + pool.pending) * SCALE + fractions + pool.remainder,
    )


def _check_stream(facts: Facts, findings: Findings, pool: PoolSimulation) -> None:
    views = facts.ctx.contracts.pool.functions
    findings.compare(
        "The money not yet streamed is what the rule leaves", pool.pending, facts.call(views.pending())
    )
    (state,) = call_many(facts.ctx.client, [views.streamState()], facts.head)
    findings.compare(
        "The period that streams now is what the rule gives",
        (pool.length, pool.start if pool.length else 0, pool.streaming, pool.collected),
        (
            state["length"],
            state["start"] if state["length"] else 0,
            state["streaming"],
            state["deposited"] - state["depositedAtStart"],
        ),
    )
    findings.compare(
        "What no holder can be given yet is what the rule leaves",
        pool.remainder,
        facts.call(views.remainderScaled()),
    )
