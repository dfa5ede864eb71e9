"""Disputes about works over HTTP: look up. Their steps are sent by the parties' own wallets."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from backend.api import ContextOf, Problems
from backend.disputes import schemas, service

router = APIRouter(prefix="/disputes", tags=["works"])


@router.get("", responses=Problems(400, 422))
def list_disputes(
    ctx: ContextOf,
    content_hash: Annotated[
        str | None, Query(pattern=r"^0x[0-9a-fA-F]{64}$", description="only about this work")
    ] = None,
    state: Annotated[schemas.State | None, Query(description="only in this state")] = None,
    cursor: Annotated[
        str | None, Query(max_length=20, description="`next_cursor` of the page before")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> schemas.DisputePage:
    """Disputes about works, the newest first."""
    about = content_hash.lower() if content_hash else None
    disputes, following = service.list_disputes(ctx, about, state, cursor, limit)
    return schemas.DisputePage(disputes=disputes, next_cursor=following)


@router.get("/{dispute_id}", responses=Problems(404, 422))
def dispute(
    dispute_id: Annotated[int, Path(ge=1, lt=2**63, examples=[1])], ctx: ContextOf
) -> schemas.DisputeView:
    """One dispute by its number."""
    return schemas.DisputeView(**service.find_dispute(ctx, dispute_id))
