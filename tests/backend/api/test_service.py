"""Money, votes and the service itself over HTTP."""

from __future__ import annotations

import json

import pytest
from fastapi.testclient import TestClient

from backend.app import create_app
from backend.context import Context
from tests.backend.api.answers import problem, signature
from tests.backend.sales_world import INKS, World

# ---- money and votes ---------------------------------------------------------------------------------------


def test_ledger_and_earnings(world: World, client: TestClient) -> None:
    page = client.get("/ledger", params={"limit": 1}).json()
    assert page["rows"] and page["next_cursor"]
    after = client.get("/ledger", params={"cursor": page["next_cursor"]}).json()
    assert after["rows"][0]["block"] > page["rows"][-1]["block"]
    csv = client.get("/ledger", params={"format": "csv"})
    assert csv.headers["content-type"].startswith("text/csv") and csv.text.startswith(
        "block,kind,order_id,account,amount,note\n"
    )
    account = world.artist("Ada").address
    assert client.get(f"/royalties/{account.lower()}").json()["account"] == account
    for cursor in ("x", "²", "9" * 19, "-1"):
        problem(client.get("/ledger", params={"cursor": cursor}), 422, "input_refused")
    for cursor in ("²-1", "1-²", "9" * 19 + "-1", "1-" + "9" * 78):
        problem(client.get("/proposals", params={"cursor": cursor}), 400, "usage_error")
    problem(client.get("/royalties/somebody"), 422, "invalid_request")


def test_rules_proposals_and_a_vote_by_signature(world: World, client: TestClient) -> None:
    from backend.governance import service as governance

    rules = client.get("/rules").json()
    assert rules["versions"][-1]["version"] == 1 and any(v["in_force"] for v in rules["versions"])
    voter = max(
        (world.artist(n) for n in INKS),
        key=lambda a: world.ctx.contracts.stake.functions.getVotes(a.address).call(),
    )
    world.ctx.client.fund(voter.address)
    proposal = governance.propose_text(world.ctx, voter, "By API", "text")
    world.index()
    path = f"/proposals/{proposal}"
    assert client.get(path).json()["state"] == "pending"
    ask = {"voter": voter.address, "support": "for"}
    problem(client.get(f"{path}/ballot", params=ask), 409, "wrong_moment")
    world.ctx.client.advance_time(
        governance.state_of(world.ctx, proposal).vote_start + 1 - world.ctx.client.now()
    )
    ballot = client.get(f"{path}/ballot", params=ask).json()
    vote = {
        "proposal_id": str(proposal),
        "voter": voter.address,
        "support": "for",
        "signature": signature(voter, ballot["sign"]),
    }
    problem(client.post("/votes", json=vote | {"support": "against"}), 401, "wrong_ballot")
    answer = client.post("/votes", json=vote)
    assert answer.status_code == 201, answer.text
    assert client.get(path).json()["votes_for"] == ballot["weight"] == answer.json()["weight"]
    assert client.get("/proposals", params={"limit": 1}).json()["proposals"][0]["proposal_id"] == str(
        proposal
    )
    problem(client.get("/proposals/" + "9" * 78), 422, "input_refused")
    problem(client.get("/proposals/12345"), 404, "proposal_not_found")
    assert isinstance(client.get("/resolutions").json(), list)


# ---- service -----------------------------------------------------------------------------------------------


def test_health_names_each_part(world: World, client: TestClient) -> None:
    world.index()
    body = client.get("/health").json()
    assert body["status"] == "ok", body
    assert set(body["parts"]) == {"chain", "contracts", "ipfs", "database", "indexer"}


def test_health_says_which_part_is_down(world: World) -> None:
    settings = world.ctx.settings.model_copy(update={"ipfs_api": "/ip4/127.0.0.1/tcp/18749/http"})
    app = create_app(settings)
    app.state.ctx = Context(settings)
    with TestClient(app) as client:
        answer = client.get("/health")
    assert answer.status_code == 503
    parts = answer.json()["parts"]
    assert not parts["ipfs"]["ok"] and "IPFS" in parts["ipfs"]["detail"]
    assert parts["chain"]["ok"] and parts["database"]["ok"]


def test_metrics(client: TestClient) -> None:
    client.get("/orders/0x" + "00" * 32)
    text = client.get("/metrics").text
    assert 'meltingpot_orders{state="fulfilled"}' in text and "meltingpot_indexed_block" in text
    assert 'route="/orders/{order_id}"' in text and "0x0000" not in text


def test_openapi_describes_every_path_and_every_problem(client: TestClient) -> None:
    schema = client.get("/openapi.json").json()
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            assert operation.get("description"), f"{method} {path} has no description"
            assert operation.get("tags"), f"{method} {path} has no tag"
    assert client.get("/docs").status_code == 200
    assert client.get("/", follow_redirects=False).headers["location"] == "/docs"


def test_strange_paths_and_methods_are_problems_too(client: TestClient) -> None:
    problem(client.get("/nothing/here"), 404, "http_404")
    problem(client.delete("/orders"), 405, "http_405")


def test_no_other_site_may_read_by_default(client: TestClient) -> None:
    answer = client.get("/rules", headers={"Origin": "https://example.org"})
    assert "access-control-allow-origin" not in answer.headers


def test_what_goes_wrong_here_tells_nothing_of_the_inside(
    world: World, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    from backend.generations import receipts

    def broken(*_: object) -> None:
        raise RuntimeError("secret path /etc")

    monkeypatch.setattr(receipts, "receipt", broken)
    body = problem(client.get("/orders/0x" + "00" * 32), 500, "internal_error")
    assert "secret" not in json.dumps(body)
