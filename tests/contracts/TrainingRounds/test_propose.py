"""propose: a round with its report, under bond.

propose
├── caller lacks PROPOSER_ROLE (test_permissions)
├── another id than the next → UnexpectedRound
├── no model, report or allocations → EmptyProposal
├── one root for both parts → SameRoots
├── within the mint interval of the rules in force
│   ├── the latest round stands (proposed, challenged or finalised) → RoundTooSoon
│   └── the latest round was rejected → allowed at once; all earlier ones are far enough already
├── no money, or a token that delivers less → the token reverts, BondTooSmall
└── Proposed with the rules in force: bond held, window, each part's root and budget
    └── without a learning root its part has no budget
"""

import pytest

from tests.contracts.clock import DAY, forward, next_at, now
from tests.contracts.reverts import reverts
from tests.contracts.rules import changed
from tests.contracts.stake import (
    ARTISTS,
    BOND,
    LEARNING,
    NOTHING,
    PROPOSED,
    TOKEN,
    challenge,
    fund,
    proposal,
    propose,
)

ROOT = b"\x55" * 32
BUDGET = 100_000 * TOKEN
ZERO = "0x" + "00" * 32


def test_recorded(system, who):
    fund(system, who.proposer, BOND, system.rounds)
    at = now() + 50
    next_at(at)
    tx = system.rounds.propose(1, proposal(ROOT), {"from": who.proposer})
    round_ = system.rounds.rounds(1).dict()
    assert round_["proposer"] == who.proposer
    assert (round_["state"], round_["rulesVersion"], round_["bond"]) == (PROPOSED, 1, BOND)
    assert (round_["proposedAt"], round_["challengeEndsAt"]) == (at, at + 3 * DAY)
    assert (round_["challengeCount"], round_["openChallenges"]) == (0, 0)
    assert system.token.balanceOf(system.rounds) == BOND
    assert system.rounds.nextRoundId() == 2
    event = tx.events["RoundProposed"]
    assert (event["roundId"], event["rulesVersion"], event["bond"]) == (1, 1, BOND)
    assert event["proposal"]["seed"] == 7


def test_parts(system, who):
    """5 % for learning contributors, where there are any; else nobody gets it."""
    fund(system, who.proposer, 2 * BOND, system.rounds)
    system.rounds.propose(1, proposal(ROOT, learningRoot=b"\x77" * 32), {"from": who.proposer})
    assert system.rounds.mintParts(1, ARTISTS) == ("0x" + ROOT.hex(), BUDGET * 95 // 100, 0)
    assert system.rounds.mintParts(1, LEARNING) == ("0x" + "77" * 32, BUDGET * 5 // 100, 0)
    forward(DAY)
    system.rounds.propose(2, proposal(ROOT), {"from": who.proposer})
    assert system.rounds.mintParts(2, ARTISTS) == ("0x" + ROOT.hex(), BUDGET * 95 // 100, 0)
    assert system.rounds.mintParts(2, LEARNING) == (ZERO, 0, 0)


def test_learning_budget_is_rounded_down(system, who, timelock):
    system.rules.adopt(changed(learningMintBps=333, mintPerRound=99_999 * TOKEN + 7), {"from": timelock})
    forward(2 * DAY)
    fund(system, who.proposer, BOND, system.rounds)
    system.rounds.propose(1, proposal(ROOT, learningRoot=b"\x77" * 32), {"from": who.proposer})
    whole = 99_999 * TOKEN + 7
    assert system.rounds.mintParts(1, LEARNING)[1] == whole * 333 // 10_000
    assert system.rounds.mintParts(1, ARTISTS)[1] == whole - whole * 333 // 10_000


def test_another_round_came_first(system, who):
    for expected in (0, 2):
        with reverts("UnexpectedRound", expected, 1):
            system.rounds.propose(expected, proposal(ROOT), {"from": who.proposer})


@pytest.mark.parametrize("field", ["modelDigest", "reportDigest", "allocationsRoot"])
def test_empty(system, who, field):
    with reverts("EmptyProposal"):
        system.rounds.propose(1, proposal(ROOT, **{field: NOTHING}), {"from": who.proposer})


def test_same_roots(system, who):
    with reverts("SameRoots", ROOT):
        system.rounds.propose(1, proposal(ROOT, learningRoot=ROOT), {"from": who.proposer})


def test_too_soon(system, who):
    """A proposer who could propose at will would mint a whole budget each time."""
    round_id, _ = propose(system, who, [(who.artist, TOKEN)])
    earliest = now() + DAY
    fund(system, who.proposer, BOND, system.rounds)
    next_at(earliest - 1)
    with reverts("RoundTooSoon", earliest, earliest - 1):
        system.rounds.propose(round_id + 1, proposal(ROOT), {"from": who.proposer})
    next_at(earliest)
    system.rounds.propose(round_id + 1, proposal(ROOT), {"from": who.proposer})


def test_too_soon_while_challenged_or_finalised(system, who, timelock):
    system.rules.adopt(changed(mintInterval=10 * DAY), {"from": timelock})
    forward(2 * DAY)
    round_id, _ = propose(system, who, [(who.artist, TOKEN)])
    earliest = now() + 10 * DAY
    challenge_id = challenge(system, who, round_id)
    next_at(now() + 1)
    with reverts("RoundTooSoon", earliest, now() + 1):
        system.rounds.propose(round_id + 1, proposal(ROOT), {"from": who.proposer})
    system.rounds.resolve(round_id, challenge_id, False, {"from": timelock})
    forward(3 * DAY)
    system.rounds.finalise(round_id, {"from": who.other})
    next_at(now() + 1)
    with reverts("RoundTooSoon", earliest, now() + 1):
        system.rounds.propose(round_id + 1, proposal(ROOT), {"from": who.proposer})


def test_rejected_round_frees_its_slot_at_once(system, who, timelock):
    first, _ = propose(system, who, [(who.artist, TOKEN)])
    second, _ = propose(system, who, [(who.artist, TOKEN)])
    proposed = system.rounds.rounds(second)[3]
    system.rounds.resolve(second, challenge(system, who, second), True, {"from": timelock})
    third, _ = propose(system, who, [(who.artist, TOKEN)])
    assert now() < proposed + 60
    assert system.rounds.rounds(third)[3] >= system.rounds.rounds(first)[3] + DAY
    # The third took the second's place: a fourth has to wait for it.
    earliest = system.rounds.rounds(third)[3] + DAY
    next_at(now() + 1)
    with reverts("RoundTooSoon", earliest, now() + 1):
        system.rounds.propose(third + 1, proposal(ROOT), {"from": who.proposer})


def test_interval_is_that_of_the_rules_in_force(system, who, timelock):
    propose(system, who, [(who.artist, TOKEN)])
    system.rules.adopt(changed(mintInterval=100 * DAY), {"from": timelock})
    earliest = system.rounds.rounds(1)[3] + 100 * DAY
    forward(2 * DAY)
    next_at(now() + 1)
    with reverts("RoundTooSoon", earliest, now() + 1):
        system.rounds.propose(2, proposal(ROOT), {"from": who.proposer})


def test_without_bond(system, who):
    with reverts("ERC20InsufficientAllowance", system.rounds, 0, BOND):
        system.rounds.propose(1, proposal(ROOT), {"from": who.proposer})


def test_fee_on_transfer(hostile, who):
    hostile.token.setFee(100, {"from": who.other})
    fund(hostile, who.proposer, BOND, hostile.rounds)
    with reverts("BondTooSmall", BOND * 99 // 100, BOND):
        hostile.rounds.propose(1, proposal(ROOT), {"from": who.proposer})
