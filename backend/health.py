"""`/health`: which part is down, and how far the indexer is behind."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as Late
from typing import TYPE_CHECKING, Any, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field
from sqlalchemy import func, select, text

from backend.api import ContextOf
from backend.chain.tables import ChainCursor
from backend.errors import MeltingPotError
from backend.generations.tables import Job

if TYPE_CHECKING:
    from backend.context import Context

router = APIRouter(tags=["service"])
CHECK_TIMEOUT_S = 5.0
MOST_BLOCKS_BEHIND = 30


class Part(BaseModel):
    """One part of the service."""

    ok: bool
    detail: str = Field(examples=["block 812 of chain 31337"])


class Health(BaseModel):
    """`status` is ok only when every part is."""

    status: Literal["ok", "down"]
    parts: dict[str, Part]


@router.get("/health", responses={503: {"model": Health, "description": "a part is down"}})
def health(ctx: ContextOf, response: Response) -> Health:
    """Asks chain, IPFS node and database, and compares the indexer with the chain's head."""
    parts = parts_of(ctx)
    ok = all(part.ok for part in parts.values())
    response.status_code = 200 if ok else 503
    return Health(status="ok" if ok else "down", parts=parts)


def parts_of(ctx: Context) -> dict[str, Part]:
    """Name of each part → its state. Never raises; a part that takes too long is down."""
    checks: dict[str, Callable[[Context], str]] = {
        "chain": _chain,
        "contracts": _contracts,
        "ipfs": _ipfs,
        "database": _database,
        "indexer": _indexer,
    }
    pool = ThreadPoolExecutor(len(checks))
    end = time.monotonic() + CHECK_TIMEOUT_S
    try:
        futures = {name: pool.submit(check, ctx) for name, check in checks.items()}
        return {name: _outcome(future, end) for name, future in futures.items()}
    finally:
        pool.shutdown(wait=False)


def _outcome(future: Any, end: float) -> Part:
    try:
        return Part(ok=True, detail=future.result(timeout=max(0.0, end - time.monotonic())))
    except Late:
        return Part(ok=False, detail=f"no answer within {CHECK_TIMEOUT_S:.0f} s")
    except MeltingPotError as error:
        return Part(ok=False, detail=str(error))
    except Exception as error:  # whatever a driver raises means that its part is down
        return Part(ok=False, detail=type(error).__name__)


def _chain(ctx: Context) -> str:
    return f"block {ctx.client.block_number()} of chain {ctx.client.chain_id}"


def _contracts(ctx: Context) -> str:
    return f"rules version {ctx.contracts.rules.functions.currentVersion().call()}"


def _ipfs(ctx: Context) -> str:
    return f"version {ctx.ipfs.check()}"


def _database(ctx: Context) -> str:
    with ctx.sessions() as session:
        session.execute(text("SELECT 1"))
        waiting = session.scalar(
            select(func.count()).select_from(Job).where(Job.state.in_(("queued", "running")))
        )
    return f"{ctx.engine.dialect.name}, {waiting} orders under way"


def _indexer(ctx: Context) -> str:
    with ctx.sessions() as session:
        indexed = session.scalar(select(ChainCursor.block_number))
    head = ctx.client.block_number()
    if indexed is None:
        raise MeltingPotError("nothing is indexed yet.", "Start `python -m backend.chain.indexer`.")
    if head - indexed > MOST_BLOCKS_BEHIND:
        raise MeltingPotError(
            f"{head - indexed} blocks behind the chain.", "See that `python -m backend.chain.indexer` runs."
        )
    return f"block {indexed}, {max(0, head - indexed)} behind"
