"""The ERC-721 token of a delivered generation, minted by its buyer who wants one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eth_account.signers.local import LocalAccount
from sqlalchemy import select

from backend.generations.errors import NotDeliveredYet
from backend.generations.orders import Order
from backend.generations.refunds import find_order
from backend.generations.tables import Delivery

if TYPE_CHECKING:
    from backend.context import Context


def mint(ctx: Context, account: LocalAccount, order_id: str, index: int = 0) -> int:
    """Mints the token of an order's delivery `index` (from 0) to its buyer, who sends; returns the token's
    id.

    Raises OrderNotFound, NotDeliveredYet.
    """
    row = find_order(ctx, order_id)
    with ctx.sessions() as session:
        rows = select(Delivery).where(Delivery.order_id == row.order_id)
        found = session.scalars(rows.order_by(Delivery.block_number, Delivery.log_index)).all()
    if not 0 <= index < len(found):
        raise NotDeliveredYet(f"Order {order_id} has {len(found)} deliveries; there is no number {index}.")
    outputs = [
        (each.quantity, *map(_bytes, (each.output_hash, each.output_digest, each.attribution_digest)))
        for each in found
    ]
    functions = ctx.contracts.generation_token.functions
    ctx.sender(account).send(functions.mint(Order.from_row(row).to_chain(), outputs, index))
    return functions.tokenIdOf(_bytes(row.order_id), index).call()


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text[2:])
