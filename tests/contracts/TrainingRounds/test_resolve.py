"""resolve and closeChallenge: each challenge is decided by itself.

resolve
├── caller is neither RESOLVER_ROLE nor, while there is no stake, the bootstrap resolver (test_permissions)
│   └── the bootstrap resolver once there is stake → AccessControlUnauthorizedAccount, for ever
├── round not Proposed → WrongState
├── challenge unknown or over → ChallengeNotOpen
├── after its answerBy → AnswerTooLate (test_lapse)
├── called back from the challenge's own payment → ReentrancyGuardReentrantCall
├── upheld → Rejected for good, the proposer's bond and its own owed to this challenger
└── not upheld → its bond owed to the proposer; the round may be finalised once none is open
closeChallenge
├── round not Rejected → WrongState
├── challenge unknown or over → ChallengeNotOpen
└── its own bond owed to the challenger
"""

import brownie
import pytest

from tests.contracts.clock import DAY, forward
from tests.contracts.reverts import reverts
from tests.contracts.stake import (
    ARTISTS,
    BOND,
    CLOSED,
    EVIDENCE,
    FINALISED,
    OPEN,
    PROPOSED,
    REFUSED,
    REJECTED,
    TOKEN,
    UPHELD,
    challenge,
    fund,
    mint,
    propose,
)


@pytest.fixture
def round_id(system, who):
    return propose(system, who, [(who.artist, TOKEN)])[0]


def state_of(system, round_id, challenge_id):
    return system.rounds.challenges(round_id, challenge_id).dict()["state"]


def test_upheld(system, who, timelock, round_id):
    challenge_id = challenge(system, who, round_id)
    tx = system.rounds.resolve(round_id, challenge_id, True, {"from": timelock})
    event = tx.events["ChallengeResolved"]
    assert (event["roundId"], event["challengeId"], event["upheld"]) == (round_id, challenge_id, True)
    assert state_of(system, round_id, challenge_id) == UPHELD
    assert system.rounds.rounds(round_id).dict()["state"] == REJECTED
    system.rounds.claimBond(who.challenger, {"from": who.other})
    assert system.token.balanceOf(who.challenger) == 2 * BOND
    assert system.token.balanceOf(system.rounds) == 0
    forward(30 * DAY)
    with reverts("WrongState", round_id, REJECTED, PROPOSED):
        system.rounds.finalise(round_id, {"from": who.other})
    with reverts("WrongState", round_id, REJECTED, FINALISED):
        system.rounds.claim(round_id, ARTISTS, who.artist, TOKEN, [], {"from": who.artist})


def test_refused(system, who, timelock, round_id):
    challenge_id = challenge(system, who, round_id)
    ends = system.rounds.rounds(round_id).dict()["challengeEndsAt"]
    forward(20 * DAY)
    system.rounds.resolve(round_id, challenge_id, False, {"from": timelock})
    assert state_of(system, round_id, challenge_id) == REFUSED
    assert system.rounds.bondOwed(who.proposer) == BOND
    assert system.rounds.rounds(round_id).dict()["challengeEndsAt"] == ends  # no fresh window
    system.rounds.finalise(round_id, {"from": who.other})
    assert system.rounds.bondOwed(who.proposer) == 2 * BOND == system.token.balanceOf(system.rounds)


def test_refused_within_the_window(system, who, timelock, round_id):
    """Another may still be filed until the window's end, and nothing is final before it."""
    system.rounds.resolve(round_id, challenge(system, who, round_id), False, {"from": timelock})
    ends = system.rounds.rounds(round_id).dict()["challengeEndsAt"]
    with pytest.raises(brownie.exceptions.VirtualMachineError, match=f"WindowOpen: {ends}"):
        system.rounds.finalise(round_id, {"from": who.other})
    system.rounds.resolve(round_id, challenge(system, who, round_id, who.other), True, {"from": timelock})
    assert system.rounds.bondOwed(who.other) == 2 * BOND
    assert system.rounds.bondOwed(who.proposer) == BOND


