"""The world of the sales tests, with disputes in it; what a test sends to the chain is undone afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from backend.disputes import service
from tests.backend.chain.reading import send_unlocked
from tests.backend.sales_world import World, world  # noqa: F401

DAY_S = 86_400


@pytest.fixture
def forgotten(world: World) -> Iterator[World]:  # noqa: F811
    # Before the snapshot: a sender gives its wallet coin once only, and would not see that it was taken back.
    for name in ("Ada", "Béla", "Chidi", "stranger"):
        world.ctx.sender(world.artist(name))
        world.ctx.client.fund(world.artist(name).address)
    snapshot = world.ctx.client.rpc("evm_snapshot")
    yield world
    world.ctx.client.rpc("evm_revert", snapshot)
    world.index()


def as_timelock(world: World, call: Any) -> None:  # noqa: F811
    """What a vote would have the timelock send."""
    timelock = world.ctx.contracts.timelock.address
    world.ctx.client.rpc("anvil_impersonateAccount", timelock)
    world.ctx.client.fund(timelock)
    send_unlocked(world.ctx, timelock, call)
    world.ctx.client.rpc("anvil_stopImpersonatingAccount", timelock)


def opened(world: World, claimant: str, work: str, kind: str) -> int:  # noqa: F811
    account = world.artist(claimant)
    cid = service.publish_evidence(world.ctx, account.address, f"{claimant} says so")
    return service.open_dispute(world.ctx, account, work, kind, cid)


def ruled(world: World, dispute: int, upheld: bool = True) -> None:  # noqa: F811
    """Decided without an answer, not appealed, executed and indexed."""
    world.ctx.client.advance_time(7 * DAY_S + 1)
    as_timelock(world, world.ctx.contracts.disputes.functions.decide(dispute, upheld))
    world.ctx.client.advance_time(7 * DAY_S + 1)
    service.execute(world.ctx, dispute)
    world.index()
