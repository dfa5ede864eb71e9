"""Progress of one order as server-sent events that can be taken up again after a lost connection."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any

import anyio

from backend.generations.receipts import FINAL_STAGES, STAGES, progress_of

if TYPE_CHECKING:
    from backend.context import Context

POLL_S = 0.3
MOST_ATTEMPTS = 1_000


def event_id(progress: dict[str, Any]) -> int:
    """Grows with each step and each attempt, and depends on nothing but the order's state: any server can go
    on.
    """
    stage = STAGES.index(progress["stage"])
    # The end comes once, whatever attempt led to it.
    attempt = (
        MOST_ATTEMPTS if progress["stage"] in FINAL_STAGES else min(progress["attempts"], MOST_ATTEMPTS - 1)
    )
    return attempt * len(STAGES) + stage


def since(progress: dict[str, Any], last: int) -> Iterator[dict[str, str]]:
    """The events that a listener who saw `last` (−1: nothing) has missed."""
    current = event_id(progress)
    if current <= last:
        return
    if last < 0:
        # A new listener sees the way so far; steps passed in an earlier attempt are not told again.
        start = 2 if progress["stage"] in STAGES[2:6] else 0
        base = current - STAGES.index(progress["stage"])
        passed = (
            STAGES[0:1]
            if progress["stage"] in FINAL_STAGES
            else STAGES[start : STAGES.index(progress["stage"])]
        )
        for stage in passed:
            yield _event(
                base + STAGES.index(stage), progress | {"stage": stage, "progress": 100, "error": None}
            )
    yield _event(current, progress)


def _event(identifier: int, progress: dict[str, Any]) -> dict[str, str]:
    shown = {key: progress[key] for key in ("order_id", "stage", "state", "attempts", "progress", "error")}
    return {"id": str(identifier), "event": progress["stage"], "data": json.dumps(shown)}


async def progress_events(ctx: Context, order_id: str, last: int) -> AsyncIterator[dict[str, str]]:
    """Yields events until the order is fulfilled, refunded or given up; then the stream ends."""
    told_percent = -1
    while True:
        progress = await anyio.to_thread.run_sync(progress_of, ctx, order_id)
        for event in since(progress, last):
            yield event
            told_percent = progress["progress"]
        last = max(last, event_id(progress))
        if progress["stage"] in FINAL_STAGES or progress["job"] in ("failed", "expired"):
            return
        if progress["progress"] != told_percent and progress["stage"] == "generate":
            told_percent = progress["progress"]
            # The same id: a percentage is worth nothing to somebody who comes back later.
            yield _event(last, progress) | {"event": "progress"}
        await anyio.sleep(POLL_S)
