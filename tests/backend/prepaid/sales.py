"""Prepaid sales for tests: vouchers for real, deliveries made up (no worker draws them yet)."""

from __future__ import annotations

from typing import Any

from backend.prepaid import service
from backend.prepaid.vouchers import SignedVoucher, order_id_of
from tests.backend.sales_world import World

CREDITS = {"Ada": 300_000, "Béla": 99_999}


def voucher_of(
    world: World, number: int = 35, prompts: tuple[str, ...] = ("a red cat", "a green dog", "a moon")
) -> SignedVoucher:
    """A voucher of a buyer who has prepaid 5."""
    account = world.buyer(number)
    service.deposit(world.ctx, account, 5 * 10**6 - service.balance_of(world.ctx, account.address).amount)
    return service.sign_voucher(world.ctx, account, [world.quote(account, prompt) for prompt in prompts])


def delivered(world: World, signed: SignedVoucher) -> list[dict[str, Any]]:
    """What the operator would have delivered for each order."""
    cid = world.ctx.ipfs.add(b"a picture or a record")
    prepaid = world.ctx.contracts.prepaid.address
    credits = [
        {"artist": world.artist(name).address, "amount": str(amount)} for name, amount in CREDITS.items()
    ]
    return [
        {
            "order_id": order_id_of(order, world.ctx.client.chain_id, prepaid),
            "output_hash": "0x" + "21" * 32,
            "output_cid": cid,
            "attribution_cid": cid,
            "credits": credits,
        }
        for order in signed.orders
    ]


def leave_period_end(world: World) -> None:
    """A settlement near the end of a week is refused."""
    now = world.ctx.client.now()
    left = 7 * 86_400 - now % (7 * 86_400)
    if left < 2 * service.PERIOD_MARGIN_S:
        world.ctx.client.advance_time(left + 1)


def settle_prepaid(world: World, number: int = 35) -> int:
    """Three sales of one buyer, settled and indexed; the settlement's id."""
    leave_period_end(world)
    signed = voucher_of(world, number)
    world.index()
    receipts = service.receipts_for(world.ctx, [signed], delivered(world, signed))
    settlement_id = service.settle(world.ctx, [signed], receipts)
    world.index()
    return settlement_id
