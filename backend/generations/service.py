"""Ordering generations: quote, the three ways to pay, and refunds.

A buyer signs or sends; whoever relays pays only the gas. Times are the chain's. All money is in the
settlement token's smallest unit.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount
from eth_utils import to_checksum_address
from sqlalchemy import select

from backend.generations import orders as messages
from backend.generations.errors import (
    BuyerCannotPay,
    DeadlineRefused,
    NoModelYet,
    QuantityRefused,
    WrongSignature,
)
from backend.generations.orders import Order
from backend.generations.prompts import tell_prompt
from backend.generations.refunds import STATES, find_order, refund_expired, state_on_chain
from backend.governance.rules import Rules
from backend.training.tables import Round

if TYPE_CHECKING:
    from backend.context import Context

__all__ = [
    "STATES",
    "WAYS_TO_PAY",
    "Signature",
    "find_order",
    "order_id",
    "quote",
    "refund_expired",
    "relay_authorization",
    "relay_permit",
    "request_by_approve",
    "request_by_authorization",
    "request_by_permit",
    "rules_of",
    "state_on_chain",
    "tell_prompt",
]

MAX_QUANTITY = 8
DEFAULT_WINDOW_S = 24 * 3600


@dataclass(frozen=True)
class Signature:
    """An ECDSA signature in the form that the token's functions take."""

    v: int
    r: bytes
    s: bytes

    @classmethod
    def of(cls, value: bytes | str) -> Signature:
        """From 65 bytes r ‖ s ‖ v (or their hex). Raises WrongSignature for another length."""
        data = bytes.fromhex(value.removeprefix("0x")) if isinstance(value, str) else bytes(value)
        if len(data) != 65:
            raise WrongSignature(f"A signature has 65 bytes, this one has {len(data)}.")
        v = data[64] + 27 if data[64] < 27 else data[64]
        return cls(v, data[:32], data[32:64])

    @property
    def vrs(self) -> tuple[int, int, int]:
        """As integers, for recovering the signer."""
        return self.v, int.from_bytes(self.r, "big"), int.from_bytes(self.s, "big")

    def to_bytes(self) -> bytes:
        """r ‖ s ‖ v."""
        return self.r + self.s + bytes([self.v])


# ---- quote -------------------------------------------------------------------------------------------------


def current_model_digest(ctx: Context) -> str:
    """IPFS digest of the model version of the latest finalised round. Raises NoModelYet."""
    with ctx.sessions() as session:
        found = session.scalar(
            select(Round.model_digest)
            .where(Round.state == "finalised")
            .order_by(Round.round_id.desc())
            .limit(1)
        )
    if found is None:
        raise NoModelYet("No training round is finalised yet.")
    return found


def rules_of(ctx: Context, version: int) -> Rules:
    """The rules of one version, from the chain."""
    return Rules.from_chain(ctx.contracts.rules.functions.rulesOf(version).call())


def price_of(ctx: Context, order: Order) -> int:
    """pricePerGeneration of the order's rules version · quantity."""
    return rules_of(ctx, order.rules_version).price_per_generation * order.quantity


def quote(
    ctx: Context,
    prompt: str,
    buyer: str,
    quantity: int = 1,
    deadline: int | None = None,
    model_digest: str | None = None,
) -> Order:
    """An order ready to be signed: rules in force now, newest model version, price cap = the price. Remembers
    the prompt.

    `deadline` is a chain timestamp; without it one day, or as long as the rules allow. Raises PromptRefused,
    QuantityRefused, DeadlineRefused, NoModelYet.
    """
    if not 1 <= quantity <= MAX_QUANTITY:
        raise QuantityRefused(
            f"{quantity} generations were asked for.", f"Ask for 1 to {MAX_QUANTITY} in one order."
        )
    version = ctx.contracts.rules.functions.currentVersion().call()
    rules = rules_of(ctx, version)
    now = ctx.client.now()
    if deadline is None:
        deadline = now + min(DEFAULT_WINDOW_S, rules.max_order_window)
    latest = now + rules.max_order_window
    if not now < deadline <= latest:  # the market would refuse the signed order
        raise DeadlineRefused(
            f"The deadline {deadline} is not after now ({now}) and at most {rules.max_order_window} s later.",
            f"Name a moment from {now + 1} to {latest} in the chain's time.",
        )
    return Order(
        buyer=to_checksum_address(buyer),
        max_price=rules.price_per_generation * quantity,
        quantity=quantity,
        prompt_hash=tell_prompt(ctx, prompt),
        model_digest=model_digest or current_model_digest(ctx),
        rules_version=version,
        deadline=deadline,
        salt=secrets.randbits(256),
    )


def order_id(ctx: Context, order: Order) -> str:
    """The order's id: its EIP-712 digest on this chain for this market."""
    return messages.order_id_of(order, ctx.client.chain_id, ctx.contracts.market.address)


# ---- what the buyer signs ----------------------------------------------------------------------------------


def order_message(ctx: Context, order: Order) -> dict[str, Any]:
    """EIP-712 message over the order."""
    return messages.order_typed_data(order, ctx.client.chain_id, ctx.contracts.market.address)


