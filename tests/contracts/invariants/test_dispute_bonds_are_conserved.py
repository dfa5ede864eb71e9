"""Disputes opened, answered, decided, appealed, executed, lapsed and bonds claimed in any order, about two works:
each bond is held by an open dispute, owed to exactly one account, or was paid out; nothing else is in the contract.
In the end every dispute can be closed by anyone.
"""

from random import Random

from hypothesis import strategies as st

from tests.contracts.clock import DAY, mine_at, now
from tests.contracts.disputes import (
    ANSWERED,
    APPEALED,
    AUTHORSHIP,
    CLOSED,
    DECIDED,
    DECISION,
    EVIDENCE,
    FINAL,
    OPEN,
    REVOCATION,
    view,
)
from tests.contracts.stake import BOND
from tests.contracts.works import work

PLENTY = 10**12
STEPS = 25


class Machine:
    # Hypothesis begins with small values and leaves rules out of each run, so that a short run would never get past
    # the first answer: it chooses a seed, the seed 25 steps of any kind.
    st_seed = st.integers(0, 2**64 - 1)

    def __init__(cls, system, who, timelock):
        cls.system, cls.who, cls.timelock = system, who, timelock
        cls.accounts = [who.artist, who.artist2, who.challenger]
        for account in cls.accounts:
            system.token.mint(account, PLENTY, {"from": account})
            system.token.approve(system.disputes, PLENTY, {"from": account})
        system.registry.register([work(1), work(2)], {"from": who.artist})

    def setup(self):
        # Whose work, revoked; per dispute: work, kind, state, ruling, sides, what each side has in it.
        self.artists = [self.who.artist.address] * 2
        self.revoked = [False, False]
        self.disputes = {}
        self.owed = {account.address: 0 for account in self.accounts}
        self.taken = self.paid = 0

    def dispute_in(self, pick, *states):
        ids = [i for i, d in self.disputes.items() if d["state"] in states]
        return (ids[pick % len(ids)], self.disputes[ids[pick % len(ids)]]) if ids else (0, None)

    def until(self, dispute):
        return view(self.system, dispute)["until"]

    def initialize_two(self):
        self.open(1, None)
        self.open(4, None)

    def rule_steps(self, seed="st_seed"):
        chance = Random(seed)
        actions = (self.open, self.answer, self.decide, self.decide, self.appeal, self.decide_appeal, self.execute,
                   self.execute, self.claim_bond, self.wait)
        for _ in range(STEPS):
            chance.choice(actions)(chance.getrandbits(16), chance.random() < 0.6)
            self.invariant_bonds()

    def open(self, pick, _):
        number, kind, claimant = pick % 2, (AUTHORSHIP, REVOCATION)[pick // 2 % 2], self.accounts[pick // 4 % 3]
        if kind == REVOCATION and self.revoked[number]:
            return
        tx = self.system.disputes.open(work(number + 1)[0], kind, EVIDENCE, {"from": claimant})
        self.disputes[tx.return_value] = {
            "work": number, "kind": kind, "state": OPEN, "upheld": False,
            "sides": [claimant.address, self.artists[number]], "held": [BOND, 0]}
        self.taken += BOND

    def answer(self, pick, _):
        dispute, d = self.dispute_in(pick, OPEN)
        if dispute and now() < self.until(dispute):
            self.system.disputes.answer(dispute, EVIDENCE, {"from": d["sides"][1]})
            d["state"], d["held"][1] = ANSWERED, BOND
            self.taken += BOND

    def decide(self, pick, upheld):
        """By the resolver while there is time, by anybody's lapse after it."""
        dispute, d = self.dispute_in(pick, OPEN, ANSWERED)
        if not dispute:
            return
        until = self.until(dispute)
        by = until + (DECISION if d["state"] == OPEN else 0)
        if now() >= by:
            self.system.disputes.lapse(dispute, {"from": self.who.relayer})
            self.give_back(d)
        elif d["state"] == ANSWERED or now() >= until:
            self.system.disputes.decide(dispute, upheld, {"from": self.timelock})
            d["state"], d["upheld"] = DECIDED, upheld

    def appeal(self, pick, _):
        dispute, d = self.dispute_in(pick, DECIDED)
        if dispute and now() < self.until(dispute):
            loser = 1 if d["upheld"] else 0
            self.system.disputes.appeal(dispute, EVIDENCE, {"from": d["sides"][loser]})
            d["state"] = APPEALED
            d["held"][loser] += BOND
            self.taken += BOND

    def decide_appeal(self, pick, upheld):
        dispute, d = self.dispute_in(pick, APPEALED)
        if dispute and now() < self.until(dispute):
            self.system.disputes.decideAppeal(dispute, upheld, {"from": self.timelock})
            d["state"], d["upheld"] = FINAL, upheld

    def execute(self, pick, _):
        dispute, d = self.dispute_in(pick, DECIDED, APPEALED, FINAL)
        if not dispute or (d["state"] != FINAL and now() < self.until(dispute)):
            return
        self.system.disputes.execute(dispute, {"from": self.who.relayer})
        number = d["work"]
        if self.artists[number] != d["sides"][1] or (d["kind"] == REVOCATION and self.revoked[number]):
            self.give_back(d)
            return
        self.owed[d["sides"][0 if d["upheld"] else 1]] += sum(d["held"])
        d["state"], d["held"] = CLOSED, [0, 0]
        if d["upheld"]:
            self.revoked[number] = d["kind"] == REVOCATION
            self.artists[number] = d["sides"][0] if d["kind"] == AUTHORSHIP else self.artists[number]

    def give_back(self, d):
        for side, held in zip(d["sides"], d["held"]):
            self.owed[side] += held
        d["state"], d["held"] = CLOSED, [0, 0]

    def claim_bond(self, pick, _):
        account = self.accounts[pick % 3]
        before = self.system.token.balanceOf(account)
        self.system.disputes.claimBond(account, {"from": self.who.relayer})
        assert self.system.token.balanceOf(account) - before == self.owed[account.address]
        self.paid += self.owed[account.address]
        self.owed[account.address] = 0

    def wait(self, pick, _):
        mine_at(now() + (DAY, 7 * DAY + 1, 31 * DAY)[pick % 3])

    def invariant_bonds(self):
        for dispute, d in self.disputes.items():
            told = view(self.system, dispute)
            assert (told["state"], told["upheld"]) == (d["state"], d["upheld"])
            assert [told["claimantBond"], told["respondentBond"]] == d["held"]
        for account in self.accounts:
            assert self.system.disputes.bondOwed(account) == self.owed[account.address]
        held = sum(sum(d["held"]) for d in self.disputes.values())
        assert self.taken == self.paid + held + sum(self.owed.values())
        assert self.system.token.balanceOf(self.system.disputes) == self.taken - self.paid

    def invariant_records(self):
        for number in (0, 1):
            record = self.system.registry.recordOf(work(number + 1)[0])
            assert (record[0], record[3]) == (self.artists[number], self.revoked[number])

    def teardown(self):
        """No bond is held for ever: a stranger closes whatever is left, without any resolver."""
        mine_at(now() + 40 * DAY)
        for dispute, d in self.disputes.items():
            if d["state"] in (OPEN, ANSWERED):
                self.system.disputes.lapse(dispute, {"from": self.who.relayer})
            elif d["state"] != CLOSED:
                self.system.disputes.execute(dispute, {"from": self.who.relayer})
        for account in self.accounts:
            self.system.disputes.claimBond(account, {"from": self.who.relayer})
        assert self.system.token.balanceOf(self.system.disputes) == 0


def test_dispute_bonds_are_conserved(system, who, timelock, state_machine):
    state_machine(Machine, system, who, timelock, settings={"max_examples": 8, "stateful_step_count": 3})
