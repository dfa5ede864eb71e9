"""Paying artists what prepaid sales credited to them, week by week, with Merkle proofs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from backend.chain.batch import call_many
from backend.errors import ContractReverted
from backend.prepaid import settlements
from backend.prepaid.service import credits_in
from backend.prepaid.tables import CreditPeriod

if TYPE_CHECKING:
    from backend.context import Context


@dataclass(frozen=True)
class CreditsClaimed:
    """What one artist was paid of a period's credits."""

    period: int
    artist: str
    amount: int


def claim(
    ctx: Context,
    artists: Sequence[str] | None = None,
    refused: Callable[[str, ContractReverted], None] | None = None,
) -> list[CreditsClaimed]:
    """Pays artists (all without) what they have not taken of any period, to their payees; the relayer pays
    the gas.

    An artist whose payment is refused (the token may block the payee) keeps nobody else waiting: `refused` is
    told, the money stays owed; without `refused` the error is raised once all others are paid.
    """
    with ctx.sessions() as session:
        rows = session.scalars(select(CreditPeriod).order_by(CreditPeriod.period))
        periods = [row.period for row in rows if row.claimed < row.attributed]
    paid: list[CreditsClaimed] = []
    failures: list[tuple[str, ContractReverted]] = []
    for period in periods:
        _claim_period(ctx, period, artists, paid, failures)
    for artist, error in failures:
        if refused is None:
            raise error
        refused(artist, error)
    return paid


def _claim_period(
    ctx: Context,
    period: int,
    artists: Sequence[str] | None,
    paid: list[CreditsClaimed],
    failures: list[tuple[str, ContractReverted]],
) -> None:
    """Adds to `paid` and `failures` what became of each artist's credits of a period."""
    tree = settlements.artists_tree(period, credits_in(ctx, period))
    views, sender = ctx.contracts.prepaid.functions, ctx.sender("relayer")
    wanted = [
        (index, leaf)
        for index, leaf in enumerate(tree.leaves)
        if artists is None or leaf.account in artists
    ]
    taken = call_many(ctx.client, [views.claimedOf(period, leaf.account) for _, leaf in wanted])
    for (index, leaf), before in zip(wanted, taken, strict=True):
        if leaf.amount <= before:
            continue
        try:
            sender.send(views.claim(period, leaf.account, leaf.amount, tree.proof(index)))
        except ContractReverted as error:
            failures.append((leaf.account, error))
        else:
            paid.append(CreditsClaimed(period, leaf.account, leaf.amount - before))
