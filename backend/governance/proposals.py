"""Where proposals stand: the indexed proposals, and their states asked of the governor."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from eth_utils import keccak
from sqlalchemy import and_, or_, select

from backend.cursors import block_of
from backend.errors import UsageError
from backend.governance.errors import ProposalNotFound
from backend.governance.tables import Proposal

if TYPE_CHECKING:
    from backend.context import Context

STATES = ("pending", "open", "cancelled", "defeated", "passed", "queued", "expired", "executed")
STATE_WORDS = {
    "pending": "waiting for the vote to open",
    "open": "open for votes",
    "cancelled": "cancelled",
    "defeated": "not passed",
    "passed": "passed, can be queued",
    "queued": "waiting in the timelock",
    "expired": "expired in the timelock",
    "executed": "executed",
}


@dataclass(frozen=True)
class ProposalState:
    """Where a proposal stands now, asked of the governor."""

    proposal_id: int
    state: str
    vote_start: int
    vote_end: int
    eta: int
    votes_against: int
    votes_for: int
    votes_abstain: int
    quorum: int | None

    @property
    def words(self) -> str:
        """The state in words for people."""
        return STATE_WORDS[self.state]

    def to_json(self) -> dict[str, Any]:
        """As the API and the commands show it; votes and ids as strings."""
        numbers = {
            name: getattr(self, name) for name in ("votes_for", "votes_against", "votes_abstain", "quorum")
        }
        return {
            "proposal_id": str(self.proposal_id),
            "state": self.state,
            "words": self.words,
            "vote_start": self.vote_start,
            "vote_end": self.vote_end,
            "eta": self.eta or None,
            **{name: None if value is None else str(value) for name, value in numbers.items()},
        }


def find_proposal(ctx: Context, proposal_id: int) -> Proposal:
    """The indexed proposal. Raises ProposalNotFound."""
    with ctx.sessions() as session:
        row = session.get(Proposal, proposal_id)
    if row is None:
        raise ProposalNotFound(f"No proposal {proposal_id} is known.")
    return row


def proposals(ctx: Context) -> list[Proposal]:
    """All proposals, the newest first."""
    with ctx.sessions() as session:
        return list(session.scalars(select(Proposal).order_by(Proposal.block_number.desc())))


def proposals_page(ctx: Context, cursor: str | None, limit: int) -> tuple[list[Proposal], str | None]:
    """Up to `limit` proposals, the newest first, and the next page's cursor.

    Raises UsageError for a wrong cursor.
    """
    query = select(Proposal).order_by(Proposal.block_number.desc(), Proposal.proposal_id).limit(limit + 1)
    if cursor is not None:
        number, _, identifier = cursor.partition("-")
        block = block_of(number)
        if block is None or not re.fullmatch("[0-9]{1,78}", identifier) or int(identifier) >= 2**256:
            raise UsageError(f"{cursor!r} is no cursor.", "Use `next_cursor` of the page before, unchanged.")
        query = query.where(
            or_(
                Proposal.block_number < block,
                and_(Proposal.block_number == block, Proposal.proposal_id > int(identifier)),
            )
        )
    with ctx.sessions() as session:
        rows = list(session.scalars(query))
    last = rows[limit - 1] if len(rows) > limit else None
    return rows[:limit], f"{last.block_number}-{last.proposal_id}" if last else None


def content_of(ctx: Context, proposal_id: int) -> tuple[list[str], list[int], list[bytes], bytes]:
    """Targets, values, calldatas and description hash: what queue and execute are called with."""
    row = find_proposal(ctx, proposal_id)
    return (
        list(row.targets),
        [int(value) for value in row.values],
        [bytes.fromhex(data[2:]) for data in row.calldatas],
        keccak(text=row.description),
    )


def state_of(ctx: Context, proposal_id: int) -> ProposalState:
    """Asks the governor. Raises ProposalNotFound when it does not know the id."""
    governor = ctx.contracts.governor.functions
    start = governor.proposalSnapshot(proposal_id).call()
    if start == 0:
        raise ProposalNotFound(f"The governor knows no proposal {proposal_id}.")
    against, in_favour, abstain = governor.proposalVotes(proposal_id).call()
    return ProposalState(
        proposal_id=proposal_id,
        state=STATES[governor.state(proposal_id).call()],
        vote_start=start,
        vote_end=governor.proposalDeadline(proposal_id).call(),
        eta=governor.proposalEta(proposal_id).call(),
        votes_against=against,
        votes_for=in_favour,
        votes_abstain=abstain,
        quorum=governor.quorum(start).call() if start < ctx.client.now() else None,
    )
