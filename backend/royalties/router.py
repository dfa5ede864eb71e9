"""Earnings and the public ledger over HTTP."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from fastapi.responses import PlainTextResponse, Response

from backend.api import ContextOf, Problems
from backend.cursors import block_of
from backend.errors import InputRefused
from backend.royalties import schemas, service

router = APIRouter(tags=["money"])
Account = Annotated[
    str, Path(pattern=r"^0x[0-9a-fA-F]{40}$", description="address", examples=["0x" + "70" * 20])
]


@router.get("/royalties/{account}", responses=Problems(422, 503))
def earnings(account: Account, ctx: ContextOf) -> schemas.EarningsBody:
    """What an account is owed by sales and as a holder, and what it was paid before."""
    found = asdict(service.earnings(ctx, account))
    return schemas.EarningsBody(
        **{key: value if key in ("account", "sales", "payee") else str(value) for key, value in found.items()}
    )


@router.get(
    "/ledger",
    response_model=schemas.LedgerPage,
    responses={
        200: {"content": {"text/csv": {"example": "block,kind,order_id,account,amount,note\n"}}},
        **Problems(422),
    },
)
def ledger(
    ctx: ContextOf,
    format: Annotated[
        Literal["json", "csv"], Query(description="csv gives everything after the cursor at once")
    ] = "json",
    cursor: Annotated[
        str | None, Query(max_length=20, description="`next_cursor` of the page before")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> Response | schemas.LedgerPage:
    """Every payment, tip, credit, share, refund and claim since the beginning, the oldest first."""
    after = _block(cursor)
    if format == "csv":
        with ctx.sessions() as session:
            text = service.ledger_csv(service.ledger(session, after))
        return PlainTextResponse(
            text, media_type="text/csv", headers={"Content-Disposition": 'attachment; filename="ledger.csv"'}
        )
    with ctx.sessions() as session:
        rows = service.ledger(session, after, limit)
        more = bool(rows) and bool(service.ledger(session, rows[-1].block, 1))
    lines = [schemas.LedgerLine(**asdict(row) | {"amount": str(row.amount)}) for row in rows]
    return schemas.LedgerPage(rows=lines, next_cursor=str(rows[-1].block) if more else None)


def _block(cursor: str | None) -> int:
    if cursor is None:
        return -1
    block = block_of(cursor)
    if block is None:
        raise InputRefused(f"{cursor!r} is no cursor.", "Use `next_cursor` of the page before, unchanged.")
    return block
