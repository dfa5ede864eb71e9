"""adopt: a text resolution, written by the timelock only (test_permissions) and never removed.

adopt
├── no text → EmptyText
├── the call is not the whole of a proposal with that description → GovernorNonexistentProposal
├── it is, of a proposal that has not passed → NotPassed
├── its resolution was recorded already → AlreadyAdopted
└── recorded under the id of the proposal that is being executed
    └── by the governor, or in the timelock without it
"""

import pytest
from eth_utils import keccak

from tests.contracts.clock import DAY, forward
from tests.contracts.reverts import reverts
from tests.contracts.stake import TOKEN, mint
from tests.contracts.votes import ACTIVE, actions, executed, final, proposed, queued

TEXT = b"\x41" * 32
WORDS = "Adopt the text"


@pytest.fixture(autouse=True)
def holder(system, who, isolation):
    mint(system, who, [(who.artist, 90_000 * TOKEN)])
    forward(1)


def adoption(system, text=TEXT, words=WORDS):
    return system.charter, system.charter.adopt.encode_input(text, keccak(text=words))


def test_recorded_under_its_proposal(system, who):
    identifier = executed(system, who.artist, actions(adoption(system)), WORDS)
    assert system.charter.resolutionCount() == system.charter.resolutionOf(identifier) == 1
    assert system.charter.resolutions(1) == ("0x" + TEXT.hex(), identifier)
    second = executed(system, who.artist, actions(adoption(system, words="Again")), "Again")
    assert system.charter.resolutions(2) == ("0x" + TEXT.hex(), second)


def test_executed_without_the_governor(system, who):
    """The timelock executes for anybody; the governor has not seen it then, and calls the proposal queued."""
    these = actions(adoption(system))
    identifier = queued(system, who.artist, these, WORDS)
    head = bytes.fromhex(system.governor.address[2:]) + b"\0" * 12
    salt = bytes(a ^ b for a, b in zip(head, keccak(text=WORDS)))
    tx = system.timelock.executeBatch(*these, b"\0" * 32, salt, {"from": who.other})
    assert tx.events["ResolutionAdopted"]["proposalId"] == identifier


def test_not_the_whole_proposal(system, who):
    """Beside another action, or under another description, the id would be another one's or nobody's."""
    beside = actions(adoption(system), (system.stake, system.stake.delegate.encode_input(who.other)))
    queued(system, who.artist, beside, WORDS)
    alone = identifier_of(system, actions(adoption(system)), WORDS)
    with reverts("GovernorNonexistentProposal", alone):
        system.governor.execute(*final(beside, WORDS), {"from": who.other})


def identifier_of(system, these, words):
    return system.governor.getProposalId(*final(these, words))


def test_in_the_name_of_an_open_vote(system, who):
    """A proposal that passed cannot record a text as adopted by one that is still voted on."""
    thief = actions(adoption(system), (system.stake, system.stake.delegate.encode_input(who.other)))
    queued(system, who.artist, thief, "Another")
    victim = proposed(system, who.artist, actions(adoption(system)), WORDS)
    forward(DAY + 1)
    assert system.governor.state(victim) == ACTIVE
    with reverts("NotPassed", victim, ACTIVE):
        system.governor.execute(*final(thief, "Another"), {"from": who.other})


def test_recorded_once(system, who):
    first = executed(system, who.artist, actions(adoption(system)), WORDS)
    again = actions(adoption(system), (system.stake, system.stake.delegate.encode_input(who.other)))
    queued(system, who.artist, again, "Once more")
    with reverts("AlreadyAdopted", first, 1):
        system.governor.execute(*final(again, "Once more"), {"from": who.other})


def test_empty_text(system, who, timelock):
    with reverts("EmptyText"):
        system.charter.adopt(b"\0" * 32, keccak(text=WORDS), {"from": timelock})


def test_timelock_without_a_proposal(system, timelock):
    call = actions(adoption(system))
    with reverts("GovernorNonexistentProposal", identifier_of(system, call, WORDS)):
        system.charter.adopt(TEXT, keccak(text=WORDS), {"from": timelock})
