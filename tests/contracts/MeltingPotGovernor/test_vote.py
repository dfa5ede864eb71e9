"""Votes: by signature, about texts, proposed under one's own name, with stake that was there before.

castVoteBySig
├── ECDSA of the voter → counted; a used nonce or another's key → GovernorInvalidSignature
├── EIP-1271 wallet that says yes → counted with the wallet's votes; that says no → GovernorInvalidSignature
└── made for another governor or another chain → GovernorInvalidSignature
propose
├── below 500 stake → GovernorInsufficientProposerVotes (test_rules_vote); delegated stake counts
├── with #proposer=0x… of another → GovernorRestrictedProposer
└── without: whoever comes first can cancel it (test_attackers)
a text → Charter under the id of its proposal, by real votes
late quorum → a day more (test_rules_vote); only once, and not when the quorum was reached in time
stake lent for the vote's start or for the proposal, given back within the second → counts for nothing
"""

import pytest
from eth_utils import keccak

from tests.contracts.clock import DAY, forward, mine_at, next_at, now
from tests.contracts.reverts import reverts
from tests.contracts.signing import sign
from tests.contracts.stake import TOKEN, mint
from tests.contracts.votes import EXECUTED, PENDING, actions, executed, proposed

WORDS = "# A text\n\nAdopt it."


@pytest.fixture
def wallet(system, who):
    """A contract wallet of who.other."""
    return who.deployer.deploy(system.project.WalletMock, who.other)


@pytest.fixture(autouse=True)
def holders(system, who, wallet, isolation):
    shares = [(who.artist, 60_000 * TOKEN), (who.artist2, 30_000 * TOKEN), (wallet, 4_000 * TOKEN),
              (who.artist3, 300 * TOKEN), (who.buyer, 200 * TOKEN)]
    mint(system, who, shares)
    forward(1)


def adoption(system, words=WORDS):
    return actions((system.charter, system.charter.adopt.encode_input(b"\x61" * 32, keccak(text=words))))


@pytest.fixture
def identifier(system, who):
    """An open vote."""
    identifier = proposed(system, who.artist, adoption(system), WORDS)
    forward(DAY + 1)
    return identifier


def ballot(system, signer, identifier, voter, support=1, nonce=0, chain_id=31337):
    message = {"proposalId": identifier, "support": support, "voter": voter.address, "nonce": nonce}
    return sign(signer, system.governor, "Ballot", message, chain_id).signature


def test_by_signature(system, who, identifier):
    signature = ballot(system, who.artist2, identifier, who.artist2)
    tx = system.governor.castVoteBySig(identifier, 1, who.artist2, signature, {"from": who.relayer})
    assert tx.events["VoteCast"]["voter"] == who.artist2
    assert system.governor.proposalVotes(identifier)[1] == 30_000 * TOKEN
    with reverts("GovernorInvalidSignature", who.artist2):
        system.governor.castVoteBySig(identifier, 1, who.artist2, signature, {"from": who.relayer})


def test_by_signature_of_another_key_chain_choice_or_vote(system, who, identifier):
    second = proposed(system, who.artist, adoption(system, "Other"), "Other")
    forward(DAY + 1)
    for signature in (
        ballot(system, who.artist3, identifier, who.artist2), ballot(system, who.artist2, second, who.artist2),
        ballot(system, who.artist2, identifier, who.artist2, support=0),
        ballot(system, who.artist2, identifier, who.artist2, chain_id=1),
        ballot(system, who.artist2, identifier, who.artist2, nonce=1),
    ):
        with reverts("GovernorInvalidSignature", who.artist2):
            system.governor.castVoteBySig(identifier, 1, who.artist2, signature, {"from": who.relayer})


def test_by_signature_of_a_wallet_contract(system, who, wallet, identifier):
    stranger = ballot(system, who.artist3, identifier, wallet)
    with reverts("GovernorInvalidSignature", wallet):
        system.governor.castVoteBySig(identifier, 1, wallet, stranger, {"from": who.relayer})
    signature = ballot(system, who.other, identifier, wallet)
    system.governor.castVoteBySig(identifier, 1, wallet, signature, {"from": who.relayer})
    assert system.governor.proposalVotes(identifier)[1] == 4_000 * TOKEN
    assert system.governor.hasVoted(identifier, wallet)


