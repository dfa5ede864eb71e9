"""Rounds proposed, challenged, decided, lapsed, finalised and bonds claimed in any order: each bond is held by an
open round or owed to exactly one account, or was paid out; nothing else is in the contract.
"""

from hypothesis import strategies as st

from tests.contracts.clock import DAY, mine_at, now
from tests.contracts.stake import BOND, TOKEN, propose

PROPOSED, CHALLENGED, FINALISED, REJECTED = 1, 2, 3, 4
PLENTY = 10**12


class Machine:
    st_pick = st.integers(0, 2**16)
    st_upheld = st.booleans()
    st_seconds = st.sampled_from([DAY, 3 * DAY + 1, 31 * DAY])

    def __init__(cls, system, who, timelock):
        cls.system, cls.who, cls.timelock = system, who, timelock
        cls.accounts = [who.proposer, who.challenger, who.other]
        for account in cls.accounts[1:]:
            system.token.mint(account, PLENTY, {"from": account})
            system.token.approve(system.rounds, PLENTY, {"from": account})

    def setup(self):
        self.states = {}
        self.challengers = {}
        self.owed = {account.address: 0 for account in self.accounts}
        self.taken = self.paid = 0

    def round_in(self, state, pick):
        ids = [i for i, s in self.states.items() if s == state]
        return (ids[pick % len(ids)], self.system.rounds.rounds(ids[pick % len(ids)]).dict()) if ids else (0, {})

    def initialize_two(self):
        self.rule_propose()
        self.rule_propose()

    def rule_propose(self):
        round_id, _ = propose(self.system, self.who, [(self.who.artist, TOKEN)])
        self.states[round_id] = PROPOSED
        self.taken += BOND

    def rule_challenge(self, pick="st_pick"):
        round_id, view = self.round_in(PROPOSED, pick)
        if round_id and now() < view["challengeEndsAt"]:
            challenger = self.accounts[1 + pick % 2]
            self.system.rounds.challenge(round_id, self.who.artist, TOKEN, b"\x66" * 32, {"from": challenger})
            self.states[round_id], self.challengers[round_id] = CHALLENGED, challenger.address
            self.taken += BOND

    def rule_decide(self, pick="st_pick", upheld="st_upheld"):
        """By the resolver while there is time, by anybody's lapse after it."""
        round_id, view = self.round_in(CHALLENGED, pick)
        if not round_id:
            return
        proposer, challenger = self.who.proposer.address, self.challengers[round_id]
        if now() >= view["answerBy"]:
            self.system.rounds.lapse(round_id, {"from": self.who.relayer})
            self.states[round_id] = REJECTED
            self.owed[proposer] += BOND
            self.owed[challenger] += BOND
            return
        self.system.rounds.resolve(round_id, upheld, {"from": self.timelock})
        self.states[round_id] = REJECTED if upheld else PROPOSED
        self.owed[challenger if upheld else proposer] += 2 * BOND if upheld else BOND

    def rule_finalise(self, pick="st_pick"):
        round_id, view = self.round_in(PROPOSED, pick)
        if round_id and now() >= view["challengeEndsAt"]:
            self.system.rounds.finalise(round_id, {"from": self.who.relayer})
            self.states[round_id] = FINALISED
            self.owed[self.who.proposer.address] += BOND

    def rule_claim_bond(self, pick="st_pick"):
        account = self.accounts[pick % 3]
        before = self.system.token.balanceOf(account)
        self.system.rounds.claimBond(account, {"from": self.who.relayer})
        assert self.system.token.balanceOf(account) - before == self.owed[account.address]
        self.paid += self.owed[account.address]
        self.owed[account.address] = 0

    def rule_wait(self, seconds="st_seconds"):
        mine_at(now() + seconds)

    def invariant_bonds(self):
        rounds = self.system.rounds
        views = [rounds.rounds(i).dict() for i in self.states]
        assert [view["state"] for view in views] == list(self.states.values())
        held = sum(view["bond"] + view["challengeBond"] for view in views)
        for account in self.accounts:
            assert rounds.bondOwed(account) == self.owed[account.address]
        assert self.taken == self.paid + held + sum(self.owed.values())
        assert self.system.token.balanceOf(rounds) == self.taken - self.paid


def test_bonds_are_conserved(system, who, timelock, state_machine):
    state_machine(Machine, system, who, timelock, settings={"max_examples": 6, "stateful_step_count": 15})
