"""Proposals of the governor, as the calls they make, from the proposal to the effect."""

from types import SimpleNamespace
from typing import Any

from eth_utils import keccak

from tests.contracts.clock import DAY, forward, mine_at

PENDING, ACTIVE, CANCELED, DEFEATED, SUCCEEDED, QUEUED, EXPIRED, EXECUTED = range(8)
Actions = tuple[list[Any], list[int], list[str]]  # targets, values, calls


def actions(*calls: tuple[Any, str]) -> Actions:
    """Of (contract, encoded call)s without value."""
    return [target for target, _ in calls], [0] * len(calls), [call for _, call in calls]


def final(these: Actions, text: str) -> tuple[Any, ...]:
    """What queue, execute and cancel are called with."""
    return (*these, keccak(text=text))


def proposed(system: SimpleNamespace, account: Any, these: Actions, text: str) -> int:
    """The proposal's id."""
    return system.governor.propose(*these, text, {"from": account}).return_value


def passed(system: SimpleNamespace, account: Any, these: Actions, text: str) -> int:
    """Proposed, and voted for by the same account, which holds enough; not queued yet."""
    identifier = proposed(system, account, these, text)
    forward(DAY + 1)
    system.governor.castVote(identifier, 1, {"from": account})
    mine_at(system.governor.proposalDeadline(identifier) + 1)
    assert system.governor.state(identifier) == SUCCEEDED
    return identifier


def queued(system: SimpleNamespace, account: Any, these: Actions, text: str) -> int:
    """As passed, and through the timelock's delay."""
    identifier = passed(system, account, these, text)
    system.governor.queue(*final(these, text), {"from": account})
    forward(2 * DAY)
    return identifier


def executed(system: SimpleNamespace, account: Any, these: Actions, text: str) -> int:
    identifier = queued(system, account, these, text)
    system.governor.execute(*final(these, text), {"from": account})
    return identifier
