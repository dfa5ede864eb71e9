"""What accounts have earned, paying it out to them, and the public ledger of every unit of money."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from eth_utils import to_checksum_address
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.chain.batch import call_many
from backend.generations.tables import Order
from backend.royalties.claims import Claimed, claim_all, earning_accounts
from backend.royalties.ledger import LEDGER_KINDS, LedgerRow, ledger, ledger_csv
from backend.royalties.split import PARTS, Split, attributed_ceiling, split
from backend.royalties.tables import (
    ArtistPayee,
    Claim,
    Contribution,
    Credit,
    DeferredRefund,
    Refund,
    RefundClaim,
    SaleSplit,
    Tip,
)

if TYPE_CHECKING:
    from backend.context import Context

__all__ = [
    "LEDGER_KINDS",
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


@dataclass(frozen=True)
class Earnings:
    """One account's money: owed by the market, claimable as a holder, paid out so far by market, pool and
    prepaid sales; credited by sales and given as tips since the beginning."""

    account: str
    owed: int
    claimable: int
    claimed_market: int
    claimed_pool: int
    claimed_prepaid: int
    credited: int
    tipped: int
    sales: int
    stake: int
    payee: str  # who is paid `owed` when it is claimed


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
        tipped = sum(session.scalars(select(Tip.amount).where(Tip.artist == account)))
    paid = {
        source: sum(row.amount for row in claims if row.source == source)
        for source in ("market", "pool", "prepaid")
    }
    return Earnings(
        account,
        owed,
        claimable,
        paid["market"],
        paid["pool"],
        paid["prepaid"],
        sum(row.amount for row in credits),
        tipped,
        len({row.order_id for row in credits}),
        stake,
        named.payee if named else account,
    )


# ---- sums -------------------------------------------------------------------------------------------------


def totals(session: Session) -> dict[str, int]:
    """Sums over the indexed tables. All that came into the market is somewhere in it or went out again:

    received + tipped + contributed = attributed + tipped + holders + learning + platform + network +
    escrowed + refunded. `claimed` is paid out of all but the last two and the holders' part, `holders_paid`
    of that.
    """
    columns = {
        "received": Order.price,
        "tipped": Tip.amount,
        "attributed": SaleSplit.attributed,
        "refunded": Refund.amount,
    }
    sums = {name: sum(session.scalars(select(column))) for name, column in columns.items()}
    gifts = list(session.scalars(select(Contribution)))
    splits = list(session.scalars(select(SaleSplit)))
    for part in PARTS[1:]:
        sums[part] = sum(getattr(row, part) for row in (*splits, *gifts))
    sums["contributed"] = sum(getattr(row, part) for row in gifts for part in PARTS[1:])
    sums["escrowed"] = escrowed(session)
    sums["refunds_owed"] = sum(session.scalars(select(DeferredRefund.amount))) - sum(
        session.scalars(select(RefundClaim.amount))
    )
    claims = list(session.execute(select(Claim.source, Claim.amount)))
    for name, source in (("claimed", "market"), ("holders_paid", "pool"), ("prepaid_paid", "prepaid")):
        sums[name] = sum(row.amount for row in claims if row.source == source)
    return sums | {"sales": session.scalar(select(func.count(SaleSplit.order_id.distinct()))) or 0}


def escrowed(session: Session) -> int:
    """The price of what is paid and neither delivered nor refunded."""
    waiting = session.execute(
        select(Order.price, Order.quantity, Order.delivered).where(Order.state == "requested")
    )
    return sum(row.price // row.quantity * (row.quantity - row.delivered) for row in waiting)
