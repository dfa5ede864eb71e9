"""lapse: a challenge that the resolver never answers holds no bond for ever.

lapse
├── round not Proposed → WrongState
├── challenge unknown or over → ChallengeNotOpen
├── until the challenge's answerBy → AnswerStillDue, while resolve decides
└── after it, by anyone: Rejected, each side is owed its own bond; resolve → AnswerTooLate
    ├── the first round of all, when there is no stake and so nobody who could vote
    ├── each challenge has its own time
    └── what else is open can be closed
"""

import pytest

from tests.contracts.clock import DAY, forward, next_at, now
from tests.contracts.reverts import reverts
from tests.contracts.stake import (
    ARTISTS,
    BOND,
    EVIDENCE,
    FINALISED,
    PROPOSED,
    REFUSED,
    REJECTED,
    TOKEN,
    challenge,
    propose,
)

PERIOD_S = 30 * DAY


@pytest.fixture
def challenged(system, who):
    """A challenged round; its id and the last second for an answer."""
    round_id, _ = propose(system, who, [(who.artist, TOKEN)])
    return round_id, filed(system, who, round_id)


def filed(system, who, round_id, challenger=None):
    """The last second for an answer to a new challenge."""
    challenge_id = challenge(system, who, round_id, challenger)
    answer_by = system.rounds.challenges(round_id, challenge_id).dict()["answerBy"]
    assert answer_by == now() + PERIOD_S
    return answer_by


def test_before_there_is_any_stake(system, who, challenged):
    """Nobody can vote: without this 100 dUSD of anybody's would freeze 200 for ever."""
    round_id, answer_by = challenged
    assert system.stake.totalSupply() == 0
    next_at(answer_by + 1)
    tx = system.rounds.lapse(round_id, 1, {"from": who.other})
    event = tx.events["ChallengeLapsed"]
    assert (event["roundId"], event["challengeId"]) == (round_id, 1)
    assert system.rounds.rounds(round_id).dict()["state"] == REJECTED
    for account in (who.proposer, who.challenger):
        system.rounds.claimBond(account, {"from": who.other})
        assert system.token.balanceOf(account) == BOND
    assert system.token.balanceOf(system.rounds) == 0


def test_mints_nothing(system, who, challenged):
    round_id, answer_by = challenged
    next_at(answer_by + 1)
    system.rounds.lapse(round_id, 1, {"from": who.other})
    forward(30 * DAY)
    with reverts("WrongState", round_id, REJECTED, PROPOSED):
        system.rounds.finalise(round_id, {"from": who.other})
    with reverts("WrongState", round_id, REJECTED, PROPOSED):
        system.rounds.challenge(round_id, who.artist, TOKEN, EVIDENCE, {"from": who.challenger})
    with reverts("WrongState", round_id, REJECTED, FINALISED):
        system.rounds.claim(round_id, ARTISTS, who.artist, TOKEN, [], {"from": who.other})
    with reverts("WrongState", round_id, REJECTED, PROPOSED):
        system.rounds.lapse(round_id, 1, {"from": who.other})


def test_the_last_second_is_the_resolvers(system, who, timelock, challenged):
    round_id, answer_by = challenged
    next_at(answer_by)
    with reverts("AnswerStillDue", answer_by, answer_by):
        system.rounds.lapse(round_id, 1, {"from": who.other})
    next_at(answer_by)
    system.rounds.resolve(round_id, 1, True, {"from": timelock})
    assert system.rounds.bondOwed(who.challenger) == 2 * BOND


def test_the_second_after_is_everybodys(system, who, timelock, challenged):
    round_id, answer_by = challenged
    next_at(answer_by + 1)
    with reverts("AnswerTooLate", answer_by, answer_by + 1):
        system.rounds.resolve(round_id, 1, True, {"from": timelock})
    system.rounds.lapse(round_id, 1, {"from": who.other})


def test_each_has_its_own_time(system, who, timelock, challenged):
    round_id, first_by = challenged
    forward(2 * DAY)
    second_by = filed(system, who, round_id, who.other)
    assert second_by >= first_by + 2 * DAY
    system.rounds.resolve(round_id, 1, False, {"from": timelock})
    with reverts("ChallengeNotOpen", round_id, 1, REFUSED):
        system.rounds.lapse(round_id, 1, {"from": who.other})
    with reverts("ChallengeNotOpen", round_id, 3, 0):
        system.rounds.lapse(round_id, 3, {"from": who.other})
    next_at(second_by)
    with reverts("AnswerStillDue", second_by, second_by):
        system.rounds.lapse(round_id, 2, {"from": who.other})
    next_at(second_by + 1)
    system.rounds.lapse(round_id, 2, {"from": who.other})
    assert system.rounds.bondOwed(who.proposer) == 2 * BOND  # its own, and that of the challenge turned down
    assert system.rounds.bondOwed(who.other) == BOND


def test_others_are_closed(system, who, challenged):
    round_id, answer_by = challenged
    forward(DAY)
    challenge(system, who, round_id, who.other)
    next_at(answer_by + 1)
    system.rounds.lapse(round_id, 1, {"from": who.relayer})
    system.rounds.closeChallenge(round_id, 2, {"from": who.relayer})
    assert [system.rounds.bondOwed(a) for a in (who.proposer, who.challenger, who.other)] == [BOND] * 3
    assert system.token.balanceOf(system.rounds) == 3 * BOND
