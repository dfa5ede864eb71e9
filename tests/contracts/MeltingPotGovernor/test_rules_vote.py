"""propose → vote (also by signature) → queue → execute, on the rules (on texts: test_vote).

vote
├── proposer has less than 500 stake → GovernorInsufficientProposerVotes
├── quorum missed → Defeated
├── passed → queued in the timelock → executed by anyone after 2 days → the effect
└── quorum reached late → a day more for everybody to answer
"""

import pytest
from eth_utils import keccak

from tests.contracts.clock import DAY, forward, mine_at, now
from tests.contracts.reverts import reverts
from tests.contracts.rules import changed
from tests.contracts.signing import sign
from tests.contracts.stake import TOKEN, mint

PENDING, ACTIVE, DEFEATED, SUCCEEDED, QUEUED, EXECUTED = 0, 1, 3, 4, 5, 7
TEXT = "More for the holders"


@pytest.fixture(autouse=True)
def holders(system, who, isolation):
    """90.9 %, 8.6 % and 0.4 % of the stake."""
    shares = [(who.artist, 86_400 * TOKEN), (who.artist2, 8_200 * TOKEN), (who.artist3, 400 * TOKEN)]
    mint(system, who, shares)
    forward(1)


def proposal(system):
    """Targets, values, calldatas of: new rules, and for whom the platform's share is."""
    rules = changed(artistsBps=3_500, holdersBps=4_000)
    payees = [system.market.payees()[i] for i in (0, 2, 1)]
    return ([system.rules, system.market], [0, 0],
            [system.rules.adopt.encode_input(rules), system.market.setPayees.encode_input(*payees)])


def propose(system, account):
    return system.governor.propose(*proposal(system), TEXT, {"from": account}).return_value


def test_settings(system):
    assert system.governor.name() == "MeltingPot Governor"
    assert (system.governor.votingDelay(), system.governor.votingPeriod()) == (DAY, 5 * DAY)
    assert system.governor.proposalThreshold() == 500 * TOKEN
    assert system.governor.quorum(now() - 1) == 9_500 * TOKEN


def test_from_proposal_to_effect(system, who):
    final = (*proposal(system), keccak(text=TEXT))
    identifier = propose(system, who.artist)
    assert system.governor.state(identifier) == PENDING
    forward(DAY + 1)
    system.governor.castVote(identifier, 1, {"from": who.artist})
    ballot = {"proposalId": identifier, "support": 0, "voter": who.artist2.address, "nonce": 0}
    signature = sign(who.artist2, system.governor, "Ballot", ballot).signature
    system.governor.castVoteBySig(identifier, 0, who.artist2, signature, {"from": who.relayer})
    assert system.governor.proposalVotes(identifier) == (8_200 * TOKEN, 86_400 * TOKEN, 0)
    forward(5 * DAY)
    assert system.governor.state(identifier) == SUCCEEDED
    system.governor.queue(*final, {"from": who.other})
    assert system.governor.state(identifier) == QUEUED
    forward(2 * DAY - 100)
    assert not system.timelock.isOperationReady(operation(system, final))
    forward(101)
    system.governor.execute(*final, {"from": who.other})
    assert system.governor.state(identifier) == EXECUTED
    assert system.rules.latestVersion() == 2 and system.rules.currentVersion() == 1
    assert system.market.payees() == (who.platform, who.learning, who.network)
    forward(2 * DAY)
    assert system.rules.current() == changed(artistsBps=3_500, holdersBps=4_000)


def operation(system, final):
    salt = bytes(a ^ b for a, b in zip(bytes.fromhex(system.governor.address[2:]) + b"\0" * 12, final[3]))
    return system.timelock.hashOperationBatch(*final[:3], b"\0" * 32, salt)


def test_too_little_stake_to_propose(system, who):
    with reverts("GovernorInsufficientProposerVotes", who.artist3, 400 * TOKEN, 500 * TOKEN):
        system.governor.propose(*proposal(system), TEXT, {"from": who.artist3})


def test_quorum_missed(system, who):
    identifier = propose(system, who.artist2)
    forward(DAY + 1)
    system.governor.castVote(identifier, 1, {"from": who.artist2})
    system.governor.castVote(identifier, 1, {"from": who.artist3})
    forward(5 * DAY)
    assert system.governor.state(identifier) == DEFEATED


def test_late_quorum_gives_others_a_day(system, who):
    identifier = propose(system, who.artist)
    deadline = system.governor.proposalDeadline(identifier)
    mine_at(deadline - 100)
    system.governor.castVote(identifier, 1, {"from": who.artist})
    assert system.governor.proposalDeadline(identifier) == now() + DAY
    mine_at(deadline + 100)
    assert system.governor.state(identifier) == ACTIVE


def test_votes_bought_after_the_snapshot_do_not_count(system, who):
    identifier = propose(system, who.artist)
    forward(DAY + 2)
    system.stake.transfer(who.other, 86_000 * TOKEN, {"from": who.artist})
    system.governor.castVote(identifier, 1, {"from": who.other})
    assert system.governor.proposalVotes(identifier)[1] == 0
