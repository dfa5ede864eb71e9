"""decide and lapse: the resolver's ruling, or nobody's.

decide
├── caller lacks RESOLVER_ROLE (test_permissions)
├── dispute not Open or Answered → NotInState
├── Open and the answer period still runs → TooEarly
├── after the time for the decision → TooLate
├── called back from a bond's own payment → ReentrancyGuardReentrantCall
└── Decided: seven days for an appeal, no money moves
lapse
├── dispute not Open or Answered → NotInState
├── until the end of the time for the decision → TooEarly
└── Closed: the record as before, each side is owed its own bond
    ├── not answered: the claimant's alone
    └── answered: both
"""

import brownie
import pytest

from tests.contracts.clock import DAY, forward, next_at, now
from tests.contracts.disputes import (
    APPEAL,
    CLOSED,
    CONTENT,
    DECIDED,
    DECISION,
    EVIDENCE,
    answered,
    assert_bonds,
    decided,
    opened,
    register,
    resolver,
    view,
)
from tests.contracts.reverts import reverts
from tests.contracts.stake import BOND, fund


@pytest.fixture
def dispute(system, who):
    register(system, who.artist)
    return opened(system, who.challenger)


def test_while_the_artist_may_answer(system, who, timelock, dispute):
    until = view(system, dispute)["until"]
    next_at(until)
    with reverts("TooEarly", dispute, until, until):
        system.disputes.decide(dispute, True, {"from": timelock})
    next_at(until + 1)
    system.disputes.decide(dispute, True, {"from": timelock})


def test_at_once_when_answered(system, who, timelock, dispute):
    answered(system, dispute, who.artist)
    at = now() + 50
    next_at(at)
    tx = system.disputes.decide(dispute, True, {"from": timelock})
    assert tx.events["DisputeDecided"]["appealBy"] == at + APPEAL
    d = view(system, dispute)
    assert (d["state"], d["upheld"], d["until"]) == (DECIDED, True, at + APPEAL)
    assert (d["claimantBond"], d["respondentBond"]) == (BOND, BOND)
    assert system.registry.recordOf(CONTENT)[0] == who.artist


def test_silence_alone_does_not_lose_a_work(system, who, dispute):
    decided(system, dispute, False)
    assert (view(system, dispute)["state"], view(system, dispute)["upheld"]) == (DECIDED, False)


@pytest.mark.parametrize("with_answer", [False, True])
def test_the_last_second_is_the_resolvers(system, who, timelock, dispute, with_answer):
    by = view(system, dispute)["until"] + DECISION
    if with_answer:
        answered(system, dispute, who.artist)
    next_at(by)
    with reverts("TooEarly", dispute, by, by):
        system.disputes.lapse(dispute, {"from": who.other})
    next_at(by)
    system.disputes.decide(dispute, True, {"from": timelock})


@pytest.mark.parametrize("with_answer", [False, True])
def test_the_second_after_is_everybodys(system, who, timelock, dispute, with_answer):
    by = view(system, dispute)["until"] + DECISION
    if with_answer:
        answered(system, dispute, who.artist)
    next_at(by + 1)
    with reverts("TooLate", dispute, by, by + 1):
        system.disputes.decide(dispute, True, {"from": timelock})
    tx = system.disputes.lapse(dispute, {"from": who.other})
    assert tx.events["DisputeLapsed"]["disputeId"] == dispute
    assert view(system, dispute)["state"] == CLOSED
    assert system.disputes.bondOwed(who.challenger) == BOND
    assert system.disputes.bondOwed(who.artist) == (BOND if with_answer else 0)
    assert system.registry.recordOf(CONTENT)[0] == who.artist
    assert system.registry.recordOf(CONTENT)[2:] == (1, False)
    assert_bonds(system, who.challenger, who.artist)


def test_an_answer_in_the_last_second_takes_no_time_from_the_resolver(system, who, dispute):
    until = view(system, dispute)["until"]
    fund(system, who.artist, BOND, system.disputes)
    next_at(until)
    system.disputes.answer(dispute, EVIDENCE, {"from": who.artist})
    assert view(system, dispute)["until"] == until + DECISION


def test_once_only(system, who, timelock, dispute):
    decided(system, dispute, True)
    for call in (lambda: system.disputes.decide(dispute, False, {"from": timelock}),
                 lambda: system.disputes.lapse(dispute, {"from": who.other})):
        forward(40 * DAY)
        with reverts("NotInState", dispute, DECIDED):
            call()


def test_lapsed_twice(system, who, timelock, dispute):
    forward(38 * DAY)
    system.disputes.lapse(dispute, {"from": who.other})
    with reverts("NotInState", dispute, CLOSED):
        system.disputes.lapse(dispute, {"from": who.other})
    with reverts("NotInState", dispute, CLOSED):
        system.disputes.decide(dispute, True, {"from": timelock})
    with reverts("NotInState", dispute, CLOSED):
        system.disputes.execute(dispute, {"from": who.other})
    assert system.disputes.bondOwed(who.challenger) == BOND


def test_decided_while_a_bond_is_being_paid(hostile, who):
    """A decision that waits in the timelock must not meet a dispute whose bond has not arrived."""
    register(hostile, who.artist)
    dispute = opened(hostile, who.challenger)
    fund(hostile, who.artist, BOND, hostile.disputes)
    governor = brownie.accounts.at(hostile.governor.address, force=True)
    call = hostile.disputes.decide.encode_input(dispute, True)
    operation = (hostile.disputes, 0, call, b"\0" * 32, b"\0" * 32)
    hostile.timelock.schedule(*operation, 2 * DAY, {"from": governor})
    forward(2 * DAY)
    execution = hostile.timelock.execute.encode_input(*operation)
    hostile.token.callDuringTransfer(hostile.timelock, execution, {"from": who.other})
    with reverts("ReentrancyGuardReentrantCall"):
        hostile.disputes.answer(dispute, EVIDENCE, {"from": who.artist})


def test_resolver_named_by_the_timelock(system, who, timelock, dispute):
    """A panel may decide; appeals stay with the timelock."""
    system.disputes.grantRole(system.disputes.RESOLVER_ROLE(), who.other, {"from": timelock})
    answered(system, dispute, who.artist)
    system.disputes.decide(dispute, True, {"from": who.other})
    with brownie.reverts():
        system.disputes.decideAppeal(dispute, True, {"from": who.other})
    assert resolver(system) == timelock
