"""Reading orders: lists by page, and the receipt that says what was paid to whom and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, or_, select

from backend.cursors import block_of
from backend.errors import InputRefused, MeltingPotError
from backend.generations.attribution import SCHEMA
from backend.generations.orders import Order as OrderValue
from backend.generations.service import find_order
from backend.generations.tables import Delivery, Job, Order, Prompt, Token
from backend.royalties.split import PARTS
from backend.royalties.tables import Credit, Refund, SaleSplit, Tip
from backend.storage.cid import cid_of_digest
from backend.works.catalogue import DESCRIBES
from backend.works.tables import Work, WorkDocument

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from backend.context import Context

# What a buyer sees of an order on its way; the index is the order of events, so a stream can be taken up
# again.
STAGES = ("requested", "queued", "generate", "pin", "attribute", "fulfil", "fulfilled", "refunded")
FINAL_STAGES = ("fulfilled", "refunded")


def orders_page(
    ctx: Context, cursor: str | None, limit: int, buyer: str | None = None, state: str | None = None
) -> tuple[list[dict[str, Any]], str | None]:
    """Up to `limit` orders, the newest first, and the cursor of the next page (None at the end)."""
    query = select(Order).order_by(Order.block_number.desc(), Order.order_id).limit(limit + 1)
    if buyer is not None:
        query = query.where(Order.buyer == buyer)
    if state is not None:
        query = query.where(Order.state == state)
    if cursor is not None:
        block, order_id = _position(cursor)
        query = query.where(
            or_(Order.block_number < block, and_(Order.block_number == block, Order.order_id > order_id))
        )
    with ctx.sessions() as session:
        rows = list(session.scalars(query))
        prompts = {
            row.prompt_hash: row.prompt
            for row in session.scalars(
                select(Prompt).where(Prompt.prompt_hash.in_([row.prompt_hash for row in rows]))
            )
        }
        jobs = {
            job.order_id: job
            for job in session.scalars(select(Job).where(Job.order_id.in_([row.order_id for row in rows])))
        }
    more = len(rows) > limit
    rows = rows[:limit]
    items = [_summary(row, prompts.get(row.prompt_hash), jobs.get(row.order_id)) for row in rows]
    return items, f"{rows[-1].block_number}-{rows[-1].order_id}" if more else None


def _position(cursor: str) -> tuple[int, str]:
    number, _, order_id = cursor.partition("-")
    block = block_of(number)
    if block is None or not order_id.startswith("0x"):
        raise InputRefused(f"{cursor!r} is no cursor.", "Use `next_cursor` of the page before, unchanged.")
    return block, order_id


def _summary(row: Order, prompt: str | None, job: Job | None) -> dict[str, Any]:
    return {
        "order_id": row.order_id,
        "order": OrderValue.from_row(row).to_json(),
        "prompt": prompt,
        "price": str(row.price),
        "delivered": row.delivered,
        "state": row.state,
        "stage": stage_of(row, job),
        "error": job.error if job else None,
        "requested_at": row.requested_at,
        "fulfilled_at": row.fulfilled_at,
        "refunded_at": row.refunded_at,
        "model_cid": cid_of_digest(row.model_digest),
        "output_cid": cid_of_digest(row.output_digest) if row.output_digest else None,
        "attribution_cid": cid_of_digest(row.attribution_digest) if row.attribution_digest else None,
    }


def stage_of(row: Order, job: Job | None) -> str:
    """One of STAGES."""
    if row.state in FINAL_STAGES:
        return row.state
    if job is None:
        return "requested"
    if job.state in ("running", "done"):
        return job.step or "generate"
    return "queued"


def progress_of(ctx: Context, order_id: str) -> dict[str, Any]:
    """Stage, attempts and error of an order now. Raises OrderNotFound."""
    row = find_order(ctx, order_id)
    with ctx.sessions() as session:
        job = session.get(Job, row.order_id)
    return {
        "order_id": row.order_id,
        "state": row.state,
        "stage": stage_of(row, job),
        "attempts": job.attempts if job else 0,
        "progress": job.progress if job else 0,
        "job": job.state if job else None,
        "error": job.error if job else None,
    }


def receipt(ctx: Context, order_id: str) -> dict[str, Any]:
    """An order with its money: each delivery with its split, token and the attribution record behind it; the
    sums of the splits, each credit, tip and refund.

    A record is None where IPFS does not give it, and `attribution_error` says why. `attribution` is that of
    the latest delivery; an order delivered at once has one.
    """
    row = find_order(ctx, order_id)
    with ctx.sessions() as session:
        prompt = session.scalar(select(Prompt.prompt).where(Prompt.prompt_hash == row.prompt_hash))
        job = session.get(Job, row.order_id)
        deliveries = _deliveries(session, row.order_id)
        credits = _lines(session, Credit, row.order_id)
        tips = _lines(session, Tip, row.order_id)
        refund = session.get(Refund, row.order_id)
    for delivery in deliveries:
        delivery |= _record_of(ctx, delivery["attribution_cid"])
    names: dict[str, str] = {}
    for delivery in deliveries:
        names |= artist_names(ctx, delivery["attribution"] or {})
    latest = deliveries[-1] if deliveries else {"attribution": None, "attribution_error": None}
    sums = {part: str(sum(int(each["split"][part]) for each in deliveries)) for part in PARTS}
    return _summary(row, prompt, job) | {
        "split": sums if deliveries else None,
        "credits": [line | {"artist_name": names.get(line["artist"])} for line in credits],
        "tips": [line | {"artist_name": names.get(line["artist"])} for line in tips],
        "refunded": str(refund.amount) if refund else "0",
        "deliveries": deliveries,
        "attribution": latest["attribution"],
        "attribution_error": latest["attribution_error"],
    }


def _deliveries(session: Session, order_id: str) -> list[dict[str, Any]]:
    """An order's deliveries, the first first."""
    tokens = {
        token.index: token for token in session.scalars(select(Token).where(Token.order_id == order_id))
    }
    rows = session.execute(
        select(Delivery, SaleSplit)
        .join(
            SaleSplit,
            and_(SaleSplit.block_hash == Delivery.block_hash, SaleSplit.log_index == Delivery.log_index),
        )
        .where(Delivery.order_id == order_id)
        .order_by(Delivery.block_number, Delivery.log_index)
    )
    return [
        {
            "quantity": delivery.quantity,
            "delivered_at": delivery.delivered_at,
            "output_hash": delivery.output_hash,
            "output_cid": cid_of_digest(delivery.output_digest),
            "attribution_cid": cid_of_digest(delivery.attribution_digest),
            "split": {part: str(getattr(paid, part)) for part in PARTS},
            "token": _token(tokens.get(index)),
        }
        for index, (delivery, paid) in enumerate(rows)
    ]


