"""execute and claimBond: a final ruling is carried out, and the winner takes all bonds.

execute
├── dispute None, Open, Answered or Closed → NotInState
├── Decided and the appeal period runs, or Appealed and the timelock's → TooEarly
├── the record has changed → DisputeMooted, each side is owed its own bonds, the record as it is
│   ├── another is the work's artist by now, whichever way it was decided
│   └── a revocation, and the work is revoked already
└── by anyone: all bonds owed to the winner, Closed
    ├── upheld authorship → the work moves: no consent, a revocation lifted
    ├── upheld revocation → the work is revoked
    ├── not upheld → the record stays
    └── appealed, and the timelock silent → the first ruling, the appeal's bond goes with the others
claimBond
├── nothing owed → nothing happens
├── the token refuses the account → reverts, the bond stays owed
└── paid to the account, by anyone, once
"""

import pytest

from tests.contracts.clock import DAY, forward
from tests.contracts.disputes import (
    ANSWERED,
    AUTHORSHIP,
    CLOSED,
    CONTENT,
    NONE,
    OPEN,
    REVOCATION,
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
from tests.contracts.stake import BOND


@pytest.fixture
def registered(system, who):
    return register(system, who.artist)


def record(system):
    return system.registry.recordOf(CONTENT)


def both_sides(system, who, kind=AUTHORSHIP):
    dispute = opened(system, who.challenger, kind=kind)
    answered(system, dispute, who.artist)
    return dispute


def test_authorship_upheld(system, who, registered):
    dispute = both_sides(system, who)
    since = record(system)[1]
    decided(system, dispute, True)
    tx = executed(system, dispute, who.other)
    assert record(system) == (who.challenger, since, 0, False)
    assert (tx.events["WorkMoved"]["from"], tx.events["WorkMoved"]["to"]) == (who.artist, who.challenger)
    event = tx.events["DisputeExecuted"]
    assert (event["upheld"], event["winner"], event["amount"]) == (True, who.challenger, 2 * BOND)
    assert system.disputes.bondOwed(who.challenger) == 2 * BOND
    assert_bonds(system, who.challenger)
    with reverts("NotArtist", CONTENT, who.challenger, who.artist):
        system.registry.setConsent([CONTENT], 1, {"from": who.artist})
    system.registry.setConsent([CONTENT], 1, {"from": who.challenger})


def test_revocation_upheld(system, who, registered):
    dispute = both_sides(system, who, REVOCATION)
    since = record(system)[1]
    decided(system, dispute, True)
    tx = executed(system, dispute, who.other)
    assert record(system) == (who.artist, since, 0, True)
    assert tx.events["WorkRevoked"]["artist"] == who.artist
    assert system.disputes.bondOwed(who.challenger) == 2 * BOND


@pytest.mark.parametrize("kind", [AUTHORSHIP, REVOCATION])
@pytest.mark.parametrize("with_answer", [True, False])
def test_not_upheld(system, who, registered, kind, with_answer):
    before = record(system)
    dispute = opened(system, who.challenger, kind=kind)
    if with_answer:
        answered(system, dispute, who.artist)
    decided(system, dispute, False)
    executed(system, dispute, who.other)
    assert record(system) == before
    assert system.disputes.bondOwed(who.artist) == (2 if with_answer else 1) * BOND
    assert_bonds(system, who.artist)


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("second", [True, False, None])
def test_all_bonds_to_the_winner_of_the_appeal(system, who, timelock, registered, first, second):
    """None: the timelock is silent. An appeal that nobody decides has failed, its bond included: would it come
    back, each thief would appeal for the 30 days that it buys, for nothing."""
    dispute = both_sides(system, who)
    decided(system, dispute, first)
    appealed(system, dispute, who.artist if first else who.challenger)
    if second is not None:
        system.disputes.decideAppeal(dispute, second, {"from": timelock})
    executed(system, dispute, who.other)
    upheld = first if second is None else second
    winner = who.challenger if upheld else who.artist
    assert record(system)[0] == winner
    assert system.disputes.bondOwed(winner) == 3 * BOND == system.token.balanceOf(system.disputes)


def test_states(system, who, registered):
    with reverts("NotInState", 1, NONE):
        system.disputes.execute(1, {"from": who.other})
    dispute = opened(system, who.challenger)
    with reverts("NotInState", dispute, OPEN):
        system.disputes.execute(dispute, {"from": who.other})
    answered(system, dispute, who.artist)
    forward(60 * DAY)
    with reverts("NotInState", dispute, ANSWERED):
        system.disputes.execute(dispute, {"from": who.other})


def test_executed_twice(system, who, registered):
    dispute = both_sides(system, who)
    decided(system, dispute, True)
    executed(system, dispute, who.other)
    with reverts("NotInState", dispute, CLOSED):
        system.disputes.execute(dispute, {"from": who.other})
    assert system.disputes.bondOwed(who.challenger) == 2 * BOND


@pytest.mark.parametrize("upheld", [True, False])
def test_moved_meanwhile(system, who, registered, upheld):
    """Its new artist was never heard, and its old one has lost it already."""
    late = both_sides(system, who)
    first = opened(system, who.other)
    decided(system, first, True)
    decided(system, late, upheld)
    executed(system, first, who.other)
    tx = executed(system, late, who.relayer)
    assert tx.events["DisputeMooted"]["disputeId"] == late and "DisputeExecuted" not in tx.events
    assert record(system)[0] == who.other
    assert [system.disputes.bondOwed(a) for a in (who.challenger, who.artist, who.other)] == [BOND] * 3
    assert_bonds(system, who.challenger, who.artist, who.other)


def test_moot_with_an_appeals_bond(system, who, registered):
    late = both_sides(system, who)
    first = opened(system, who.other)
    decided(system, first, True)
    decided(system, late, False)
    appealed(system, late, who.challenger)
    executed(system, first, who.other)
    executed(system, late, who.other)
    assert [system.disputes.bondOwed(a) for a in (who.challenger, who.artist)] == [2 * BOND, BOND]


def test_revoked_meanwhile(system, who, registered):
    late, first = both_sides(system, who, REVOCATION), opened(system, who.other, kind=REVOCATION)
    for dispute in (late, first):
        decided(system, dispute, True)
    executed(system, first, who.other)
    executed(system, late, who.other)
    assert record(system)[2:] == (0, True)
    assert [system.disputes.bondOwed(a) for a in (who.challenger, who.artist, who.other)] == [BOND] * 3


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_moved_and_revoked_in_either_order(system, who, registered, order):
    """The author gets the work either way: the revocation was a ruling about the thief's."""
    disputes = [both_sides(system, who), opened(system, who.other, kind=REVOCATION)]
    for dispute in disputes:
        decided(system, dispute, True)
    for i in order:
        executed(system, disputes[i], who.other)
    assert record(system)[0] == who.challenger and record(system)[2:] == (0, False)
    assert_bonds(system, who.challenger, who.artist, who.other)


def test_claimed_by_anyone_once(system, who, registered):
    dispute = both_sides(system, who)
    decided(system, dispute, True)
    executed(system, dispute, who.other)
    tx = system.disputes.claimBond(who.challenger, {"from": who.relayer})
    assert tx.events["BondClaimed"]["amount"] == 2 * BOND == system.token.balanceOf(who.challenger)
    assert "BondClaimed" not in system.disputes.claimBond(who.challenger, {"from": who.relayer}).events
    assert system.token.balanceOf(system.disputes) == system.disputes.bondOwed(who.challenger) == 0


def test_winner_whom_the_token_refuses(hostile, who):
    """The work moves all the same; the bonds wait, and nobody else's with them."""
    register(hostile, who.artist)
    dispute, other = opened(hostile, who.challenger), opened(hostile, who.other)
    hostile.token.setBlacklisted(who.challenger, True, {"from": who.other})
    for each, upheld in ((dispute, True), (other, False)):
        decided(hostile, each, upheld)
    executed(hostile, dispute, who.relayer)
    executed(hostile, other, who.relayer)
    assert hostile.registry.recordOf(CONTENT)[0] == who.challenger
    with reverts("Blacklisted", who.challenger):
        hostile.disputes.claimBond(who.challenger, {"from": who.relayer})
    hostile.disputes.claimBond(who.other, {"from": who.relayer})
    assert hostile.token.balanceOf(who.other) == BOND
    hostile.token.setBlacklisted(who.challenger, False, {"from": who.other})
    hostile.disputes.claimBond(who.challenger, {"from": who.relayer})
    assert hostile.token.balanceOf(who.challenger) == BOND and hostile.token.balanceOf(hostile.disputes) == 0


@pytest.mark.parametrize("call", ["claimBond", "execute"])
def test_called_back_from_a_payment(hostile, who, call):
    register(hostile, who.artist)
    dispute = opened(hostile, who.challenger)
    second = opened(hostile, who.other, kind=REVOCATION)
    for each in (dispute, second):
        decided(hostile, each, True)
    executed(hostile, dispute, who.relayer)
    forward(8 * DAY)
    argument = who.challenger if call == "claimBond" else second
    data = getattr(hostile.disputes, call).encode_input(argument)
    hostile.token.callDuringTransfer(hostile.disputes, data, {"from": who.other})
    with reverts("ReentrancyGuardReentrantCall"):
        hostile.disputes.claimBond(who.challenger, {"from": who.relayer})
    assert hostile.disputes.bondOwed(who.challenger) == BOND
    assert view(hostile, dispute)["state"] == CLOSED
