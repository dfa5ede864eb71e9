"""Which part of the service runs, and what the chain holds."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from backend.generations.tables import Order
from backend.health import parts_of
from backend.stake.tables import StakeBalance
from backend.training.tables import Round
from backend.works.tables import Work

if TYPE_CHECKING:
    from backend.context import Context


def read_status(ctx: Context) -> dict[str, Any]:
    """{parts: {name: {ok, detail}}, chain: {what: number}}. Never raises: what is down is told."""
    parts = {name: part.model_dump() for name, part in parts_of(ctx).items()}
    return {"parts": parts, "chain": _held(ctx) if parts["database"]["ok"] else {}}


def _held(ctx: Context) -> dict[str, int | str]:
    """Counts from the tables."""
    def count(session, column, *where) -> int:
        return session.scalar(select(func.count(column)).where(*where)) or 0

    with ctx.sessions() as session:
        return {
            "works": count(session, Work.content_hash),
            "works with consent": count(session, Work.content_hash, Work.consent % 2 == 1),
            "artists": session.scalar(select(func.count(func.distinct(Work.artist)))) or 0,
            "finalised rounds": count(session, Round.round_id, Round.state == "finalised"),
            "holders": sum(balance > 0 for balance in session.scalars(select(StakeBalance.balance))),
            "orders waiting": count(session, Order.order_id, Order.state == "requested"),
            "orders fulfilled": count(session, Order.order_id, Order.state == "fulfilled"),
            "orders refunded": count(session, Order.order_id, Order.state == "refunded"),
        }
