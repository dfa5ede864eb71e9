"""Tips and tokens of a delivered order, and a receipt that shows both; an order delivered in parts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from backend.chain.reconcile import reconcile
from backend.errors import ContractReverted
from backend.generations import receipts, tokens
from backend.generations import service as generations
from backend.generations.commands import token as token_command
from backend.generations.errors import NotDeliveredYet, NotRefundable
from backend.royalties import service
from backend.royalties.commands import tip as tip_command
from backend.royalties.tips import NobodyToTip, shared, tip
from tests.backend.sales_world import World


def deliver(world: World, order_id: str, quantity: int, *credits: tuple[str, int]) -> None:
    """By the operator, without a model."""
    output = (quantity, b"\x07" * 32, b"\x07" * 32, b"\x07" * 32)
    delivery = (bytes.fromhex(order_id[2:]), len(credits), output)
    call = world.ctx.contracts.market.functions.fulfil(
        delivery, [(world.artist(name).address, amount) for name, amount in credits]
    )
    world.ctx.sender("operator").send(call)
    world.index()


def reconciled(world: World) -> list[Any]:
    with world.ctx.sessions() as session:
        return reconcile(session, world.ctx.client, world.ctx.contracts)


@given(st.integers(0, 10**12), st.lists(st.integers(1, 10**9), min_size=1, max_size=9))
def test_a_shared_tip_is_given_whole(amount: int, weights: list[int]) -> None:
    parts = shared(amount, {str(number): weight for number, weight in enumerate(weights)})
    assert sum(parts.values()) == amount and all(part > 0 for part in parts.values())


def test_a_tip_follows_the_credits_or_the_names(world: World) -> None:
    ctx, tipper = world.ctx, world.buyer(61)
    order_id = world.pay(61)
    deliver(world, order_id, 1, ("Ada", 300_000), ("Béla", 100_000))
    ada, bela, chidi = (world.artist(name).address for name in ("Ada", "Béla", "Chidi"))
    owed = {artist: ctx.contracts.market.functions.owed(artist).call() for artist in (ada, bela, chidi)}
    before = service.earnings(ctx, ada)
    assert tip(ctx, tipper, order_id, 10) == {ada: 8, bela: 2}
    assert tip(ctx, tipper, order_id, 7, [chidi]) == {chidi: 7}
    world.index()
    now = {artist: ctx.contracts.market.functions.owed(artist).call() for artist in owed}
    assert {artist: now[artist] - owed[artist] for artist in owed} == {ada: 8, bela: 2, chidi: 7}
    assert service.earnings(ctx, ada).tipped == before.tipped + 8
    found = receipts.receipt(ctx, order_id)
    assert [(line["artist"], line["amount"]) for line in found["tips"]] == [
        (ada, "8"),
        (bela, "2"),
        (chidi, "7"),
    ]
    with ctx.sessions() as session:
        rows = [row for row in service.ledger(session) if row.order_id == order_id and row.kind == "tip"]
    assert [row.amount for row in sorted(rows, key=lambda row: row.amount)] == [2, 7, 8]
    assert reconciled(world) == []


def test_nobody_to_tip_and_an_order_that_waits(world: World) -> None:
    order_id = world.pay(62)
    with pytest.raises(NobodyToTip):
        tip(world.ctx, world.buyer(62), order_id, 10)
    with pytest.raises(ContractReverted, match="state"):
        tip(world.ctx, world.buyer(62), order_id, 10, [world.artist("Ada").address])


def test_an_order_in_parts_that_is_never_finished(world: World) -> None:
    """Two of five generations in two files; the price of three goes back."""
    ctx, buyer = world.ctx, world.ctx.wallets.address("buyer:63")
    order_id = world.pay(63, quantity=5, deadline=ctx.client.now() + 600)
    deliver(world, order_id, 1, ("Ada", 400_000))
    deliver(world, order_id, 1)
    assert world.worker().queue.lease(ctx.client.now(), 8) == [], "who began it must finish it"
    waiting = receipts.receipt(ctx, order_id)
    assert (waiting["state"], waiting["delivered"], waiting["refunded"]) == ("requested", 2, "0")
    assert reconciled(world) == []
    paid_back = ctx.contracts.token.functions.balanceOf(buyer).call()
    ctx.client.advance_time(601)
    assert order_id in generations.refund_expired(ctx)
    world.index()
    assert ctx.contracts.token.functions.balanceOf(buyer).call() == paid_back + 3 * 10**6
    found = receipts.receipt(ctx, order_id)
    assert (found["state"], found["delivered"], found["refunded"]) == ("refunded", 2, str(3 * 10**6))
    assert [each["split"]["attributed"] for each in found["deliveries"]] == ["400000", "0"]
    assert sum(int(part) for part in found["split"].values()) == 2 * 10**6
    assert reconciled(world) == []
    with pytest.raises(NotRefundable, match="is refunded"):
        generations.refund_expired(ctx, order_id)
    with ctx.sessions() as session:
        mine = [row for row in service.ledger(session) if row.order_id == order_id]
    paid = sum(row.amount for row in mine if row.kind == "payment")
    assert paid == sum(row.amount for row in mine if row.kind != "payment") == 5 * 10**6


def test_each_delivery_may_become_a_token(world: World) -> None:
    ctx = world.ctx
    order_id = world.pay(64, quantity=2)
    buyer = ctx.wallets.account("buyer:64")
    with pytest.raises(NotDeliveredYet):
        tokens.mint(ctx, buyer, order_id)
    deliver(world, order_id, 1)
    deliver(world, order_id, 1)
    token_id = tokens.mint(ctx, buyer, order_id, 1)
    with pytest.raises(ContractReverted):
        tokens.mint(ctx, world.buyer(65), order_id, 0)
    friend = ctx.wallets.address("buyer:66")
    functions = ctx.contracts.generation_token.functions
    ctx.sender(buyer).send(functions.transferFrom(buyer.address, friend, token_id))
    world.index()
    first, second = receipts.receipt(ctx, order_id)["deliveries"]
    assert first["token"] is None
    assert second["token"] == {"token_id": str(token_id), "owner": friend}


def test_by_the_commands(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.chain.indexer.wait_until_indexed", lambda *_: world.index())
    order_id = world.pay(67)
    deliver(world, order_id, 1, ("Ada", 4))
    wallet = ["--from", "buyer:67", "--fund", "--json"]
    done = CliRunner().invoke(tip_command, [order_id, "1.5", *wallet], obj=world.ctx)
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["tips"] == [{"artist": world.artist("Ada").address, "amount": "1500000"}]
    done = CliRunner().invoke(
        token_command, ["mint", order_id, "--buyer", "buyer:67", "--json"], obj=world.ctx
    )
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["owner"] == world.ctx.wallets.address("buyer:67")
