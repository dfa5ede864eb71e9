"""Rounds proposed, challenged several times over, decided, lapsed, closed, finalised and bonds claimed in any
order: each bond is held by a round or a challenge that is open, or owed to exactly one account, or was paid out;
nothing else is in the contract. Whatever is open at the end can be ended.
"""

from hypothesis import strategies as st

from tests.contracts.clock import DAY, mine_at, now
from tests.contracts.stake import (
    BOND,
    CLOSED,
    EVIDENCE,
    FINALISED,
    LAPSED,
    OPEN,
    PROPOSED,
    REFUSED,
    REJECTED,
    TOKEN,
    UPHELD,
    propose,
)

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
        self.challenges = {}  # (round, challenge) → [state, challenger]
        self.owed = {account.address: 0 for account in self.accounts}
        self.taken = self.paid = 0

    def pick_round(self, state, pick):
        ids = [i for i, s in self.states.items() if s == state]
        return ids[pick % len(ids)] if ids else 0

    def pick_open(self, round_state, pick):
        keys = [key for key, (state, _) in self.challenges.items()
                if state == OPEN and self.states[key[0]] == round_state]
        return keys[pick % len(keys)] if keys else None

    def initialize_two_rounds(self):
        self.rule_propose()
        self.rule_challenge(0)
        self.rule_challenge(1)
        self.rule_propose()

    def rule_propose(self):
        round_id, _ = propose(self.system, self.who, [(self.who.artist, TOKEN)])
        self.states[round_id] = PROPOSED
        self.taken += BOND

    def rule_challenge(self, pick="st_pick"):
        round_id = self.pick_round(PROPOSED, pick)
        view = self.system.rounds.rounds(round_id).dict()
        if round_id and now() < view["challengeEndsAt"]:
            challenger = self.accounts[pick % 2 + 1]
            self.system.rounds.challenge(round_id, self.who.artist, TOKEN, EVIDENCE, {"from": challenger})
            self.challenges[round_id, view["challengeCount"] + 1] = [OPEN, challenger.address]
            self.taken += BOND

    rule_challenge_again = rule_challenge

    def rule_decide(self, pick="st_pick", upheld="st_upheld"):
        """By the resolver while there is time, by anybody's lapse after it."""
        key = self.pick_open(PROPOSED, pick)
        if key is None:
            return
        challenge, proposer = self.challenges[key], self.who.proposer.address
        if now() >= self.system.rounds.challenges(*key).dict()["answerBy"]:
            self.system.rounds.lapse(*key, {"from": self.who.relayer})
            self.states[key[0]], challenge[0] = REJECTED, LAPSED
            self.owed[proposer] += BOND
            self.owed[challenge[1]] += BOND
            return
        self.system.rounds.resolve(*key, upheld, {"from": self.timelock})
        challenge[0] = UPHELD if upheld else REFUSED
        if upheld:
            self.states[key[0]] = REJECTED
        self.owed[challenge[1] if upheld else proposer] += 2 * BOND if upheld else BOND

    def rule_close(self, pick="st_pick"):
        key = self.pick_open(REJECTED, pick)
        if key is not None:
            self.system.rounds.closeChallenge(*key, {"from": self.who.relayer})
            self.challenges[key][0] = CLOSED
            self.owed[self.challenges[key][1]] += BOND

    def open_of(self, round_id):
        return sum(key[0] == round_id and state == OPEN for key, (state, _) in self.challenges.items())

    def rule_finalise(self, pick="st_pick"):
        round_id = self.pick_round(PROPOSED, pick)
        if round_id and now() >= self.system.rounds.rounds(round_id).dict()["challengeEndsAt"]:
            if self.open_of(round_id):
                return
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
        assert [view["openChallenges"] for view in views] == [self.open_of(i) for i in self.states]
        filed = [rounds.challenges(*key).dict() for key in self.challenges]
        assert [view["state"] for view in filed] == [state for state, _ in self.challenges.values()]
        held = sum(view["bond"] for view in views + filed)
        for account in self.accounts:
            assert rounds.bondOwed(account) == self.owed[account.address]
        assert self.taken == self.paid + held + sum(self.owed.values())
        assert self.system.token.balanceOf(rounds) == self.taken - self.paid

    def teardown(self):
        """No bond is held for ever: with time, anybody ends all that is open."""
        mine_at(now() + 35 * DAY)
        for _ in range(len(self.challenges)):
            self.rule_decide(0, False)
            self.rule_close(0)
        for _ in range(len(self.states)):
            self.rule_finalise(0)
        for pick in range(3):
            self.rule_claim_bond(pick)
        assert self.taken == self.paid and self.system.token.balanceOf(self.system.rounds) == 0


def test_bonds_are_conserved(system, who, timelock, state_machine):
    state_machine(Machine, system, who, timelock, settings={"max_examples": 6, "stateful_step_count": 15})