def _token(token: Token | None) -> dict[str, str] | None:
    return {"token_id": str(token.token_id), "owner": token.owner} if token else None


def _lines(session: Session, table: Any, order_id: str) -> list[dict[str, str]]:
    rows = session.scalars(
        select(table).where(table.order_id == order_id).order_by(table.block_number, table.log_index)
    )
    return [{"artist": row.artist, "amount": str(row.amount)} for row in rows]


def _record_of(ctx: Context, cid: str) -> dict[str, Any]:
    try:
        return {"attribution": ctx.documents.get(cid, SCHEMA), "attribution_error": None}
    except MeltingPotError as error:
        return {"attribution": None, "attribution_error": str(error)}


def artist_names(ctx: Context, record: dict[str, Any]) -> dict[str, str]:
    """Artist's wallet → name, by the metadata of the nearest works that the record names."""
    nearest = {
        entry["artist"]: [work["content_hash"] for work in entry["works"]]
        for entry in record.get("nearest", [])
    }
    hashes = [content_hash for works in nearest.values() for content_hash in works]
    with ctx.sessions() as session:
        named = select(Work.content_hash, Work.described_by, WorkDocument.artist_name).join(
            WorkDocument, DESCRIBES
        )
        rows = session.execute(named.where(Work.content_hash.in_(hashes))).all()
    # Whose words a description is changes when a dispute moves the work: the name is theirs alone.
    names = {(row.described_by, row.content_hash): row.artist_name for row in rows}
    return {
        artist: names[artist, work]
        for artist, works in nearest.items()
        for work in works
        if (artist, work) in names
    }
