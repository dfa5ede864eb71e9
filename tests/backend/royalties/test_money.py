"""Claims and the ledger on the real contracts: every unit is somewhere, and only once."""

from __future__ import annotations

import csv
import io

import pytest

from backend.generations import service as generations
from backend.generations.orders import Order
from backend.generations.tables import Order as OrderRow
from backend.royalties import service
from backend.royalties.split import attributed_ceiling, split
from tests.backend.sales_world import World


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
            Order.from_row(row).to_chain(), (digest, digest, digest, credits)
        )
    )
    world.index()
    return order_id


def test_the_contract_splits_as_python_does(world: World, sale: str) -> None:
    from backend.royalties.tables import SaleSplit

    with world.ctx.sessions() as session:
        row, paid = session.get(OrderRow, sale), session.get(SaleSplit, sale)
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
    routed = sum(sums[kind] for kind in ("credit", "holders", "learning", "platform", "network"))
    names = [
        out["name"]
        for out in next(f for f in world.ctx.contracts.market.abi if f.get("name") == "totals")["outputs"]
    ]
    chain = dict(zip(names, world.ctx.contracts.market.functions.totals().call(), strict=True))
    assert sums["payment"] == chain["received"] == totals["received"]
    assert sums["credit"] == chain["attributed"] and sums["holders"] == chain["holders"]
    assert sums["payment"] == routed + sums["refund"] + chain["escrowed"]
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
