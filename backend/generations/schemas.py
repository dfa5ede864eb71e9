"""Bodies of the API's order calls. Numbers above 2**53 travel as decimal strings."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from backend.generations.prompts import MAX_PROMPT_BYTES
from backend.generations.service import MAX_QUANTITY

ADDRESS = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
DIGEST = "0x" + "5f" * 32

AddressText = Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]{40}$", examples=[ADDRESS])]
Bytes32Text = Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]{64}$", examples=[DIGEST])]
UintText = Annotated[str, Field(pattern=r"^[0-9]{1,78}$", examples=["1000000"])]
SignatureText = Annotated[
    str, Field(pattern=r"^0x[0-9a-fA-F]{130}$", examples=["0x" + "1b" * 65], description="65 bytes: r, s, v")
]
PromptText = Annotated[
    str, Field(min_length=1, max_length=MAX_PROMPT_BYTES, examples=["smiling face with sunglasses"])
]


class OrderShown(BaseModel):
    """`GenerationMarket.Order` as it stands on the chain, which knows no limit of ours."""

    buyer: AddressText
    maxPrice: UintText
    quantity: int = Field(examples=[1])
    promptHash: Bytes32Text = Field(description="keccak256 of the prompt's UTF-8 bytes")
    modelDigest: Bytes32Text
    rulesVersion: int = Field(ge=1, lt=2**32, examples=[1])
    deadline: int = Field(ge=0, lt=2**64, description="chain time, seconds", examples=[1_800_000_000])
    salt: UintText


class OrderBody(OrderShown):
    """`GenerationMarket.Order` as it was quoted and signed."""

    quantity: int = Field(ge=1, le=MAX_QUANTITY, examples=[1])


class QuoteRequest(BaseModel):
    """What a buyer wants."""

    prompt: PromptText
    buyer: AddressText
    quantity: int = Field(1, ge=1, le=MAX_QUANTITY)
    deadline: int | None = Field(
        None, ge=0, lt=2**64, description="chain time in seconds; without it a day from now"
    )


class Quote(BaseModel):
    """An order to sign, its price, and the messages for each way to pay."""

    order_id: Bytes32Text
    order: OrderBody
    price: UintText
    chain_id: int
    market: AddressText
    settlement_token: AddressText
    sign: dict[str, Any] = Field(
        description="EIP-712 typed data: `authorization` alone, or `permit` and `order`"
    )


class PaidByAuthorization(BaseModel):
    """Pay with one ERC-3009 signature whose nonce is the order's id."""

    model_config = ConfigDict(extra="forbid")
    pay: Literal["authorization"]
    order: OrderBody
    prompt: PromptText
    signature: SignatureText


class PaidByPermit(BaseModel):
    """Pay with an EIP-2612 permit over the price, and a signature over the order."""

    model_config = ConfigDict(extra="forbid")
    pay: Literal["permit"]
    order: OrderBody
    prompt: PromptText
    permit_signature: SignatureText
    order_signature: SignatureText


OrderRequest = Annotated[PaidByAuthorization | PaidByPermit, Field(discriminator="pay")]


class Accepted(BaseModel):
    """The order is paid into escrow."""

    order_id: Bytes32Text
    events: str = Field(description="path of the progress stream", examples=[f"/orders/{DIGEST}/events"])


class PromptBody(BaseModel):
    """A prompt told for an order that its buyer paid without this API."""

    prompt: PromptText
    prompt_hash: Bytes32Text | None = Field(None, description="refused when the prompt does not hash to it")


class PromptTold(BaseModel):
    """Under which hash the prompt is known now."""

    prompt_hash: Bytes32Text


class OrderSummary(BaseModel):
    """One order in a list; `stage` is requested, queued, generate, pin, attribute, fulfil, fulfilled or
    refunded.
    """

    order_id: str
    order: OrderShown
    prompt: str | None
    price: UintText
    delivered: int = Field(description="generations delivered so far")
    state: Literal["requested", "fulfilled", "refunded"]
    stage: str
    error: str | None
    requested_at: int
    fulfilled_at: int | None
    refunded_at: int | None
    model_cid: str
    output_cid: str | None
    attribution_cid: str | None


class OrderPage(BaseModel):
    """A page of orders, the newest first."""

    orders: list[OrderSummary]
    next_cursor: str | None = Field(description="give it as `cursor` to get the next page; null at the end")


class CreditLine(BaseModel):
    """What one artist got from a sale, or as a tip."""

    artist: str
    amount: UintText
    artist_name: str | None = None


class TokenShown(BaseModel):
    """The ERC-721 token of a delivery."""

    token_id: UintText
    owner: AddressText


class DeliveryShown(BaseModel):
    """One delivery: a file with some or all generations of an order, and the division of their price."""

    quantity: int
    delivered_at: int
    output_hash: Bytes32Text
    output_cid: str
    attribution_cid: str
    split: dict[str, UintText]
    token: TokenShown | None = Field(description="null until the buyer mints it")
    attribution: dict[str, Any] | None
    attribution_error: str | None


class Receipt(OrderSummary):
    """An order with its money: who was paid what, and the attribution records that say why."""

    split: dict[str, UintText] | None = Field(description="sums over the deliveries; null before the first")
    credits: list[CreditLine]
    tips: list[CreditLine]
    refunded: UintText = Field(description="the price of what was not delivered in time")
    deliveries: list[DeliveryShown]
    attribution: dict[str, Any] | None
    attribution_error: str | None
