"""Claims and the ledger on the real contracts: every unit is somewhere, and only once."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from backend.chain.batch import call_many
from backend.errors import ContractReverted
from backend.generations import service as generations
from backend.generations.orders import Order
from backend.generations.tables import Order as OrderRow
from backend.royalties import service
from backend.royalties.commands import claim as claim_command
from backend.royalties.split import attributed_ceiling, split
from backend.verify.money import ELSEWHERE, PARTS, money_statement
from tests.backend.sales_world import World

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def sale(world: World) -> str:
    """A sale that credits two artists with all that the rules allow, fulfilled without a model."""
    ctx = world.ctx
    order_id = world.pay(5, quantity=3)
    row = generations.find_order(ctx, order_id)
    ceiling = attributed_ceiling(row.price, generations.rules_of(ctx, row.rules_version))
    credits = [(world.artist("Ada").address, ceiling - 1), (world.artist("Béla").address, 1)]
    digest = b"\x07" * 32
    ctx.sender("operator").send(
        ctx.contracts.market.functions.fulfil(
            (bytes.fromhex(order_id[2:]), len(credits), (row.quantity, digest, digest, digest)), credits
        )
    )
    world.index()
    return order_id


def test_the_contract_splits_as_python_does(world: World, sale: str) -> None:
    from backend.royalties.tables import SaleSplit

    with world.ctx.sessions() as session:
        row = session.get(OrderRow, sale)
        paid = session.scalars(select(SaleSplit).where(SaleSplit.order_id == sale)).one()
    found = split(row.price, generations.rules_of(world.ctx, row.rules_version), paid.attributed)
    assert {name: getattr(paid, name) for name in found.__dict__} == found.__dict__
    assert found.total == row.price


def test_claims_pay_exactly_what_is_due_to_the_accounts_themselves(world: World, sale: str) -> None:
    ctx = world.ctx
    ctx.client.advance_time(15 * 86_400)  # two stream periods: all that holders earned has been streamed
    accounts = service.earning_accounts(ctx)
    assert world.artist("Ada").address in accounts and ctx.wallets.address("platform") in accounts
    before = {account: service.earnings(ctx, account) for account in accounts}
    balances = {account: ctx.contracts.token.functions.balanceOf(account).call() for account in accounts}
    paid = {claimed.account: claimed for claimed in service.claim_all(ctx)}
    world.index()
    assert paid
    for account in accounts:
        received = ctx.contracts.token.functions.balanceOf(account).call() - balances[account]
        assert received == (paid[account].total if account in paid else 0)
        assert received == before[account].owed + before[account].claimable
        after = service.earnings(ctx, account)
        assert (after.owed, after.claimable) == (0, 0)
        assert after.claimed_market == before[account].claimed_market + before[account].owed
    assert service.claim_all(ctx) == []


def test_the_ledger_balances(world: World, sale: str) -> None:
    with world.ctx.sessions() as session:
        rows, totals = service.ledger(session), service.totals(session)
    sums = {kind: sum(row.amount for row in rows if row.kind == kind) for kind in service.LEDGER_KINDS}
    # Credits without an order are of prepaid sales, whose other parts came in as contributions.
    credited = sum(row.amount for row in rows if row.kind == "credit" and row.order_id)
    routed = credited + sum(sums[kind] for kind in ("holders", "learning", "platform", "network"))
    (chain,) = call_many(world.ctx.client, [world.ctx.contracts.market.functions.totals()])
    assert sums["payment"] == totals["received"]
    assert credited == chain["attributed"] and sums["holders"] == chain["holders"]
    assert sums["payment"] + sums["contribution"] == routed + sums["refund"] + totals["escrowed"]
    assert sums["charge"] == sums["credit"] - credited + sums["contribution"]
    mine = [row for row in rows if row.order_id == sale]
    assert sum(row.amount for row in mine if row.kind == "payment") == sum(
        row.amount for row in mine if row.kind != "payment"
    )


def test_pages_of_the_ledger_join_without_gap_or_double(world: World, sale: str) -> None:
    with world.ctx.sessions() as session:
        everything = service.ledger(session)
        after, pages = -1, []
        while page := service.ledger(session, after, 2):
            pages += page
            after = page[-1].block
    assert pages == everything


def test_the_ledger_as_csv(world: World, sale: str) -> None:
    with world.ctx.sessions() as session:
        rows = service.ledger(session)
    lines = list(csv.DictReader(io.StringIO(service.ledger_csv(rows))))
    assert [int(line["amount"]) for line in lines] == [row.amount for row in rows]
    assert lines[0]["kind"] == rows[0].kind


@pytest.fixture
def hostile(world: World) -> Iterator[Any]:
    """The settlement token learns to refuse accounts, as real ones can; undone afterwards, with the
    tables."""
    world.index()
    client, token = world.ctx.client, world.ctx.contracts.token
    snapshot = client.rpc("evm_snapshot")
    artifact = json.loads((ROOT / "build/contracts/HostileTokenMock.json").read_text())
    client.rpc("anvil_setCode", token.address, "0x" + artifact["deployedBytecode"])
    yield client.w3.eth.contract(address=token.address, abi=artifact["abi"]).functions
    client.rpc("evm_revert", snapshot)
    world.index()


def pay_by_approve(world: World, number: int, **options: int) -> str:
    """A paid and indexed order; the exchanged code has no domain to check signatures by."""
    account = world.buyer(number)
    order = world.quote(account, **options)
    order_id = generations.request_by_approve(world.ctx, account, order, "a red circle")
    world.index()
    return order_id


def test_an_account_that_the_token_refuses_keeps_nobody_waiting(
    world: World, sale: str, hostile: Any
) -> None:
    """One blocked artist among forty in a transaction would stop them all, for ever."""
    ctx = world.ctx
    row = generations.find_order(ctx, pay_by_approve(world, 6))
    artists = [world.artist(name).address for name in ("Ada", "Béla", "Chidi")]
    digest = b"\x08" * 32
    call = ctx.contracts.market.functions.fulfil(
        (bytes.fromhex(row.order_id[2:]), len(artists), (row.quantity, digest, digest, digest)),
        [(artist, 7) for artist in artists],
    )
    ctx.sender("operator").send(call)
    ctx.client.advance_time(15 * 86_400)
    blocked = artists[1]
    ctx.sender("deployer").send(hostile.setBlacklisted(blocked, True))
    due = {account: service.earnings(ctx, account) for account in artists}
    refused: list[tuple[str, str]] = []
    claimed = service.claim_all(ctx, artists, lambda account, error: refused.append((account, str(error))))
    paid = {each.account: each for each in claimed}
    assert set(paid) == set(artists) - {blocked}
    assert all(paid[a].total == due[a].owed + due[a].claimable > 0 for a in paid)
    assert [account for account, _ in refused] == [blocked]
    assert service.earnings(ctx, blocked).owed == due[blocked].owed
    with pytest.raises(ContractReverted):
        service.claim_all(ctx, [blocked])
    done = CliRunner().invoke(claim_command, ["--account", blocked, "--json"], obj=_without_waiting(world))
    assert done.exit_code == 5
    assert [entry["account"] for entry in json.loads(done.output)["refused"]] == [blocked]
    ctx.sender("deployer").send(hostile.setBlacklisted(blocked, False))
    assert [claimed.account for claimed in service.claim_all(ctx, artists)] == [blocked]


def _without_waiting(world: World) -> Any:
    world.index()
    return world.ctx


def test_a_refused_refund_is_in_the_statement_and_claimable(world: World, hostile: Any) -> None:
    """A buyer whom the token refuses: the refund is deferred, every identity holds before and after."""
    ctx = world.ctx
    order_id = pay_by_approve(world, 7, deadline=ctx.client.now() + 600)
    before = money_statement(ctx)
    buyer = ctx.wallets.address("buyer:7")
    ctx.sender("deployer").send(hostile.setBlacklisted(buyer, True))
    ctx.client.advance_time(601)
    assert generations.refund_expired(ctx, order_id) == [order_id]
    deferred = balanced(money_statement(ctx))
    assert deferred["refunded"] == before["refunded"] + 10**6
    assert deferred["escrowed"] == before["escrowed"] - 10**6
    assert ctx.contracts.market.functions.refundOwed(buyer).call() == 10**6
    ctx.sender("deployer").send(hostile.setBlacklisted(buyer, False))
    ctx.sender("relayer").send(ctx.contracts.market.functions.claimRefund(buyer))
    assert ctx.contracts.market.functions.refundOwed(buyer).call() == 0
    again = balanced(money_statement(ctx))
    assert again["refunded"] == deferred["refunded"]
    world.index()
    assert reconciled(world) == []


def balanced(money: dict[str, int]) -> dict[str, int]:
    """The statement, once both identities of report.json are seen to hold exactly."""
    routed = sum(money[part] for part in PARTS)
    assert money["received"] == routed + sum(money[part] for part in ELSEWHERE)
    assert routed == money["claimed"] + money["owed"]
    assert all(amount >= 0 for amount in money.values())
    return money


def reconciled(world: World) -> list[Any]:
    from backend.chain.reconcile import reconcile

    with world.ctx.sessions() as session:
        return reconcile(session, world.ctx.client, world.ctx.contracts)


def test_the_statement_balances_at_every_moment_of_the_stream(world: World, sale: str) -> None:
    """In the middle of a period, with claims between, and with an open order."""
    ctx = world.ctx
    world.pay(8, quantity=7)
    for seconds in (1, 86_400 * 3 + 7, 86_400 * 6, 1, 86_400 * 30):
        ctx.client.advance_time(seconds)
        balanced(money_statement(ctx))
        ctx.sender("relayer").send(ctx.contracts.pool.functions.claim(world.artist("Ada").address))
        balanced(money_statement(ctx))


def test_a_refund_that_somebody_else_was_first_with_stops_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ctx = world.ctx
    deadline = ctx.client.now() + 300
    first, second = (world.pay(number, deadline=deadline) for number in (8, 9))
    ctx.client.advance_time(301)
    world.index()
    from backend.generations import refunds

    real, rivals = refunds.state_on_chain, [first]

    def overtaken(context: Any, identifier: str) -> str:
        found = real(context, identifier)
        if identifier in rivals:
            rivals.clear()
            order = Order.from_row(generations.find_order(ctx, identifier)).to_chain()
            ctx.sender("deployer").send(ctx.contracts.market.functions.refund(order))
        return found

    monkeypatch.setattr(refunds, "state_on_chain", overtaken)
    assert second in generations.refund_expired(ctx)
    assert real(ctx, first) == real(ctx, second) == "none"
    world.index()
    assert generations.find_order(ctx, first).state == "refunded"
