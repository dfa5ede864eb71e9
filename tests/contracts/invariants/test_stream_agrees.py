"""The contract's stream, which moves in constant work and not at all within a period, against the naive one.

At times chosen to hurt: the last second of a period, that of its end and the next; whole periods and many of
them later; before there was any stake; with the period's length changed by votes meanwhile.
"""

from math import ceil

import brownie
from hypothesis import strategies as st

from tests.contracts.clock import DAY, mine_at, next_at, now
from tests.contracts.invariants.stream_model import StreamModel
from tests.contracts.pool import assert_streamed
from tests.contracts.rules import changed

HOLDERS = ("artist", "artist2", "other")


class Machine:
    st_holder = st.sampled_from(HOLDERS)
    st_amount = st.one_of(st.integers(1, 9), st.integers(1, 10**12), st.integers(1, 2**62))
    st_stake = st.one_of(st.integers(1, 3), st.integers(1, 10**24))
    # Where the next step stands: so many periods from the present one's start, and so many seconds off it.
    st_periods = st.sampled_from([0, 0, 1, 1, 2, 3, 7])
    st_offset = st.one_of(st.integers(-1, 1), st.integers(1, 6 * DAY))
    st_days = st.integers(1, 90)

    def __init__(cls, system, who, timelock):
        cls.system, cls.timelock = system, timelock
        cls.accounts = {name: getattr(who, name) for name in HOLDERS}
        senders = (system.market, system.rounds)
        cls.market, cls.rounds = (brownie.accounts.at(c.address, force=True) for c in senders)

    def setup(self):
        self.lengths = [(0, 7 * DAY)]
        self.model = StreamModel(now(), self.length_at)

    def length_at(self, time):
        return next(length for since, length in reversed(self.lengths) if since <= time)

    def go(self, periods, offset):
        state = self.system.pool.streamState().dict()
        at = max(state["start"] + periods * state["length"] + offset, now() + 1)
        next_at(at)
        return at

    def rule_notify(self, amount="st_amount", periods="st_periods", offset="st_offset"):
        at = self.go(periods, offset)
        self.system.pool.notify(amount, {"from": self.market})
        self.model.deposit(at, amount)

    def rule_mint(self, holder="st_holder", stake="st_stake", periods="st_periods", offset="st_offset"):
        at = self.go(periods, offset)
        self.system.stake.mint(self.accounts[holder], stake, {"from": self.rounds})
        self.model.move(at, None, holder, stake)

    def rule_transfer(self, holder="st_holder", receiver="st_holder", stake="st_stake", periods="st_periods",
                      offset="st_offset"):
        amount = stake % (self.model.balances.setdefault(holder, 0) + 1)
        at = self.go(periods, offset)
        self.system.stake.transfer(self.accounts[receiver], amount, {"from": self.accounts[holder]})
        self.model.move(at, holder, receiver, amount)

    def rule_look(self, periods="st_periods", offset="st_offset"):
        state = self.system.pool.streamState().dict()
        mine_at(max(state["start"] + periods * state["length"] + offset, now() + 1))

    def rule_vote(self, days="st_days"):
        since, _ = self.lengths[-1]
        if now() >= since:
            self.system.rules.adopt(changed(streamPeriod=days * DAY), {"from": self.timelock})
            self.lengths.append((now() + 2 * DAY, days * DAY))

    def invariant_agree(self):
        self.model.advance(now())
        state = self.system.pool.streamState().dict()
        assert (state["start"], state["length"]) == (
            (self.model.start, self.model.length) if self.model.start is not None else (state["start"], 0))
        assert (state["streaming"], state["deposited"] - state["depositedAtStart"]) == (
            self.model.streaming, self.model.collected)
        assert self.system.pool.pending() == ceil(self.model.pending)
        for name, account in self.accounts.items():
            difference = self.system.pool.claimable(account) - self.model.earned.get(name, 0)
            assert abs(difference) <= self.model.moves + 1
        assert_streamed(self.system, list(self.accounts.values()))


def test_stream_agrees(system, who, timelock, state_machine):
    state_machine(Machine, system, who, timelock, settings={"max_examples": 7, "stateful_step_count": 14})
