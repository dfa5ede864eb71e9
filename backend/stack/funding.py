"""Development money: native coin for gas and mock settlement tokens, so that buyers can buy."""
from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backend.context import Context

BUYER_FUNDS = 100 * 10**6  # settlement tokens, smallest unit


def fund_buyer(ctx: Context, name: str) -> None:
    """Tops the wallet `name` up to 100 dUSD and gives it coin. Development chains only."""
    address = ctx.wallets.address(name)
    ctx.client.fund(address)
    lacking = BUYER_FUNDS - ctx.contracts.token.functions.balanceOf(address).call()
    if lacking > 0:
        ctx.sender("deployer").send(ctx.contracts.token.functions.mint(address, lacking))
