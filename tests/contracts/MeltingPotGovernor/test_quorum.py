"""quorum: the votes that a proposal needs.

quorum
├── less than 95,000 stake minted at the snapshot → LEAST_QUORUM: whoever claims first decides nothing alone
├── more → 10 % of it
└── a time that is not over → ERC5805FutureLookup
"""

import pytest
from eth_utils import keccak

from tests.contracts.clock import DAY, forward, mine_at, now
from tests.contracts.stake import ARTISTS, TOKEN, finalised, leaf, mint
from tests.contracts.votes import DEFEATED, actions, proposed

LEAST = 9_500 * TOKEN


def test_whoever_claims_first_decides_nothing_alone(system, who):
    """Half a per cent of the allocations is all the stake there is until others claim: by 10 % of it alone, its
    artist would have named itself operator, and who claimed after the snapshot could not vote against it."""
    first, others = (who.artist, 500 * TOKEN), (who.artist2, 94_500 * TOKEN)
    round_id, tree = finalised(system, who, [first, others])
    claim(system, who, round_id, tree, first)
    forward(1)
    role = system.market.OPERATOR_ROLE()
    grant = (system.market, system.market.grantRole.encode_input(role, who.artist))
    identifier = proposed(system, who.artist, actions(grant), "A vote of one")
    forward(DAY + 1)
    claim(system, who, round_id, tree, others)
    assert system.governor.quorum(system.governor.proposalSnapshot(identifier)) == LEAST
    system.governor.castVote(identifier, 1, {"from": who.artist})
    system.governor.castVote(identifier, 0, {"from": who.artist2})
    assert system.governor.proposalVotes(identifier) == (0, 500 * TOKEN, 0)
    mine_at(system.governor.proposalDeadline(identifier) + 1)
    assert system.governor.state(identifier) == DEFEATED
    with pytest.raises(Exception, match="GovernorUnexpectedProposalState"):
        system.governor.queue(*actions(grant), keccak(text="A vote of one"), {"from": who.artist})


def claim(system, who, round_id, tree, allocation):
    proof = tree.proof(leaf(round_id, *allocation))
    system.rounds.claim(round_id, ARTISTS, *allocation, proof, {"from": who.relayer})


@pytest.mark.parametrize("minted, needed", [(1, LEAST), (94_999, LEAST), (95_000, LEAST)])
def test_of_one_round(system, who, minted, needed):
    mint(system, who, [(who.artist, minted * TOKEN)])
    forward(1)
    assert system.governor.quorum(now() - 1) == needed


def test_of_two_rounds(system, who):
    for _ in range(2):
        mint(system, who, [(who.artist, 95_000 * TOKEN)])
    forward(1)
    assert system.governor.quorum(now() - 1) == 19_000 * TOKEN


def test_not_known_yet(system, who):
    mint(system, who, [(who.artist, TOKEN)])
    with pytest.raises(Exception, match="ERC5805FutureLookup"):
        system.governor.quorum(now() + 10)
