"""challenge: a leaf is disputed under bond.

challenge
├── round not Proposed → WrongState
├── after the window → WindowClosed, whatever is open; in its last second → filed
├── no bond, or a token that delivers less → the token reverts, BondTooSmall
└── filed beside any others, numbered from 1 in each round, with 30 days for an answer
    └── only this round cannot be finalised
"""

import pytest

from tests.contracts.clock import DAY, forward, next_at, now
from tests.contracts.reverts import reverts
from tests.contracts.stake import (
    ARTISTS,
    BOND,
    EVIDENCE,
    OPEN,
    PROPOSED,
    REJECTED,
    TOKEN,
    challenge,
    fund,
    leaf,
    propose,
)


@pytest.fixture
def round_id(system, who):
    return propose(system, who, [(who.artist, TOKEN)])[0]


def test_filed(system, who, round_id):
    fund(system, who.challenger, BOND, system.rounds)
    at = now() + 50
    next_at(at)
    tx = system.rounds.challenge(round_id, who.artist, TOKEN, EVIDENCE, {"from": who.challenger})
    assert tx.return_value == 1
    event = tx.events["RoundChallenged"]
    assert (event["roundId"], event["challengeId"], event["challenger"]) == (round_id, 1, who.challenger)
    assert (event["account"], event["amount"], event["bond"]) == (who.artist, TOKEN, BOND)
    assert event["answerBy"] == at + 30 * DAY == at + system.rounds.ANSWER_PERIOD()
    assert system.rounds.challenges(round_id, 1) == (who.challenger, at + 30 * DAY, OPEN, BOND)
    assert system.token.balanceOf(system.rounds) == 2 * BOND


def test_beside_others(system, who, round_id):
    second_round, _ = propose(system, who, [(who.artist, TOKEN)])
    assert [challenge(system, who, round_id, c) for c in (who.challenger, who.other, who.challenger)] == [1, 2, 3]
    assert challenge(system, who, second_round) == 1
    view = system.rounds.rounds(round_id).dict()
    assert (view["state"], view["challengeCount"], view["openChallenges"]) == (PROPOSED, 3, 3)


def test_other_rounds_go_on(system, who, round_id):
    other_id, tree = propose(system, who, [(who.artist2, TOKEN)])
    challenge(system, who, round_id)
    forward(4 * DAY)
    with reverts("ChallengesOpen", round_id, 1):
        system.rounds.finalise(round_id, {"from": who.other})
    system.rounds.finalise(other_id, {"from": who.other})
    proof = tree.proof(leaf(other_id, who.artist2, TOKEN))
    system.rounds.claim(other_id, ARTISTS, who.artist2, TOKEN, proof, {"from": who.other})
    assert system.stake.totalSupply() == TOKEN


def test_after_the_window(system, who, round_id):
    """An open challenge makes it no longer: it took nobody's time away."""
    challenge(system, who, round_id)
    ends = system.rounds.rounds(round_id).dict()["challengeEndsAt"]
    next_at(ends + 1)
    with reverts("WindowClosed", ends, ends + 1):
        system.rounds.challenge(round_id, who.artist, TOKEN, EVIDENCE, {"from": who.challenger})


def test_last_second(system, who, round_id):
    ends = system.rounds.rounds(round_id).dict()["challengeEndsAt"]
    fund(system, who.challenger, BOND, system.rounds)
    next_at(ends)
    system.rounds.challenge(round_id, who.artist, TOKEN, EVIDENCE, {"from": who.challenger})


def test_wrong_states(system, who, timelock, round_id):
    with reverts("WrongState", 9, 0, PROPOSED):
        system.rounds.challenge(9, who.artist, TOKEN, EVIDENCE, {"from": who.challenger})
    system.rounds.resolve(round_id, challenge(system, who, round_id), True, {"from": timelock})
    with reverts("WrongState", round_id, REJECTED, PROPOSED):
        system.rounds.challenge(round_id, who.artist, TOKEN, EVIDENCE, {"from": who.challenger})


def test_without_bond(system, who, round_id):
    with reverts("ERC20InsufficientAllowance", system.rounds, 0, BOND):
        system.rounds.challenge(round_id, who.artist, TOKEN, EVIDENCE, {"from": who.challenger})


def test_fee_on_transfer(hostile, who):
    round_id, _ = propose(hostile, who, [(who.artist, TOKEN)])
    hostile.token.setFee(100, {"from": who.other})
    fund(hostile, who.challenger, BOND, hostile.rounds)
    with reverts("BondTooSmall", BOND * 99 // 100, BOND):
        hostile.rounds.challenge(round_id, who.artist, TOKEN, EVIDENCE, {"from": who.challenger})
