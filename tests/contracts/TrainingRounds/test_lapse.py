"""lapse: a challenge that the resolver never answers holds no bond for ever.

lapse
├── round not Challenged → WrongState
├── until the round's answerBy → AnswerStillDue, while resolve decides
└── after it, by anyone: Rejected, each side is owed its own bond; resolve → AnswerTooLate
    ├── the first round of all, when there is no stake and so nobody who could vote
    └── a round challenged again after a challenge was turned down has the whole time again
"""

import pytest

from tests.contracts.clock import DAY, forward, next_at, now
from tests.contracts.reverts import reverts
from tests.contracts.stake import BOND, TOKEN, fund, leaf, propose

PERIOD_S = 30 * DAY


@pytest.fixture
def challenged(system, who):
    """A challenged round; its id and the last second for an answer."""
    round_id, _ = propose(system, who, [(who.artist, TOKEN)])
    return round_id, challenge(system, who, round_id)


def challenge(system, who, round_id):
    fund(system, who.challenger, BOND, system.rounds)
    system.rounds.challenge(round_id, who.artist, TOKEN, b"\x66" * 32, {"from": who.challenger})
    answer_by = system.rounds.rounds(round_id).dict()["answerBy"]
    assert answer_by == now() + PERIOD_S == now() + system.rounds.ANSWER_PERIOD()
    return answer_by


def test_before_there_is_any_stake(system, who, challenged):
    """Nobody can vote, so nobody can resolve: without this 100 dUSD of anybody's would freeze 200 for ever."""
    round_id, answer_by = challenged
    assert system.stake.totalSupply() == 0
    next_at(answer_by + 1)
    tx = system.rounds.lapse(round_id, {"from": who.other})
    assert tx.events["ChallengeLapsed"]["roundId"] == round_id
    assert system.rounds.rounds(round_id).dict()["state"] == 4
    for account in (who.proposer, who.challenger):
        system.rounds.claimBond(account, {"from": who.other})
        assert system.token.balanceOf(account) == BOND
    assert system.token.balanceOf(system.rounds) == 0


def test_mints_nothing(system, who, challenged):
    round_id, answer_by = challenged
    next_at(answer_by + 1)
    system.rounds.lapse(round_id, {"from": who.other})
    forward(30 * DAY)
    with reverts("WrongState", round_id, 4, 1):
        system.rounds.finalise(round_id, {"from": who.other})
    with reverts("WrongState", round_id, 4, 1):
        system.rounds.challenge(round_id, who.artist, TOKEN, b"\x66" * 32, {"from": who.challenger})
    with reverts("WrongState", round_id, 4, 3):
        system.rounds.claim(round_id, who.artist, TOKEN, [], {"from": who.other})
    with reverts("WrongState", round_id, 4, 2):
        system.rounds.lapse(round_id, {"from": who.other})


def test_the_last_second_is_the_resolvers(system, who, timelock, challenged):
    round_id, answer_by = challenged
    next_at(answer_by)
    with reverts("AnswerStillDue", answer_by, answer_by):
        system.rounds.lapse(round_id, {"from": who.other})
    next_at(answer_by)
    system.rounds.resolve(round_id, True, {"from": timelock})
    assert system.rounds.bondOwed(who.challenger) == 2 * BOND


def test_the_second_after_is_everybodys(system, who, timelock, challenged):
    round_id, answer_by = challenged
    next_at(answer_by + 1)
    with reverts("AnswerTooLate", answer_by, answer_by + 1):
        system.rounds.resolve(round_id, True, {"from": timelock})
    system.rounds.lapse(round_id, {"from": who.other})


def test_challenged_again(system, who, timelock, challenged):
    round_id, _ = challenged
    forward(20 * DAY)
    system.rounds.resolve(round_id, False, {"from": timelock})
    assert system.rounds.rounds(round_id).dict()["answerBy"] == 0
    with reverts("WrongState", round_id, 1, 2):
        system.rounds.lapse(round_id, {"from": who.other})
    answer_by = challenge(system, who, round_id)
    next_at(answer_by + 1)
    system.rounds.lapse(round_id, {"from": who.other})
    assert system.rounds.bondOwed(who.proposer) == 2 * BOND  # its own, and that of the challenge turned down
    assert system.rounds.bondOwed(who.challenger) == BOND
    assert system.token.balanceOf(system.rounds) == 3 * BOND


def test_blocks_no_other_round(system, who, challenged):
    other_id, tree = propose(system, who, [(who.artist2, TOKEN)])
    forward(4 * DAY)
    system.rounds.finalise(other_id, {"from": who.other})
    proof = tree.proof(leaf(other_id, who.artist2, TOKEN))
    system.rounds.claim(other_id, who.artist2, TOKEN, proof, {"from": who.other})
    assert system.stake.totalSupply() == TOKEN
