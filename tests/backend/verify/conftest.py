"""A world of its own, in which everything that verify checks has happened, and nothing that it must find
wrong.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from backend.generations.service import refund_expired
from backend.generations.tokens import mint
from backend.prepaid import claims as prepaid
from backend.royalties.service import claim_all
from backend.royalties.tips import tip
from tests.backend import sales_world
from tests.backend.prepaid.sales import settle_prepaid
from tests.backend.sales_world import World

DAY_S = 86_400


@pytest.fixture(autouse=True)
def _small_method(monkeypatch: pytest.MonkeyPatch) -> None:
    """The small world is measured by fewer probes and smaller networks than a real one."""
    monkeypatch.setattr("backend.verify.models.METHODS", (sales_world.METHOD.to_json(),))


@pytest.fixture(scope="session")
def sold() -> World:
    """Two sales, a tip, a token, a prepaid settlement, a gift and a refund; a part of the holders' stream
    has run and was claimed."""
    world = (
        sales_world._made.__wrapped__()
    )  # other tests fulfil orders with made-up records in the shared one
    first = world.pay(31, "a red circle")
    world.pay(32, "a blue square", quantity=2)
    worker = world.worker()
    while worker.run_once():
        world.index()
    tipper = world.buyer(31)
    tip(world.ctx, tipper, first, 5, [world.artist("Ada").address, world.artist("Béla").address])
    mint(world.ctx, tipper, first)
    settle_prepaid(world)
    giver, market = world.ctx.sender(tipper), world.ctx.contracts.market
    giver.send(world.ctx.contracts.token.functions.approve(market.address, 100))
    giver.send(market.functions.contribute(70, 20, 9, 1))
    world.index()
    late = world.pay(33, "too late", deadline=world.ctx.client.now() + 60)
    world.ctx.client.advance_time(11 * DAY_S)
    refund_expired(world.ctx, late)
    claim_all(world.ctx)
    prepaid.claim(world.ctx, [world.artist("Ada").address])
    world.ctx.client.advance_time(DAY_S)
    return world


@pytest.fixture
def forgotten(sold: World) -> Iterator[World]:
    """What a test sends to the chain is undone afterwards."""
    snapshot = sold.ctx.client.rpc("evm_snapshot")
    yield sold
    sold.ctx.client.rpc("evm_revert", snapshot)
