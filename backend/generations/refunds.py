"""Orders as they stand, and the money of those that were not delivered in time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from backend.errors import ContractReverted
from backend.generations.errors import NotRefundable, OrderNotFound
from backend.generations.orders import Order
from backend.generations.tables import Order as OrderRow

if TYPE_CHECKING:
    from backend.context import Context

STATES = ("none", "requested", "fulfilled")  # GenerationMarket.State


def find_order(ctx: Context, identifier: str) -> OrderRow:
    """The indexed order. Raises OrderNotFound."""
    with ctx.sessions() as session:
        row = session.get(OrderRow, identifier.lower())
    if row is None:
        raise OrderNotFound(f"No order {identifier} is known.")
    return row


def state_on_chain(ctx: Context, identifier: str) -> str:
    """ "none", "requested" or "fulfilled", asked of the contract. It knows a refunded order no more: that
    one is "none", and what became of it stands in the events."""
    return STATES[ctx.contracts.market.functions.stateOf(bytes.fromhex(identifier[2:])).call()]


def refund_expired(ctx: Context, identifier: str | None = None) -> list[str]:
    """Refunds one order, or every expired one, to their buyers: the price of what was not delivered. The
    relayer pays the gas. Returns the ids refunded by this call.

    Raises NotRefundable when the one order named is not waiting or its deadline has not passed.
    """
    now = ctx.client.now()
    if identifier is not None:
        row = find_order(ctx, identifier)
        if state_on_chain(ctx, row.order_id) != "requested":
            known = row.state if row.state != "requested" else "waiting no longer"
            raise NotRefundable(
                f"Order {identifier} is {known}.", "Only a paid order that still waits can be refunded."
            )
        if now <= row.deadline:
            raise NotRefundable(
                f"Order {identifier} may be fulfilled for another {row.deadline - now} seconds.",
                f"Ask again after its deadline, {row.deadline} in the chain's time.",
            )
        rows = [row]
    else:
        with ctx.sessions() as session:
            rows = list(
                session.scalars(
                    select(OrderRow)
                    .where(OrderRow.state == "requested", OrderRow.deadline < now)
                    .order_by(OrderRow.requested_at, OrderRow.order_id)
                )
            )
        rows = [row for row in rows if state_on_chain(ctx, row.order_id) == "requested"]
    return [row.order_id for row in rows if _refund(ctx, row)]


def _refund(ctx: Context, row: OrderRow) -> bool:
    """False when somebody else refunded it in the meantime: anybody may, and that must stop no other."""
    try:
        ctx.sender("relayer").send(ctx.contracts.market.functions.refund(Order.from_row(row).to_chain()))
    except ContractReverted:
        if state_on_chain(ctx, row.order_id) == "requested":
            raise
        return False
    return True
