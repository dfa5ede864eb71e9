"""Holders as the index tells them, over HTTP, against the token itself."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from backend.app import create_app
from backend.chain.batch import call_many
from backend.errors import UsageError
from backend.stake import service
from backend.stake.tables import StakeBalance
from tests.backend.sales_world import World, world  # noqa: F401


@pytest.fixture
def api(world: World) -> TestClient:  # noqa: F811
    return TestClient(create_app(world.ctx.settings))


def test_balances_are_those_of_the_token(world: World) -> None:  # noqa: F811
    balances = service.balances(world.ctx)
    balance_of = world.ctx.contracts.stake.functions.balanceOf
    assert balances
    assert list(balances.values()) == call_many(
        world.ctx.client, [balance_of(account) for account in balances]
    )
    assert service.supply(world.ctx) == world.ctx.contracts.stake.functions.totalSupply().call()


def test_holders_over_http(world: World, api: TestClient) -> None:  # noqa: F811
    page = api.get("/stake/holders").json()
    assert page["supply"] == str(service.supply(world.ctx)) and page["next_cursor"] is None
    amounts = [int(holder["balance"]) for holder in page["holders"]]
    assert amounts == sorted(amounts, reverse=True) and sum(amounts) == int(page["supply"])
    first = page["holders"][0]
    assert first["delegate"] == first["account"] and first["votes"] == first["balance"]
    one = api.get(f"/stake/{first['account'].lower()}").json()
    assert one["holder"] == first
    assert sum(int(claim["amount"]) for claim in one["claims"]) == int(first["balance"])


def test_an_account_without_stake_has_none(api: TestClient) -> None:
    answer = api.get("/stake/0x" + "99" * 20).json()
    assert answer["holder"]["balance"] == "0" and answer["claims"] == []


def test_pages_hold_every_holder_once(world: World, monkeypatch) -> None:  # noqa: F811
    """Amounts above 2**63 and equal amounts: the cursor counts with both."""
    from backend.context import Context
    from backend.database import Base, make_engine, make_sessions

    engine = make_engine("sqlite://")
    Base.metadata.create_all(engine)
    ctx = Context(world.ctx.settings)
    ctx.sessions = make_sessions(engine)
    amounts = [10**24, 5, 10**24, 3 * 10**30, 5, 0, 7]
    with ctx.sessions.begin() as session:
        for number, amount in enumerate(amounts, start=1):
            session.add(StakeBalance(account=f"0x{number:040x}", balance=amount))
    seen, cursor = [], None
    while True:
        page, cursor = service.holders(ctx, cursor, limit=2)
        seen += [(holder.balance, holder.account) for holder in page]
        if cursor is None:
            break
    expected = [(amount, f"0x{number:040x}") for number, amount in enumerate(amounts, start=1) if amount]
    assert seen == sorted(expected, key=lambda pair: (-pair[0], pair[1]))


@pytest.mark.parametrize("cursor", ["x", "1", "-1:0x", ":"])
def test_a_wrong_cursor_is_refused(world: World, cursor: str) -> None:  # noqa: F811
    with pytest.raises(UsageError):
        service.holders(world.ctx, cursor)
