"""cancel: by the proposer before the vote, by the guardian until the execution; never of its own removal.

cancel
├── by the proposer while pending → Canceled; later → GovernorUnableToCancel
├── by anybody else → GovernorUnableToCancel
└── by the guardian
    ├── unknown proposal → GovernorNonexistentProposal
    ├── pending, active, passed, queued in the timelock → Canceled, in the timelock too
    ├── executed, canceled → GovernorUnexpectedProposalState
    ├── every action removes a guardian → GovernorUnableToCancel
    │   └── setGuardian of the governor; revokeRole(GUARDIAN_ROLE, …) of any contract; without value
    └── a removal beside anything else, or what only looks like one → Canceled
setGuardian
├── caller is not the timelock (test_permissions)
└── by a vote → GuardianChanged; the old one can do nothing any more
"""

import brownie
import pytest
from eth_abi import encode
from eth_utils import keccak

from tests.contracts.clock import DAY, forward
from tests.contracts.reverts import reverts
from tests.contracts.stake import TOKEN, mint
from tests.contracts.votes import CANCELED, EXECUTED, actions, executed, final, passed, proposed, queued

TEXT = "As said"
NOBODY = "0x" + "00" * 20


@pytest.fixture(autouse=True)
def holders(system, who, isolation):
    mint(system, who, [(who.artist, 60_000 * TOKEN), (who.artist2, 30_000 * TOKEN)])
    forward(1)


def payees(system, who):
    """What a majority that was taken over might want: everybody's shares for itself."""
    thief = who.other
    return system.market, system.market.setPayees.encode_input(thief, thief, thief)


def removal(system, who, name):
    role = system.market.GUARDIAN_ROLE()
    return {
        "governor": (system.governor, system.governor.setGuardian.encode_input(NOBODY)),
        "governor, another": (system.governor, system.governor.setGuardian.encode_input(who.artist)),
        "market": (system.market, system.market.revokeRole.encode_input(role, who.guardian)),
        "rounds": (system.rounds, system.rounds.revokeRole.encode_input(role, who.guardian)),
    }[name]


def cancel(system, these, caller, text=TEXT):
    return system.governor.cancel(*final(these, text), {"from": caller})


def test_proposer_before_the_vote_only(system, who):
    these = actions(payees(system, who))
    identifier = proposed(system, who.artist, these, TEXT)
    with reverts("GovernorUnableToCancel", identifier, who.other):
        cancel(system, these, who.other)
    cancel(system, these, who.artist)
    assert system.governor.state(identifier) == CANCELED
    second = proposed(system, who.artist, these, "Again")
    forward(DAY + 1)
    with reverts("GovernorUnableToCancel", second, who.artist):
        cancel(system, these, who.artist, "Again")


@pytest.mark.parametrize("reach", [proposed, passed, queued])
def test_guardian_until_the_execution(system, who, reach):
    these = actions(payees(system, who))
    identifier = reach(system, who.artist, these, TEXT)
    tx = cancel(system, these, who.guardian)
    assert tx.events["ProposalCanceled"]["proposalId"] == identifier
    assert system.governor.state(identifier) == CANCELED
    forward(10 * DAY)
    with pytest.raises(brownie.exceptions.VirtualMachineError, match="GovernorUnexpectedProposalState"):
        system.governor.execute(*final(these, TEXT), {"from": who.artist})
    head = bytes.fromhex(system.governor.address[2:]) + b"\0" * 12
    salt = bytes(a ^ b for a, b in zip(head, keccak(text=TEXT)))
    with pytest.raises(brownie.exceptions.VirtualMachineError, match="TimelockUnexpectedOperationState"):
        system.timelock.executeBatch(*these, b"\0" * 32, salt, {"from": who.artist})
    assert system.market.payees()[0] == who.platform


def test_what_is_over(system, who):
    these = actions(payees(system, who))
    executed(system, who.artist, these, TEXT)
    for _ in range(2):
        with pytest.raises(brownie.exceptions.VirtualMachineError, match="GovernorUnexpectedProposalState"):
            cancel(system, these, who.guardian)
    unknown = system.governor.getProposalId(*final(these, "Never proposed"))
    with reverts("GovernorNonexistentProposal", unknown):
        cancel(system, these, who.guardian, "Never proposed")


@pytest.mark.parametrize("names", [["governor"], ["governor, another"], ["market"], ["rounds"],
                                   ["governor", "market", "rounds"]])
