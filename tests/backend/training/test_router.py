"""Rounds over HTTP."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from backend.app import create_app
from tests.backend.sales_world import World, world  # noqa: F401


@pytest.fixture
def api(world: World) -> TestClient:  # noqa: F811
    return TestClient(create_app(world.ctx.settings))


def test_rounds_and_report(api: TestClient) -> None:
    page = api.get("/rounds").json()
    assert [entry["round_id"] for entry in page["rounds"]] == [1] and page["next_cursor"] is None
    found = api.get("/rounds/1").json()
    assert found["round"] == page["rounds"][0] and found["round"]["state"] == "finalised"
    assert found["report"]["allocations_root"] == found["round"]["allocations_root"]


def test_a_claim_is_what_the_contract_takes(world: World, api: TestClient) -> None:  # noqa: F811
    leaf = api.get("/rounds/1").json()["report"]["leaves"][0]
    claim = api.get(f"/rounds/1/claims/{leaf['account'].lower()}").json()
    assert claim["amount"] == leaf["amount"]
    assert world.ctx.contracts.rounds.functions.claimed(1, 0, leaf["account"]).call()


def test_the_claim_of_a_learning_contributor(api: TestClient) -> None:
    """Nobody has two leaves in one part: who asks names the part."""
    report = api.get("/rounds/1").json()["report"]
    learning = {leaf["account"]: leaf["amount"] for leaf in report["learning_leaves"]}
    for account in [*learning, report["leaves"][0]["account"]]:
        answer = api.get(f"/rounds/1/claims/{account}", params={"part": "learning"})
        assert (answer.status_code == 200) == (account in learning)
        assert account not in learning or answer.json()["amount"] == learning[account]
    assert api.get(f"/rounds/1/claims/{account}", params={"part": "other"}).status_code == 422


def test_challenges(api: TestClient) -> None:
    assert api.get("/rounds/1/challenges").json() == {"challenges": []}
    assert api.get("/rounds/99/challenges").json()["code"] == "not_found"


def test_what_is_not_there(api: TestClient) -> None:
    assert api.get("/rounds/99").json()["code"] == "not_found"
    assert api.get("/rounds/1/claims/0x" + "77" * 20).status_code == 404
    assert api.get("/rounds/0").status_code == 422