def test_one_of_three_upheld(system, who, timelock, round_id):
    """First one refused, then one upheld; the third, open still, gets its own bond back."""
    first, second, third = (challenge(system, who, round_id, c) for c in (who.buyer, who.challenger, who.other))
    system.rounds.resolve(round_id, first, False, {"from": timelock})
    forward(4 * DAY)
    with reverts("ChallengesOpen", round_id, 2):
        system.rounds.finalise(round_id, {"from": who.other})
    system.rounds.resolve(round_id, second, True, {"from": timelock})
    for owed, account in ((BOND, who.proposer), (0, who.buyer), (2 * BOND, who.challenger), (0, who.other)):
        assert system.rounds.bondOwed(account) == owed
    with reverts("WrongState", round_id, REJECTED, PROPOSED):
        system.rounds.resolve(round_id, third, True, {"from": timelock})
    tx = system.rounds.closeChallenge(round_id, third, {"from": who.relayer})
    assert tx.events["ChallengeClosed"]["challengeId"] == third
    assert state_of(system, round_id, third) == CLOSED
    assert system.rounds.bondOwed(who.other) == BOND
    assert system.token.balanceOf(system.rounds) == 4 * BOND
    assert system.rounds.rounds(round_id).dict()["openChallenges"] == 0


def test_close_what_is_not_open(system, who, timelock, round_id):
    first, second = (challenge(system, who, round_id, c) for c in (who.buyer, who.challenger))
    with reverts("WrongState", round_id, PROPOSED, REJECTED):
        system.rounds.closeChallenge(round_id, first, {"from": who.buyer})
    system.rounds.resolve(round_id, second, True, {"from": timelock})
    system.rounds.closeChallenge(round_id, first, {"from": who.buyer})
    for challenge_id, state in ((first, CLOSED), (second, UPHELD), (3, 0)):
        with reverts("ChallengeNotOpen", round_id, challenge_id, state):
            system.rounds.closeChallenge(round_id, challenge_id, {"from": who.buyer})
    assert system.rounds.bondOwed(who.buyer) == BOND


def test_nothing_to_resolve(system, who, timelock, round_id):
    with reverts("ChallengeNotOpen", round_id, 1, 0):
        system.rounds.resolve(round_id, 1, True, {"from": timelock})
    with reverts("WrongState", 9, 0, PROPOSED):
        system.rounds.resolve(9, 1, True, {"from": timelock})
    challenge_id = challenge(system, who, round_id)
    system.rounds.resolve(round_id, challenge_id, False, {"from": timelock})
    with reverts("ChallengeNotOpen", round_id, challenge_id, REFUSED):
        system.rounds.resolve(round_id, challenge_id, True, {"from": timelock})


def test_bootstrap_resolver_until_there_is_stake(system, who, timelock):
    """Without stake nobody can vote; with it the holders alone decide."""
    first, _ = propose(system, who, [(who.artist, TOKEN)])
    waiting = challenge(system, who, first)
    system.rounds.resolve(first, challenge(system, who, first, who.other), False, {"from": who.resolver})
    mint(system, who, [(who.artist2, 1)])
    role = str(system.rounds.RESOLVER_ROLE())
    for upheld in (True, False):
        with reverts("AccessControlUnauthorizedAccount", who.resolver, role):
            system.rounds.resolve(first, waiting, upheld, {"from": who.resolver})
    assert state_of(system, first, waiting) == OPEN
    system.rounds.resolve(first, waiting, True, {"from": timelock})


def test_timelock_may_resolve_from_the_start(system, who, timelock, round_id):
    assert system.stake.totalSupply() == 0
    system.rounds.resolve(round_id, challenge(system, who, round_id), True, {"from": timelock})


def test_resolved_while_its_bond_is_being_paid(hostile, who):
    """Else the decision, waiting in the timelock, would find no bond yet: nobody would be owed it, ever."""
    round_id = propose(hostile, who, [(who.artist, TOKEN)])[0]
    governor = brownie.accounts.at(hostile.governor.address, force=True)
    decision = hostile.rounds.resolve.encode_input(round_id, 1, True)
    operation = (hostile.rounds, 0, decision, b"\0" * 32, b"\0" * 32)
    hostile.timelock.schedule(*operation, 2 * DAY, {"from": governor})
    forward(2 * DAY)
    fund(hostile, who.challenger, BOND, hostile.rounds)
    execution = hostile.timelock.execute.encode_input(*operation)
    hostile.token.callDuringTransfer(hostile.timelock, execution, {"from": who.other})
    with reverts("ReentrancyGuardReentrantCall"):
        hostile.rounds.challenge(round_id, who.artist, TOKEN, EVIDENCE, {"from": who.challenger})
