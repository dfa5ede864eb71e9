"""challenge and resolve: a leaf is disputed under bond; the resolver decides.

challenge
├── round not Proposed → WrongState
├── after the window → WindowClosed; in its last second → Challenged
├── no bond → the token reverts
└── Challenged: only this round is frozen
resolve
├── caller lacks RESOLVER_ROLE (test_permissions)
├── round not Challenged → WrongState
├── called back from the challenge's own payment → ReentrancyGuardReentrantCall
├── upheld → Rejected for good, both bonds owed to the challenger
└── not upheld → Proposed again with a fresh window, the challenger's bond owed to the proposer
"""

import brownie
import pytest

from tests.contracts.clock import DAY, forward, next_at, now
from tests.contracts.reverts import reverts
from tests.contracts.stake import BOND, TOKEN, fund, propose

EVIDENCE = b"\x66" * 32


@pytest.fixture
def round_id(system, who):
    return propose(system, who, [(who.artist, TOKEN)])[0]


def challenge(system, who, round_id):
    fund(system, who.challenger, BOND, system.rounds)
    return system.rounds.challenge(round_id, who.artist, TOKEN, EVIDENCE, {"from": who.challenger})


def test_freezes_this_round_only(system, who, round_id):
    other_id, _ = propose(system, who, [(who.artist2, TOKEN)])
    tx = challenge(system, who, round_id)
    assert tx.events["RoundChallenged"]["account"] == who.artist
    assert system.token.balanceOf(system.rounds) == 3 * BOND
    forward(4 * DAY)
    with reverts("WrongState", round_id, 2, 1):
        system.rounds.finalise(round_id, {"from": who.other})
    system.rounds.finalise(other_id, {"from": who.other})


def test_after_the_window(system, who, round_id):
    ends = system.rounds.rounds(round_id).dict()["challengeEndsAt"]
    next_at(ends + 1)
    with reverts("WindowClosed", ends, ends + 1):
        system.rounds.challenge(round_id, who.artist, TOKEN, EVIDENCE, {"from": who.challenger})


def test_last_second(system, who, round_id):
    ends = system.rounds.rounds(round_id).dict()["challengeEndsAt"]
    fund(system, who.challenger, BOND, system.rounds)
    next_at(ends)
    system.rounds.challenge(round_id, who.artist, TOKEN, EVIDENCE, {"from": who.challenger})


def test_wrong_states(system, who, round_id):
    with reverts("WrongState", 9, 0, 1):
        system.rounds.challenge(9, who.artist, TOKEN, EVIDENCE, {"from": who.challenger})
    challenge(system, who, round_id)
    with reverts("WrongState", round_id, 2, 1):
        challenge(system, who, round_id)


def test_without_bond(system, who, round_id):
    with reverts("ERC20InsufficientAllowance", system.rounds, 0, BOND):
        system.rounds.challenge(round_id, who.artist, TOKEN, EVIDENCE, {"from": who.challenger})


def test_upheld(system, who, timelock, round_id):
    challenge(system, who, round_id)
    tx = system.rounds.resolve(round_id, True, {"from": timelock})
    assert tx.events["ChallengeResolved"]["challengeEndsAt"] == 0
    assert system.rounds.rounds(round_id).dict()["state"] == 4
    system.rounds.claimBond(who.challenger, {"from": who.other})
    assert system.token.balanceOf(who.challenger) == 2 * BOND
    assert system.token.balanceOf(system.rounds) == 0
    forward(30 * DAY)
    with reverts("WrongState", round_id, 4, 1):
        system.rounds.finalise(round_id, {"from": who.other})
    with reverts("WrongState", round_id, 4, 3):
        system.rounds.claim(round_id, who.artist, TOKEN, [], {"from": who.artist})


def test_not_upheld(system, who, timelock, round_id):
    challenge(system, who, round_id)
    forward(20 * DAY)
    at = now() + 50
    next_at(at)
    system.rounds.resolve(round_id, False, {"from": timelock})
    assert system.rounds.bondOwed(who.proposer) == BOND
    ends = system.rounds.rounds(round_id).dict()["challengeEndsAt"]
    assert ends == at + 3 * DAY
    challenge(system, who, round_id)  # a sham challenge does not use up the window of a real one
    system.rounds.resolve(round_id, False, {"from": timelock})
    forward(3 * DAY + 1)
    system.rounds.finalise(round_id, {"from": who.other})
    assert system.rounds.bondOwed(who.proposer) == 3 * BOND == system.token.balanceOf(system.rounds)


def test_nothing_to_resolve(system, who, timelock, round_id):
    with reverts("WrongState", round_id, 1, 2):
        system.rounds.resolve(round_id, True, {"from": timelock})


def test_resolved_while_its_bond_is_being_paid(hostile, who):
    """Else the decision, waiting in the timelock, would find no bond yet: nobody would be owed it, ever."""
    round_id = propose(hostile, who, [(who.artist, TOKEN)])[0]
    governor = brownie.accounts.at(hostile.governor.address, force=True)
    operation = (hostile.rounds, 0, hostile.rounds.resolve.encode_input(round_id, True), b"\0" * 32, b"\0" * 32)
    hostile.timelock.schedule(*operation, 2 * DAY, {"from": governor})
    forward(2 * DAY)
    fund(hostile, who.challenger, BOND, hostile.rounds)
    execution = hostile.timelock.execute.encode_input(*operation)
    hostile.token.callDuringTransfer(hostile.timelock, execution, {"from": who.other})
    with reverts("ReentrancyGuardReentrantCall"):
        hostile.rounds.challenge(round_id, who.artist, TOKEN, EVIDENCE, {"from": who.challenger})
