"""Development money: native coin for gas and mock settlement tokens, so that buyers can buy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.context import GAS_RESERVE_WEI

if TYPE_CHECKING:
    from backend.context import Context

BUYER_FUNDS = 100 * 10**6  # settlement tokens, smallest unit


def fund_buyer(ctx: Context, address: str, amount: int = BUYER_FUNDS) -> None:
    """Gives `address` coin for gas and tops it up to `amount` of the mock token. Development chains only."""
    if ctx.client.balance(address) < GAS_RESERVE_WEI:
        ctx.client.fund(address)
    missing = amount - ctx.contracts.token.functions.balanceOf(address).call()
    if missing > 0:
        ctx.sender("deployer").send(ctx.contracts.token.functions.mint(address, missing))
