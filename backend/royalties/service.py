"""What accounts have earned, paying it out to them, and the public ledger of every unit of money."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING

from eth_utils import to_checksum_address
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.chain.batch import call_many
from backend.generations.tables import Order
from backend.royalties.claims import Claimed, claim_all, earning_accounts
from backend.royalties.split import Split, attributed_ceiling, split
from backend.royalties.tables import ArtistPayee, Claim, Credit, Payees, Refund, SaleSplit

if TYPE_CHECKING:
    from backend.context import Context

__all__ = [
    "Claimed",
    "Earnings",
    "LedgerRow",
    "Split",
    "attributed_ceiling",
    "claim_all",
    "earning_accounts",
    "earnings",
    "ledger",
    "ledger_csv",
    "split",
]

LEDGER_KINDS = ("payment", "credit", "holders", "learning", "platform", "network", "refund", "claim")


@dataclass(frozen=True)
class Earnings:
    """One account's money: owed by sales, claimable as a holder, paid out so far from either."""

    account: str
    owed: int
    claimable: int
    claimed_market: int
    claimed_pool: int
    credited: int
    sales: int
    stake: int
    payee: str  # who is paid `owed` when it is claimed


@dataclass(frozen=True)
class LedgerRow:
    """One movement of money.

    `block` orders them; `order_id` is None for claims, `account` None for the holders' pool.
    """

    block: int
    kind: str
    order_id: str | None
    account: str | None
    amount: int
    note: str


# ---- one account -------------------------------------------------------------------------------------------


def earnings(ctx: Context, account: str) -> Earnings:
    """Amounts due are asked of the contracts, what happened before of the tables."""
    account = to_checksum_address(account)
    owed, claimable, stake = call_many(
        ctx.client,
        [
            ctx.contracts.market.functions.owed(account),
            ctx.contracts.pool.functions.claimable(account),
            ctx.contracts.stake.functions.balanceOf(account),
        ],
    )
    with ctx.sessions() as session:
        claims = list(session.execute(select(Claim.source, Claim.amount).where(Claim.account == account)))
        credits = list(
            session.execute(select(Credit.order_id, Credit.amount).where(Credit.artist == account))
        )
        named = session.get(ArtistPayee, account)
    paid = {
        source: sum(row.amount for row in claims if row.source == source) for source in ("market", "pool")
    }
    return Earnings(
        account,
        owed,
        claimable,
        paid["market"],
        paid["pool"],
        sum(row.amount for row in credits),
        len({row.order_id for row in credits}),
        stake,
        named.payee if named else account,
    )


# ---- the ledger --------------------------------------------------------------------------------------------


def ledger(session: Session, after_block: int = -1, limit: int | None = None) -> list[LedgerRow]:
    """Every payment, credit, share, refund and claim with a block above `after_block`, the oldest first.

    With `limit`, at least so many rows where there are more, and always whole blocks, so that the last block
    is the cursor.
    """
    last = None if limit is None else _last_block(session, after_block, limit)
    rows = [
        *_payments(session, after_block, last),
        *_shares(session, after_block, last),
        *_back(session, after_block, last),
    ]
    return sorted(
        rows, key=lambda row: (row.block, LEDGER_KINDS.index(row.kind), row.order_id or "", row.account or "")
    )


def _between(column: object, after: int, last: int | None) -> list[object]:
    return [column > after] if last is None else [column > after, column <= last]


def _last_block(session: Session, after: int, limit: int) -> int | None:
    """The block with the `limit`-th row of any one kind: a bound that reads no table to its end."""
    bounds = []
    for table in (Order, Credit, SaleSplit, Refund, Claim):
        found = session.scalar(
            select(table.block_number)
            .where(table.block_number > after)
            .order_by(table.block_number)
            .offset(limit - 1)
            .limit(1)
        )
        if found is not None:
            bounds.append(found)
    return min(bounds) if bounds else None


def _payments(session: Session, after: int, last: int | None) -> Iterator[LedgerRow]:
    for row in session.scalars(select(Order).where(*_between(Order.block_number, after, last))):
        yield LedgerRow(
            row.block_number,
            "payment",
            row.order_id,
            row.buyer,
            row.price,
            f"{row.quantity} generation(s), rules {row.rules_version}",
        )


def _shares(session: Session, after: int, last: int | None) -> Iterator[LedgerRow]:
    for row in session.scalars(select(Credit).where(*_between(Credit.block_number, after, last))):
        yield LedgerRow(row.block_number, "credit", row.order_id, row.artist, row.amount, "attributed artist")
    payees = list(session.scalars(select(Payees).order_by(Payees.block_number, Payees.log_index)))
    for row in session.scalars(select(SaleSplit).where(*_between(SaleSplit.block_number, after, last))):
        current = next((p for p in reversed(payees) if p.block_number <= row.block_number), None)
        yield LedgerRow(row.block_number, "holders", row.order_id, None, row.holders, "all holders, streamed")
        for kind in ("learning", "platform", "network"):
            yield LedgerRow(
                row.block_number,
                kind,
                row.order_id,
                getattr(current, kind, None),
                getattr(row, kind),
                f"{kind} share",
            )


def _back(session: Session, after: int, last: int | None) -> Iterator[LedgerRow]:
    for row in session.scalars(select(Refund).where(*_between(Refund.block_number, after, last))):
        yield LedgerRow(
            row.block_number, "refund", row.order_id, row.buyer, row.amount, "not delivered in time"
        )
    for row in session.scalars(select(Claim).where(*_between(Claim.block_number, after, last))):
        yield LedgerRow(
            row.block_number, "claim", None, row.account, row.amount, f"paid out by the {row.source}"
        )


def ledger_csv(rows: Iterable[LedgerRow]) -> str:
    """Comma-separated with a header line; amounts in the smallest unit."""
    out = io.StringIO()
    writer = csv.DictWriter(out, [field.name for field in fields(LedgerRow)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(row) for row in rows)
    return out.getvalue()


def totals(session: Session) -> dict[str, int]:
    """Sums over the indexed tables, to hold against the contracts' own totals."""
    columns = {
        "received": Order.price,
        "attributed": SaleSplit.attributed,
        "holders": SaleSplit.holders,
        "learning": SaleSplit.learning,
        "platform": SaleSplit.platform,
        "network": SaleSplit.network,
        "refunded": Refund.amount,
        "claimed": Claim.amount,
    }
    sums = {name: sum(session.scalars(select(column))) for name, column in columns.items()}
    return sums | {"sales": session.scalar(select(func.count()).select_from(SaleSplit)) or 0}