def permit_message(ctx: Context, order: Order, price: int) -> dict[str, Any]:
    """EIP-2612 permit of exactly the price, valid as long as the order."""
    nonce = ctx.contracts.token.functions.nonces(order.buyer).call()
    return messages.permit_typed_data(
        token_domain(ctx), order.buyer, ctx.contracts.market.address, price, nonce, order.deadline
    )


def authorization_message(ctx: Context, order: Order, price: int) -> dict[str, Any]:
    """ERC-3009 message: the price, from the buyer to the market, with the order's id as nonce, valid as long
    as the order.
    """
    return messages.authorization_typed_data(
        token_domain(ctx),
        order.buyer,
        ctx.contracts.market.address,
        price,
        0,
        order.deadline,
        order_id(ctx, order),
    )


def token_domain(ctx: Context) -> dict[str, Any]:
    """The settlement token's EIP-712 domain, which the token itself states (EIP-5267)."""
    _, name, version, chain_id, address, _, _ = ctx.contracts.token.functions.eip712Domain().call()
    return {"name": name, "version": version, "chainId": chain_id, "verifyingContract": address}


def sign(account: LocalAccount, message: dict[str, Any]) -> Signature:
    """Signs an EIP-712 message."""
    return Signature.of(account.sign_message(encode_typed_data(full_message=message)).signature)


# ---- paying ------------------------------------------------------------------------------------------------


def request_by_approve(ctx: Context, account: LocalAccount, order: Order, prompt: str) -> str:
    """The buyer approves the price and requests, with two transactions of its own. Returns the order's id."""
    price = _payable(ctx, order, prompt)
    token, market, sender = ctx.contracts.token, ctx.contracts.market, ctx.sender(account)
    if token.functions.allowance(order.buyer, market.address).call() < price:
        sender.send(token.functions.approve(market.address, price))
    sender.send(market.functions.request(order.to_chain()))
    return order_id(ctx, order)


def request_by_permit(ctx: Context, account: LocalAccount, order: Order, prompt: str) -> str:
    """The buyer signs permit and order; the relayer sends both. Returns the order's id."""
    price = _payable(ctx, order, prompt)
    permit = sign(account, permit_message(ctx, order, price))
    return relay_permit(ctx, order, permit, sign(account, order_message(ctx, order)), prompt)


def request_by_authorization(ctx: Context, account: LocalAccount, order: Order, prompt: str) -> str:
    """The buyer signs one ERC-3009 message; the relayer sends it. Returns the order's id."""
    price = _payable(ctx, order, prompt)
    return relay_authorization(ctx, order, sign(account, authorization_message(ctx, order, price)), prompt)


# What a buyer may choose from, by name.
WAYS_TO_PAY = {
    "approve": request_by_approve,
    "permit": request_by_permit,
    "authorization": request_by_authorization,
}


def relay_permit(
    ctx: Context, order: Order, permit: Signature, order_signature: Signature, prompt: str
) -> str:
    """Sends a buyer's signed permit and order, paid by the relayer.

    Raises WrongSignature before any gas is spent.
    """
    price = _payable(ctx, order, prompt)
    _require_signer(order, order_message(ctx, order), order_signature)
    _require_signer(order, permit_message(ctx, order, price), permit)
    ctx.sender("relayer").send(
        ctx.contracts.market.functions.requestWithPermit(
            order.to_chain(), order.deadline, permit.v, permit.r, permit.s, order_signature.to_bytes()
        )
    )
    return order_id(ctx, order)


def relay_authorization(ctx: Context, order: Order, authorization: Signature, prompt: str) -> str:
    """Sends a buyer's ERC-3009 authorization, paid by the relayer.

    Raises WrongSignature before any gas is spent.
    """
    price = _payable(ctx, order, prompt)
    _require_signer(order, authorization_message(ctx, order, price), authorization)
    ctx.sender("relayer").send(
        ctx.contracts.market.functions.requestWithAuthorization(
            order.to_chain(), 0, order.deadline, authorization.v, authorization.r, authorization.s
        )
    )
    return order_id(ctx, order)


def _payable(ctx: Context, order: Order, prompt: str) -> int:
    """The order's price, after its prompt is stored and the buyer's balance is seen to cover it."""
    tell_prompt(ctx, prompt, order.prompt_hash)
    price = price_of(ctx, order)
    balance = ctx.contracts.token.functions.balanceOf(order.buyer).call()
    if balance < price:
        raise BuyerCannotPay(
            f"{order.buyer} holds {balance} of the settlement token, the price is {price}.",
            "Send settlement tokens to the buyer (development: `meltingpot order --fund`).",
            balance=balance,
            price=price,
        )
    return price


def _require_signer(order: Order, message: dict[str, Any], signature: Signature) -> None:
    try:
        signer = messages.signer_of(message, signature.vrs)
    except Exception as error:  # eth_keys raises its own tree for values that are no signature
        raise WrongSignature("The signature is no signature over this message.") from error
    if signer != order.buyer:
        raise WrongSignature(f"{message['primaryType']} was signed by {signer}, the buyer is {order.buyer}.")
