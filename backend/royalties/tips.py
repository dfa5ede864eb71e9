"""Tips: money of anybody's for the artists that a generation drew on, whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from eth_account.signers.local import LocalAccount
from sqlalchemy import select

from backend.errors import Conflict
from backend.generations.refunds import find_order
from backend.royalties.tables import Credit

if TYPE_CHECKING:
    from backend.context import Context


class NobodyToTip(Conflict):
    """The order credited no artist, and none was named."""

    code, title = "nobody_to_tip", "Nobody to tip"
    advice = "Name an artist with --artist."


def shared(amount: int, weights: Mapping[str, int]) -> dict[str, int]:
    """`amount` in proportion to `weights` (above 0), what rounding leaves to the first; parts of 0 are left
    out."""
    whole = sum(weights.values())
    parts = {artist: amount * weight // whole for artist, weight in weights.items()}
    first = next(iter(parts))
    parts[first] += amount - sum(parts.values())
    return {artist: part for artist, part in parts.items() if part}


def tip(
    ctx: Context, account: LocalAccount, order_id: str, amount: int, artists: list[str] | None = None
) -> dict[str, int]:
    """Gives `amount` to an order's artists: those named in equal parts, else those credited in proportion.

    Artist → amount. Raises OrderNotFound, NobodyToTip.
    """
    row = find_order(ctx, order_id)
    weights: dict[str, int] = dict.fromkeys(artists or [], 1)
    if not weights:
        with ctx.sessions() as session:
            credits = select(Credit).where(Credit.order_id == row.order_id)
            for credit in session.scalars(credits.order_by(Credit.block_number, Credit.log_index)):
                weights[credit.artist] = weights.get(credit.artist, 0) + credit.amount
    if not weights:
        raise NobodyToTip(f"Order {order_id} credited no artist.")
    tips = shared(amount, weights)
    token, market, sender = ctx.contracts.token, ctx.contracts.market, ctx.sender(account)
    if token.functions.allowance(account.address, market.address).call() < amount:
        sender.send(token.functions.approve(market.address, amount))
    sender.send(market.functions.tip(bytes.fromhex(row.order_id[2:]), list(tips.items())))
    return tips
