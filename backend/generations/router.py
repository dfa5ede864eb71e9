"""Orders over HTTP: quote, relayed payment, progress, receipts."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Path, Query, Request
from sse_starlette.sse import EventSourceResponse

from backend.api import ContextOf, Problems
from backend.errors import InputRefused
from backend.generations import receipts, schemas, service
from backend.generations.events import progress_events
from backend.generations.orders import Order
from backend.generations.prompts import tell_prompt
from backend.generations.service import Signature

router = APIRouter(prefix="/orders", tags=["orders"])
OrderId = Annotated[
    str, Path(pattern=r"^0x[0-9a-fA-F]{64}$", description="order id", examples=[schemas.DIGEST])
]


@router.post("/quote", responses=Problems(409, 422, 503))
def quote(body: schemas.QuoteRequest, ctx: ContextOf) -> schemas.Quote:
    """An order ready to sign: rules in force, newest model version, price, and the typed data for each way to
    pay.

    Nothing is bound by it. The prompt is remembered under its hash.
    """
    order = service.quote(ctx, body.prompt, body.buyer, body.quantity, body.deadline)
    price = service.price_of(ctx, order)
    messages = {
        "authorization": service.authorization_message(ctx, order, price),
        "permit": service.permit_message(ctx, order, price),
        "order": service.order_message(ctx, order),
    }
    return schemas.Quote(
        order_id=service.order_id(ctx, order),
        order=schemas.OrderBody(**order.to_json()),
        price=str(price),
        chain_id=ctx.client.chain_id,
        market=ctx.contracts.market.address,
        settlement_token=ctx.contracts.token.address,
        sign={name: wallet_form(message) for name, message in messages.items()},
    )


@router.post("", status_code=202, responses=Problems(401, 402, 409, 422, 503))
def create(body: schemas.OrderRequest, ctx: ContextOf) -> schemas.Accepted:
    """Pay an order by signature: the relayer sends it and pays the gas. Returns once the money is in escrow.

    Nobody can pay twice by sending it again: the order's id is used up on the chain.
    """
    order = Order.from_json(body.order.model_dump())
    if isinstance(body, schemas.PaidByAuthorization):
        order_id = service.relay_authorization(ctx, order, Signature.of(body.signature), body.prompt)
    else:
        order_id = service.relay_permit(
            ctx, order, Signature.of(body.permit_signature), Signature.of(body.order_signature), body.prompt
        )
    return schemas.Accepted(order_id=order_id, events=f"/orders/{order_id}/events")


@router.post("/prompts", status_code=201, responses=Problems(422))
def tell(body: schemas.PromptBody, ctx: ContextOf) -> schemas.PromptTold:
    """Tell the prompt of an order that was paid directly on the chain. Without it no worker can start."""
    return schemas.PromptTold(prompt_hash=tell_prompt(ctx, body.prompt, body.prompt_hash))


@router.get("", responses=Problems(422))
def list_orders(
    ctx: ContextOf,
    buyer: Annotated[
        str | None, Query(pattern=r"^0x[0-9a-fA-F]{40}$", description="only this buyer's")
    ] = None,
    state: Annotated[Literal["requested", "fulfilled", "refunded"] | None, Query()] = None,
    cursor: Annotated[
        str | None, Query(max_length=200, description="`next_cursor` of the page before")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> schemas.OrderPage:
    """Orders, the newest first."""
    from eth_utils import to_checksum_address

    items, following = receipts.orders_page(
        ctx, cursor, limit, to_checksum_address(buyer) if buyer else None, state
    )
    return schemas.OrderPage(orders=items, next_cursor=following)


@router.get("/{order_id}", responses=Problems(404, 422))
def receipt(order_id: OrderId, ctx: ContextOf) -> schemas.Receipt:
    """The receipt: what was paid to whom and why, with the attribution record from IPFS."""
    return schemas.Receipt(**receipts.receipt(ctx, order_id))


@router.get("/{order_id}/events", response_class=EventSourceResponse, responses=Problems(404, 422))
async def events(
    order_id: OrderId,
    request: Request,
    ctx: ContextOf,
    last_event_id: Annotated[
        str | None, Header(description="id of the last event seen; sent by browsers")
    ] = None,
) -> EventSourceResponse:
    """Progress as server-sent events; the stream ends with `fulfilled` or `refunded`.

    Resumes from `Last-Event-ID`.
    """
    import anyio

    try:
        last = -1 if last_event_id in (None, "") else int(last_event_id)
    except ValueError as error:
        raise InputRefused(
            f"Last-Event-ID {last_event_id!r} is none of this stream.", "Leave the header out."
        ) from error
    await anyio.to_thread.run_sync(receipts.progress_of, ctx, order_id)  # 404 before the stream begins
    return EventSourceResponse(progress_events(ctx, order_id, last))


def wallet_form(value: Any) -> Any:
    """Typed data as wallets take it (eth_signTypedData_v4): bytes as hex, large numbers as strings."""
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if value < 2**53 else str(value)
    if isinstance(value, dict):
        return {key: wallet_form(inner) for key, inner in value.items()}
    return [wallet_form(inner) for inner in value] if isinstance(value, list | tuple) else value
