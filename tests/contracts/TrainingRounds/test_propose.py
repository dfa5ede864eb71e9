"""propose: a round with its report, under bond.

propose
├── caller lacks PROPOSER_ROLE (test_permissions)
├── another id than the next → UnexpectedRound
├── no model, report or allocations → EmptyProposal
├── no money, or a token that delivers less → the token reverts, BondTooSmall
└── Proposed with the rules in force: bond held, window, mint budget
"""

import pytest

from tests.contracts.clock import DAY, next_at, now
from tests.contracts.reverts import reverts
from tests.contracts.stake import BOND, TOKEN, fund, proposal


def test_recorded(system, who):
    fund(system, who.proposer, BOND, system.rounds)
    at = now() + 50
    next_at(at)
    tx = system.rounds.propose(1, proposal(b"\x55" * 32), {"from": who.proposer})
    round_ = system.rounds.rounds(1).dict()
    assert round_["proposer"] == who.proposer
    assert (round_["state"], round_["rulesVersion"], round_["bond"]) == (1, 1, BOND)
    assert round_["challengeEndsAt"] == at + 3 * DAY
    assert (round_["mintBudget"], round_["minted"]) == (100_000 * TOKEN, 0)
    assert system.token.balanceOf(system.rounds) == BOND
    assert system.rounds.nextRoundId() == 2
    event = tx.events["RoundProposed"]
    assert (event["roundId"], event["rulesVersion"], event["bond"]) == (1, 1, BOND)
    assert event["proposal"]["seed"] == 7


def test_another_round_came_first(system, who):
    for expected in (0, 2):
        with reverts("UnexpectedRound", expected, 1):
            system.rounds.propose(expected, proposal(b"\x55" * 32), {"from": who.proposer})


@pytest.mark.parametrize("field", ["modelDigest", "reportDigest", "allocationsRoot"])
def test_empty(system, who, field):
    with reverts("EmptyProposal"):
        system.rounds.propose(1, proposal(b"\x55" * 32, **{field: b"\0" * 32}), {"from": who.proposer})


def test_without_bond(system, who):
    with reverts("ERC20InsufficientAllowance", system.rounds, 0, BOND):
        system.rounds.propose(1, proposal(b"\x55" * 32), {"from": who.proposer})


def test_fee_on_transfer(hostile, who):
    hostile.token.setFee(100, {"from": who.other})
    fund(hostile, who.proposer, BOND, hostile.rounds)
    with reverts("BondTooSmall", BOND * 99 // 100, BOND):
        hostile.rounds.propose(1, proposal(b"\x55" * 32), {"from": who.proposer})
