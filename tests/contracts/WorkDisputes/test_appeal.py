"""appeal and decideAppeal: the side that lost takes the ruling to the timelock.

appeal
├── no evidence → EmptyEvidence
├── dispute not Decided → NotInState
├── not the side that lost → NotLoser
├── after the appeal period → TooLate; in its last second → Appealed
├── no bond → the token reverts
└── Appealed: one more bond held for the appellant, 30 days for the timelock
decideAppeal
├── caller lacks DEFAULT_ADMIN_ROLE (test_permissions)
├── dispute not Appealed → NotInState
├── after the period → TooLate; in its last second → Final
└── Final: its ruling is the dispute's, whatever the first was
"""

import brownie
import pytest

from tests.contracts.clock import next_at
from tests.contracts.disputes import (
    ANSWERED,
    APPEALED,
    CLOSED,
    DECIDED,
    DECISION,
    EVIDENCE,
    FINAL,
    answered,
    appealed,
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
    dispute = opened(system, who.challenger)
    answered(system, dispute, who.artist)
    return dispute


def sides(who, upheld):
    """(winner, loser) of a ruling."""
    return (who.challenger, who.artist) if upheld else (who.artist, who.challenger)


@pytest.mark.parametrize("upheld", [True, False])
def test_appealed_by_the_loser_only(system, who, dispute, upheld):
    decided(system, dispute, upheld)
    winner, loser = sides(who, upheld)
    for stranger in (winner, who.other):
        with reverts("NotLoser", dispute, loser, stranger):
            system.disputes.appeal(dispute, EVIDENCE, {"from": stranger})
    appealed(system, dispute, loser)
    d = view(system, dispute)
    assert d["state"] == APPEALED
    assert (d["claimantBond"], d["respondentBond"]) == ((BOND, 2 * BOND) if upheld else (2 * BOND, BOND))
    assert_bonds(system)


def test_loser_who_never_answered(system, who):
    """May appeal: the first bond that it risks."""
    register(system, who.artist)
    dispute = opened(system, who.challenger)
    decided(system, dispute, True)
    appealed(system, dispute, who.artist)
    assert view(system, dispute)["respondentBond"] == BOND


def test_the_last_second(system, who, dispute):
    decided(system, dispute, True)
    until = view(system, dispute)["until"]
    fund(system, who.artist, BOND, system.disputes)
    next_at(until)
    with reverts("TooEarly", dispute, until, until):
        system.disputes.execute(dispute, {"from": who.other})
    next_at(until)
    tx = system.disputes.appeal(dispute, EVIDENCE, {"from": who.artist})
    assert tx.events["DisputeAppealed"]["decideBy"] == until + DECISION == view(system, dispute)["until"]


def test_too_late(system, who, dispute):
    decided(system, dispute, True)
    until = view(system, dispute)["until"]
    next_at(until + 1)
    with reverts("TooLate", dispute, until, until + 1):
        system.disputes.appeal(dispute, EVIDENCE, {"from": who.artist})


def test_states(system, who, timelock, dispute):
    with reverts("NotInState", dispute, ANSWERED):
        system.disputes.appeal(dispute, EVIDENCE, {"from": who.artist})
    decided(system, dispute, True)
    with reverts("NotInState", dispute, DECIDED):
        system.disputes.decideAppeal(dispute, False, {"from": timelock})
    appealed(system, dispute, who.artist)
    with reverts("NotInState", dispute, APPEALED):
        system.disputes.appeal(dispute, EVIDENCE, {"from": who.artist})
    system.disputes.decideAppeal(dispute, True, {"from": timelock})
    for call in (lambda: system.disputes.decideAppeal(dispute, False, {"from": timelock}),
                 lambda: system.disputes.appeal(dispute, EVIDENCE, {"from": who.artist})):
        with reverts("NotInState", dispute, FINAL):
            call()
    executed(system, dispute, who.other)
    with reverts("NotInState", dispute, CLOSED):
        system.disputes.appeal(dispute, EVIDENCE, {"from": who.artist})


def test_without_evidence_or_bond(system, who, dispute):
    decided(system, dispute, True)
    with reverts("EmptyEvidence"):
        system.disputes.appeal(dispute, b"\0" * 32, {"from": who.artist})
    with brownie.reverts():
        system.disputes.appeal(dispute, EVIDENCE, {"from": who.artist})
    assert view(system, dispute)["state"] == DECIDED


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("second", [True, False])
def test_the_last_word(system, who, timelock, dispute, first, second):
    decided(system, dispute, first)
    appealed(system, dispute, sides(who, first)[1])
    tx = system.disputes.decideAppeal(dispute, second, {"from": timelock})
    assert tx.events["AppealDecided"]["upheld"] == second == view(system, dispute)["upheld"]
    assert view(system, dispute)["state"] == FINAL


def test_the_timelocks_last_second(system, who, timelock, dispute):
    decided(system, dispute, True)
    appealed(system, dispute, who.artist)
    until = view(system, dispute)["until"]
    next_at(until)
    with reverts("TooEarly", dispute, until, until):
        system.disputes.execute(dispute, {"from": who.other})
    next_at(until)
    system.disputes.decideAppeal(dispute, False, {"from": timelock})


def test_the_timelock_too_late(system, who, timelock, dispute):
    decided(system, dispute, True)
    appealed(system, dispute, who.artist)
    until = view(system, dispute)["until"]
    next_at(until + 1)
    with reverts("TooLate", dispute, until, until + 1):
        system.disputes.decideAppeal(dispute, False, {"from": timelock})