def test_guardian_cannot_stop_its_own_removal(system, who, names):
    """With real votes, at every step from the proposal to the timelock's last second."""
    these = actions(*(removal(system, who, name) for name in names))
    identifier = proposed(system, who.artist, these, TEXT)
    assert system.governor.removesGuardian(identifier)

    def refused():
        with reverts("GovernorUnableToCancel", identifier, who.guardian):
            cancel(system, these, who.guardian)

    refused()
    forward(DAY + 1)
    system.governor.castVote(identifier, 1, {"from": who.artist})
    system.governor.castVote(identifier, 0, {"from": who.artist2})
    refused()
    forward(6 * DAY)
    refused()
    system.governor.queue(*final(these, TEXT), {"from": who.other})
    refused()
    operation = system.timelock.hashOperationBatch(*these, b"\0" * 32, b"\0" * 32)
    with pytest.raises(brownie.exceptions.VirtualMachineError, match="AccessControlUnauthorizedAccount"):
        system.timelock.cancel(operation, {"from": who.guardian})
    forward(2 * DAY)
    system.governor.execute(*final(these, TEXT), {"from": who.other})
    assert system.governor.state(identifier) == EXECUTED
    if "market" in names:
        with brownie.reverts():
            system.market.pause({"from": who.guardian})
    if "governor" in names:
        assert system.governor.guardian() == NOBODY
        other = actions(payees(system, who))
        later = proposed(system, who.artist, other, "Later")
        with reverts("GovernorUnableToCancel", later, who.guardian):
            cancel(system, other, who.guardian, "Later")


def test_removal_shields_nothing_beside_it(system, who):
    """Else any theft would carry a removal along, out of the guardian's reach."""
    for text, these in (
        ("first", actions(removal(system, who, "market"), payees(system, who))),
        ("last", actions(payees(system, who), removal(system, who, "governor"))),
    ):
        identifier = proposed(system, who.artist, these, text)
        assert not system.governor.removesGuardian(identifier)
        cancel(system, these, who.guardian, text)
        assert system.governor.state(identifier) == CANCELED


def lookalikes(system, who):
    role, market = system.market.GUARDIAN_ROLE(), system.market
    revoke = market.revokeRole.encode_input(role, who.guardian)
    return {
        "another role": (market, market.revokeRole.encode_input(market.OPERATOR_ROLE(), who.operator)),
        "grant": (market, market.grantRole.encode_input(role, who.other)),
        "setGuardian elsewhere": (market, system.governor.setGuardian.encode_input(who.other)),
        "another setting": (system.governor, system.governor.setVotingDelay.encode_input(1)),
        "relayed": (system.governor, system.governor.relay.encode_input(market, 0, revoke)),
        "wrapped": (system.timelock, system.timelock.schedule.encode_input(
            market, 0, revoke, b"\0" * 32, b"\0" * 32, 2 * DAY)),
        "role cut off": (market, revoke[:10 + 62]),
        "selector cut off": (market, revoke[:8]),
        "no call": (market, "0x"),
        "the role as account": (market, "0xd547741f" + encode(["bytes32", "bytes32"], [b"\0" * 32, bytes(role)]).hex()),
    }


@pytest.mark.parametrize("name", ["another role", "grant", "setGuardian elsewhere", "another setting", "relayed",
                                  "wrapped", "role cut off", "selector cut off", "no call", "the role as account"])
def test_what_only_looks_like_a_removal(system, who, name):
    these = actions(lookalikes(system, who)[name])
    proposed(system, who.artist, these, TEXT)
    cancel(system, these, who.guardian)


def test_removal_that_carries_money(system, who):
    """Anybody's contract can be given a revokeRole that takes what comes with the call."""
    targets, _, calls = actions(removal(system, who, "market"))
    identifier = proposed(system, who.artist, (targets, [1], calls), TEXT)
    assert not system.governor.removesGuardian(identifier)
    cancel(system, (targets, [1], calls), who.guardian)


def test_another_guardian(system, who):
    change = actions(removal(system, who, "governor, another"))
    queued(system, who.artist, change, TEXT)
    tx = system.governor.execute(*final(change, TEXT), {"from": who.other})
    event = tx.events["GuardianChanged"]
    assert (event["previous"], event["guardian"]) == (who.guardian, who.artist)
    these = actions(payees(system, who))
    identifier = proposed(system, who.artist2, these, "Theirs")
    with reverts("GovernorUnableToCancel", identifier, who.guardian):
        cancel(system, these, who.guardian, "Theirs")
    cancel(system, these, who.artist, "Theirs")


def test_guardian_can_do_nothing_else(system, who):
    """No proposal, no vote, no queueing of what did not pass, nothing of the timelock's."""
    these = actions(payees(system, who))
    with reverts("GovernorInsufficientProposerVotes", who.guardian, 0, 500 * TOKEN):
        system.governor.propose(*these, TEXT, {"from": who.guardian})
    identifier = proposed(system, who.artist, these, TEXT)
    forward(DAY + 1)
    system.governor.castVote(identifier, 1, {"from": who.guardian})
    assert system.governor.proposalVotes(identifier) == (0, 0, 0)
    forward(5 * DAY)
    for step in (system.governor.queue, system.governor.execute):
        with pytest.raises(brownie.exceptions.VirtualMachineError, match="GovernorUnexpectedProposalState"):
            step(*final(these, TEXT), {"from": who.guardian})
    with pytest.raises(brownie.exceptions.VirtualMachineError, match="AccessControlUnauthorizedAccount"):
        system.timelock.scheduleBatch(*these, b"\0" * 32, b"\0" * 32, 2 * DAY, {"from": who.guardian})