def test_delegated_stake_counts_for_the_threshold(system, who):
    with reverts("GovernorInsufficientProposerVotes", who.artist3, 300 * TOKEN, 500 * TOKEN):
        system.governor.propose(*adoption(system), WORDS, {"from": who.artist3})
    system.stake.delegate(who.artist3, {"from": who.buyer})
    forward(1)
    assert system.governor.state(proposed(system, who.artist3, adoption(system), WORDS)) == PENDING


def test_proposal_that_names_its_proposer(system, who):
    named = f"{WORDS}\n\n#proposer={who.artist.address}"
    with reverts("GovernorRestrictedProposer", who.artist2):
        system.governor.propose(*adoption(system, named), named, {"from": who.artist2})
    proposed(system, who.artist, adoption(system, named), named)


def test_text_resolution(system, who):
    """From the text to the charter, and from the charter back to the votes for it."""
    named = f"{WORDS}\n\n#proposer={who.artist.address}"
    identifier = executed(system, who.artist, adoption(system, named), named)
    assert system.governor.state(identifier) == EXECUTED
    assert system.charter.resolutions(1) == ("0x" + "61" * 32, identifier)
    assert system.governor.proposalVotes(identifier) == (0, 60_000 * TOKEN, 0)


def test_quorum_in_time_extends_nothing(system, who, identifier):
    deadline = system.governor.proposalDeadline(identifier)
    system.governor.castVote(identifier, 1, {"from": who.artist})
    assert system.governor.proposalDeadline(identifier) == deadline
    mine_at(deadline - 10)
    system.governor.castVote(identifier, 0, {"from": who.artist2})
    assert system.governor.proposalDeadline(identifier) == deadline


def test_late_quorum_extends_once(system, who, identifier):
    mine_at(system.governor.proposalDeadline(identifier) - 10)
    system.governor.castVote(identifier, 1, {"from": who.artist})
    extended = now() + DAY
    assert system.governor.proposalDeadline(identifier) == extended
    mine_at(extended - 10)
    system.governor.castVote(identifier, 0, {"from": who.artist2})
    assert system.governor.proposalDeadline(identifier) == extended
    mine_at(extended + 1)
    with pytest.raises(Exception, match="GovernorUnexpectedProposalState"):
        system.governor.castVote(identifier, 0, {"from": who.artist3})


def test_flash_loan_of_stake_votes_nothing(system, who):
    """Lent before the vote begins and given back in that very second, it was not there when it began."""
    identifier = proposed(system, who.artist, adoption(system), WORDS)
    start = system.governor.proposalSnapshot(identifier)
    next_at(start - 1)
    system.stake.transfer(who.relayer, 60_000 * TOKEN, {"from": who.artist})
    next_at(start)
    system.stake.transfer(who.artist, 60_000 * TOKEN, {"from": who.relayer})
    forward(1)
    for voter in (who.relayer, who.artist):
        system.governor.castVote(identifier, 1, {"from": voter})
    assert system.governor.proposalVotes(identifier)[1] == 60_000 * TOKEN


def test_flash_loan_of_stake_proposes_nothing(system, who):
    """The threshold is asked of the second before."""
    at = now() + 10
    next_at(at)
    system.stake.transfer(who.relayer, 600 * TOKEN, {"from": who.artist})
    next_at(at + 1)
    proposed(system, who.relayer, adoption(system), WORDS)  # held for a second: enough
    system.stake.transfer(who.artist, 600 * TOKEN, {"from": who.relayer})
    forward(1)
    with reverts("GovernorInsufficientProposerVotes", who.relayer, 0, 500 * TOKEN):
        system.governor.propose(*adoption(system, "Again"), "Again", {"from": who.relayer})
