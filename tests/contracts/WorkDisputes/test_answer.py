"""answer: the artist's evidence, under an equal bond.

answer
├── no evidence → EmptyEvidence
├── unknown, answered or decided dispute → NotInState
├── not the respondent, also when it is the work's artist by now → NotRespondent
├── after the period → TooLate; in its last second → Answered
├── no bond → the token reverts; less than the bond arrives → BondTooSmall
└── Answered: the resolver may decide at once, and has until 30 days after the answer period
"""

import brownie
import pytest

from tests.contracts.clock import next_at
from tests.contracts.disputes import (
    ANSWERED,
    DECISION,
    EVIDENCE,
    NONE,
    OPEN,
    answered,
    assert_bonds,
    decided,
    executed,
    opened,
    register,
    view,
)
from tests.contracts.reverts import reverts
from tests.contracts.stake import BOND, fund


@pytest.fixture
def dispute(system, who):
    register(system, who.artist)
    return opened(system, who.challenger)


def test_answered(system, who, dispute):
    until = view(system, dispute)["until"]
    fund(system, who.artist, BOND, system.disputes)
    tx = system.disputes.answer(dispute, EVIDENCE, {"from": who.artist})
    assert tx.events["DisputeAnswered"]["decideBy"] == until + DECISION
    d = view(system, dispute)
    assert (d["state"], d["until"], d["respondentBond"]) == (ANSWERED, until + DECISION, BOND)
    assert_bonds(system)


def test_the_last_second(system, who, dispute):
    until = view(system, dispute)["until"]
    fund(system, who.artist, BOND, system.disputes)
    next_at(until)
    system.disputes.answer(dispute, EVIDENCE, {"from": who.artist})


def test_too_late(system, who, dispute):
    until = view(system, dispute)["until"]
    next_at(until + 1)
    with reverts("TooLate", dispute, until, until + 1):
        system.disputes.answer(dispute, EVIDENCE, {"from": who.artist})
    assert view(system, dispute)["state"] == OPEN


def test_not_the_respondent(system, who, dispute):
    with reverts("NotRespondent", dispute, who.artist, who.challenger):
        system.disputes.answer(dispute, EVIDENCE, {"from": who.challenger})


def test_artist_by_another_dispute(system, who, dispute):
    """The dispute is about what the first artist did: who holds the work since has no part in it."""
    first = opened(system, who.other)
    decided(system, first, True)
    executed(system, first, who.other)
    late = opened(system, who.challenger)
    with reverts("NotRespondent", late, who.other, who.artist):
        system.disputes.answer(late, EVIDENCE, {"from": who.artist})
    with reverts("NotRespondent", dispute, who.artist, who.other):
        system.disputes.answer(dispute, EVIDENCE, {"from": who.other})


def test_states(system, who, dispute):
    with reverts("NotInState", 9, NONE):
        system.disputes.answer(9, EVIDENCE, {"from": who.artist})
    answered(system, dispute, who.artist)
    with reverts("NotInState", dispute, ANSWERED):
        system.disputes.answer(dispute, EVIDENCE, {"from": who.artist})


def test_without_evidence(system, who, dispute):
    with reverts("EmptyEvidence"):
        system.disputes.answer(dispute, b"\0" * 32, {"from": who.artist})


def test_without_the_bond(system, who, dispute):
    with brownie.reverts():
        system.disputes.answer(dispute, EVIDENCE, {"from": who.artist})
    assert view(system, dispute)["state"] == OPEN


def test_token_with_a_fee(hostile, who):
    register(hostile, who.artist)
    dispute = opened(hostile, who.challenger)
    fund(hostile, who.artist, BOND, hostile.disputes)
    hostile.token.setFee(1, {"from": who.other})
    with reverts("BondTooSmall", BOND * 9_999 // 10_000, BOND):
        hostile.disputes.answer(dispute, EVIDENCE, {"from": who.artist})
