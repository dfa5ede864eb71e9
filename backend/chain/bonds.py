"""Bonds in the settlement token, for whichever contract takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.errors import InputRefused

if TYPE_CHECKING:
    from backend.chain.transactions import Sender
    from backend.context import Context


def approve_bond(ctx: Context, sender: Sender, spender: str, bond: int) -> None:
    """Allow the contract `spender` to take `bond`; development tokens are minted when the wallet has too few.
    Raises InputRefused elsewhere."""
    token = ctx.contracts.token.functions
    balance = token.balanceOf(sender.address).call()
    if balance < bond:
        if ctx.client.chain_id != 31337:
            raise InputRefused(
                f"{sender.address} holds {balance} of the settlement token, the bond is {bond}.",
                f"Send it at least {bond - balance} (smallest unit) and try again.",
            )
        sender.send(token.mint(sender.address, bond - balance))
    if token.allowance(sender.address, spender).call() < bond:
        sender.send(token.approve(spender, bond))
