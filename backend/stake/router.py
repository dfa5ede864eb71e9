"""Stake over HTTP."""

from __future__ import annotations

from typing import Annotated

from eth_utils import to_checksum_address
from fastapi import APIRouter, Path, Query

from backend.api import ContextOf, Problems
from backend.stake import schemas, service

router = APIRouter(prefix="/stake", tags=["stake"])


@router.get("/holders", responses=Problems(400, 422))
def holders(
    ctx: ContextOf,
    cursor: Annotated[
        str | None, Query(max_length=200, description="`next_cursor` of the page before")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> schemas.HolderPage:
    """Everybody who holds stake, the largest first."""
    page, following = service.holders(ctx, cursor, limit)
    return schemas.HolderPage(
        supply=str(service.supply(ctx)), holders=[holder.to_json() for holder in page], next_cursor=following
    )


@router.get("/{account}", responses=Problems(422))
def account(
    account: Annotated[str, Path(pattern=r"^0x[0-9a-fA-F]{40}$", description="wallet")], ctx: ContextOf
) -> schemas.Account:
    """One account's stake, votes and claims."""
    found, claims = service.holder(ctx, to_checksum_address(account))
    return schemas.Account(holder=found.to_json(), claims=claims)
