"""Bonds in the settlement token, for whichever contract takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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


def claim_bond(ctx: Context, contract: Any, account: str) -> int:
    """Pay an account, to itself, the bonds that `contract` (rounds or disputes) owes it; the relayer pays the
    gas. The amount; 0 when nothing is owed. Raises ContractReverted when the token refuses."""
    from web3.logs import DISCARD

    receipt = ctx.sender("relayer").send(contract.functions.claimBond(account))
    paid = contract.events.BondClaimed().process_receipt(receipt, errors=DISCARD)
    return sum(int(log["args"]["amount"]) for log in paid)
