"""The public ledger: every movement of money since the beginning, each once, in the order of the chain."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.generations.tables import Order
from backend.prepaid.tables import Charge, PrepaidDeposit, Settlement, Withdrawal
from backend.royalties.tables import Claim, Contribution, Credit, Payees, Refund, SaleSplit, Tip

# What comes in, what it becomes, what goes out; in this order within a block.
LEDGER_KINDS = (
    "payment",
    "tip",
    "deposit",
    "charge",
    "contribution",
    "credit",
    "holders",
    "learning",
    "platform",
    "network",
    "refund",
    "withdrawal",
    "claim",
)
FUNDS = ("learning", "platform", "network")
TABLES = (
    Order,
    Tip,
    PrepaidDeposit,
    Charge,
    Contribution,
    Credit,
    SaleSplit,
    Settlement,
    Refund,
    Withdrawal,
    Claim,
)


@dataclass(frozen=True)
class LedgerRow:
    """One movement of money.

    `block` orders them; `order_id` is None for what belongs to no order, `account` None for all holders and
    for a week's artists together.
    """

    block: int
    kind: str
    order_id: str | None
    account: str | None
    amount: int
    note: str


def ledger(session: Session, after_block: int = -1, limit: int | None = None) -> list[LedgerRow]:
    """Every movement with a block above `after_block`, the oldest first.

    With `limit`, at least so many rows where there are more, and always whole blocks, so that the last block
    is the cursor.
    """
    last = None if limit is None else _last_block(session, after_block, limit)

    def rows_of(table: Any) -> Iterator[Any]:
        within = table.block_number > after_block
        if last is not None:
            within &= table.block_number <= last
        return session.scalars(select(table).where(within))

    rows = [*_paid_in(rows_of), *_shares(session, rows_of), *_prepaid(rows_of), *_paid_out(rows_of)]
    return sorted(
        rows, key=lambda row: (row.block, LEDGER_KINDS.index(row.kind), row.order_id or "", row.account or "")
    )


def _last_block(session: Session, after: int, limit: int) -> int | None:
    """The block with the `limit`-th row of any one kind: a bound that reads no table to its end."""
    bounds = []
    for table in TABLES:
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


def _paid_in(rows_of: Any) -> Iterator[LedgerRow]:
    for row in rows_of(Order):
        note = f"{row.quantity} generation(s), rules {row.rules_version}"
        yield LedgerRow(row.block_number, "payment", row.order_id, row.buyer, row.price, note)
    for row in rows_of(Tip):
        yield LedgerRow(row.block_number, "tip", row.order_id, row.artist, row.amount, f"from {row.tipper}")
    for row in rows_of(Contribution):
        whole = row.holders + row.learning + row.platform + row.network
        yield LedgerRow(
            row.block_number, "contribution", None, row.contributor, whole, "to holders and funds"
        )


def _shares(session: Session, rows_of: Any) -> Iterator[LedgerRow]:
    for row in rows_of(Credit):
        yield LedgerRow(row.block_number, "credit", row.order_id, row.artist, row.amount, "attributed artist")
    changes = list(session.scalars(select(Payees).order_by(Payees.block_number, Payees.log_index)))
    for row in (*rows_of(SaleSplit), *rows_of(Contribution)):
        place = (row.block_number, row.log_index)
        payees = next((p for p in reversed(changes) if (p.block_number, p.log_index) <= place), None)
        order_id = getattr(row, "order_id", None)
        yield LedgerRow(row.block_number, "holders", order_id, None, row.holders, "all holders, streamed")
        for kind in FUNDS:
            account, amount = getattr(payees, kind, None), getattr(row, kind)
            yield LedgerRow(row.block_number, kind, order_id, account, amount, f"{kind} share")


def _prepaid(rows_of: Any) -> Iterator[LedgerRow]:
    """Into balances, from balances to settlements, from settlements to a week's artists; the rest of a
    settlement is its contribution."""
    for row in rows_of(PrepaidDeposit):
        yield LedgerRow(row.block_number, "deposit", None, row.buyer, row.amount, f"paid by {row.payer}")
    for row in rows_of(Charge):
        yield LedgerRow(row.block_number, "charge", None, row.buyer, row.amount, "prepaid sales")
    for row in rows_of(Settlement):
        note = f"artists of prepaid sales, period {row.period}"
        yield LedgerRow(row.block_number, "credit", None, None, row.attributed, note)
    for row in rows_of(Withdrawal):
        yield LedgerRow(row.block_number, "withdrawal", None, row.buyer, row.amount, "prepaid and not spent")


def _paid_out(rows_of: Any) -> Iterator[LedgerRow]:
    for row in rows_of(Refund):
        note = "not delivered in time"
        yield LedgerRow(row.block_number, "refund", row.order_id, row.buyer, row.amount, note)
    for row in rows_of(Claim):
        to = "" if row.payee == row.account else f", to {row.payee}"
        note = f"paid out by {'prepaid sales' if row.source == 'prepaid' else f'the {row.source}'}{to}"
        yield LedgerRow(row.block_number, "claim", None, row.account, row.amount, note)


def ledger_csv(rows: Iterable[LedgerRow]) -> str:
    """Comma-separated with a header line; amounts in the smallest unit."""
    out = io.StringIO()
    writer = csv.DictWriter(out, [field.name for field in fields(LedgerRow)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(row) for row in rows)
    return out.getvalue()
