"""Stake as the index knows it: balances, holders, votes. Amounts in the smallest unit (18 decimals)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from backend.errors import UsageError
from backend.stake.tables import DelegateVotes, Delegation, StakeBalance, StakeClaim
from backend.works.catalogue import DESCRIBES
from backend.works.tables import Work, WorkDocument

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from backend.context import Context

BPS = 10_000


@dataclass(frozen=True)
class Holder:
    """One account with stake. `share_bps` is rounded down; `name` is the artist's, where the account is
    one.
    """

    account: str
    balance: int
    share_bps: int
    delegate: str | None
    votes: int
    name: str | None

    def to_json(self) -> dict[str, Any]:
        return {
            "account": self.account,
            "balance": str(self.balance),
            "share_bps": self.share_bps,
            "delegate": self.delegate,
            "votes": str(self.votes),
            "name": self.name,
        }


def balances(ctx: Context) -> dict[str, int]:
    """Account → stake, for everybody who has some."""
    with ctx.sessions() as session:
        return {row.account: row.balance for row in session.scalars(select(StakeBalance)) if row.balance}


def supply(ctx: Context) -> int:
    """All stake there is."""
    return sum(balances(ctx).values())


def holders(ctx: Context, after: str | None = None, limit: int = 50) -> tuple[list[Holder], str | None]:
    """(page, cursor of the next page or None), the largest first; equal ones by address. Raises UsageError
    for a wrong cursor.
    """
    held = balances(ctx)
    total = sum(held.values())
    with ctx.sessions() as session:
        query = select(StakeBalance).where(StakeBalance.balance > 0)
        query = query.order_by(StakeBalance.balance.desc(), StakeBalance.account).limit(limit + 1)
        if after is not None:
            query = query.where(_after(after))
        rows = session.scalars(query).all()
        page = [_holder(session, row, total) for row in rows[:limit]]
    following = f"{rows[limit - 1].balance}:{rows[limit - 1].account}" if len(rows) > limit else None
    return page, following


def holder(ctx: Context, account: str) -> tuple[Holder, list[dict[str, Any]]]:
    """(the account, its claims by round); an account without stake has a balance of 0."""
    total = supply(ctx)
    with ctx.sessions() as session:
        row = session.get(StakeBalance, account) or StakeBalance(account=account, balance=0)
        claims = session.scalars(
            select(StakeClaim)
            .where(StakeClaim.account == account)
            .order_by(StakeClaim.round_id, StakeClaim.part)
        ).all()
        found = _holder(session, row, total)
    return found, [
        {
            "round_id": claim.round_id,
            "part": claim.part,
            "amount": str(claim.amount),
            "claimed_at": claim.claimed_at,
        }
        for claim in claims
    ]


def _holder(session: Session, row: StakeBalance, total: int) -> Holder:
    delegation, votes = session.get(Delegation, row.account), session.get(DelegateVotes, row.account)
    name = session.scalar(
        select(WorkDocument.artist_name)
        .join(Work, DESCRIBES)
        # A moved work tells the name of the artist who lost it.
        .where(Work.artist == row.account, Work.described_by == row.account)
        .limit(1)
    )
    return Holder(
        row.account,
        row.balance,
        row.balance * BPS // total if total else 0,
        delegation.delegate if delegation else None,
        votes.votes if votes else 0,
        name,
    )


def _after(cursor: str) -> Any:
    try:
        balance, account = cursor.split(":")
        position = int(balance)
        if not 0 <= position < 2**256:
            raise ValueError(balance)
    except ValueError as error:
        raise UsageError(
            "The cursor is not one that this API gave out.", "Ask again without a cursor."
        ) from error
    same = (StakeBalance.balance == position) & (StakeBalance.account > account)
    return (StakeBalance.balance < position) | same
