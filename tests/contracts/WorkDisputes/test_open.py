"""open: a claim about a work, under bond.

open
├── no evidence → EmptyEvidence
├── no such work → UnknownWork
├── revocation of a revoked work → RevokedAlready; its authorship can be disputed
├── no bond → the token reverts; less than the bond arrives → BondTooSmall
└── Open: respondent is the artist of this moment, the bond held, seven days for the answer
    ├── several at once about one work, each with its own bond
    └── the bond is that of the rules in force, also for all later bonds of the dispute
"""

import brownie
import pytest

from tests.contracts.clock import DAY, forward, next_at, now
from tests.contracts.disputes import (
    ANSWER,
    AUTHORSHIP,
    CONTENT,
    EVIDENCE,
    OPEN,
    REVOCATION,
    answered,
    assert_bonds,
    decided,
    executed,
    opened,
    register,
    view,
)
from tests.contracts.reverts import reverts
from tests.contracts.rules import changed
from tests.contracts.stake import BOND, fund
from tests.contracts.works import work


@pytest.mark.parametrize("kind", [AUTHORSHIP, REVOCATION])
def test_opened(system, who, kind):
    register(system, who.artist)
    fund(system, who.challenger, BOND, system.disputes)
    at = now() + 50
    next_at(at)
    tx = system.disputes.open(CONTENT, kind, EVIDENCE, {"from": who.challenger})
    event = tx.events["DisputeOpened"]
    assert (event["claimant"], event["respondent"], event["kind"]) == (who.challenger, who.artist, kind)
    assert (event["answerBy"], event["bond"]) == (at + ANSWER, BOND) == (at + system.disputes.ANSWER_PERIOD(), BOND)
    d = view(system, tx.return_value)
    assert (d["state"], d["until"], d["upheld"], d["rulesVersion"]) == (OPEN, at + ANSWER, False, 1)
    assert (d["claimantBond"], d["respondentBond"]) == (BOND, 0)
    assert system.token.balanceOf(system.disputes) == BOND


def test_without_evidence(system, who):
    register(system, who.artist)
    with reverts("EmptyEvidence"):
        system.disputes.open(CONTENT, AUTHORSHIP, b"\0" * 32, {"from": who.challenger})


def test_unknown_work(system, who):
    with reverts("UnknownWork", work(9)[0]):
        system.disputes.open(work(9)[0], AUTHORSHIP, EVIDENCE, {"from": who.challenger})


def test_unknown_kind(system, who):
    register(system, who.artist)
    with brownie.reverts():
        system.disputes.open(CONTENT, 2, EVIDENCE, {"from": who.challenger})


def test_revoked_work(system, who):
    register(system, who.artist)
    dispute = opened(system, who.challenger, kind=REVOCATION)
    decided(system, dispute, True)
    executed(system, dispute, who.other)
    with reverts("RevokedAlready", CONTENT):
        system.disputes.open(CONTENT, REVOCATION, EVIDENCE, {"from": who.challenger})
    assert view(system, opened(system, who.challenger))["state"] == OPEN


def test_without_the_bond(system, who):
    register(system, who.artist)
    fund(system, who.challenger, BOND - 1, system.disputes)
    with brownie.reverts():
        system.disputes.open(CONTENT, AUTHORSHIP, EVIDENCE, {"from": who.challenger})
    assert system.disputes.nextDisputeId() == 1


def test_token_with_a_fee(hostile, who):
    register(hostile, who.artist)
    fund(hostile, who.challenger, BOND, hostile.disputes)
    hostile.token.setFee(100, {"from": who.other})
    with reverts("BondTooSmall", BOND * 99 // 100, BOND):
        hostile.disputes.open(CONTENT, AUTHORSHIP, EVIDENCE, {"from": who.challenger})


def test_several_at_once(system, who):
    register(system, who.artist)
    ids = [opened(system, a) for a in (who.challenger, who.other, who.challenger)]
    ids.append(opened(system, who.other, kind=REVOCATION))
    assert ids == [1, 2, 3, 4]
    assert_bonds(system)
    assert system.token.balanceOf(system.disputes) == 4 * BOND


def test_bond_of_the_rules_in_force(system, who, timelock):
    """Doubled by a vote: new disputes cost the new bond, those that stand go on with theirs."""
    register(system, who.artist)
    system.rules.adopt(changed(challengeBond=2 * BOND), {"from": timelock})
    before = opened(system, who.challenger)
    forward(3 * DAY)
    answered(system, before, who.artist)
    assert view(system, before)["respondentBond"] == BOND
    fund(system, who.other, 2 * BOND, system.disputes)
    after = system.disputes.open(CONTENT, AUTHORSHIP, EVIDENCE, {"from": who.other}).return_value
    assert (view(system, after)["claimantBond"], view(system, after)["rulesVersion"]) == (2 * BOND, 2)
