"""Orders over HTTP: quote, sign, pay, watch; every refusal is a problem with advice."""

from __future__ import annotations

import json
from dataclasses import replace

from fastapi.testclient import TestClient

from backend.generations import service
from backend.generations.events import event_id, since
from backend.generations.receipts import STAGES
from tests.backend.api.answers import problem, quoted, signature
from tests.backend.sales_world import World

# ---- orders ------------------------------------------------------------------------------------------------


def test_quote_sign_pay_by_authorization(world: World, client: TestClient) -> None:
    account = world.buyer(11)
    quote = quoted(client, account)
    assert json.dumps(quote["sign"]), "a browser must be able to read it"
    body = {
        "pay": "authorization",
        "order": quote["order"],
        "prompt": "a red circle",
        "signature": signature(account, quote["sign"]["authorization"]),
    }
    answer = client.post("/orders", json=body)
    assert answer.status_code == 202, answer.text
    assert answer.json() == {"order_id": quote["order_id"], "events": f"/orders/{quote['order_id']}/events"}
    world.index()
    receipt = client.get(f"/orders/{quote['order_id']}").json()
    assert (receipt["state"], receipt["prompt"], receipt["price"]) == (
        "requested",
        "a red circle",
        quote["price"],
    )
    assert receipt["order"] == quote["order"]
    problem(client.post("/orders", json=body), 409, "contract_reverted")


def test_quote_sign_pay_by_permit(world: World, client: TestClient) -> None:
    account = world.buyer(12)
    quote = quoted(client, account, quantity=2)
    answer = client.post(
        "/orders",
        json={
            "pay": "permit",
            "order": quote["order"],
            "prompt": "a red circle",
            "permit_signature": signature(account, quote["sign"]["permit"]),
            "order_signature": signature(account, quote["sign"]["order"]),
        },
    )
    assert answer.status_code == 202, answer.text
    assert service.state_on_chain(world.ctx, quote["order_id"]) == "requested"


def test_orders_that_are_refused(world: World, client: TestClient) -> None:
    account, thief, poor = world.buyer(13), world.buyer(14), world.ctx.wallets.account("buyer:998")
    quote = quoted(client, account)
    body = {
        "pay": "authorization",
        "order": quote["order"],
        "prompt": "a red circle",
        "signature": signature(thief, quote["sign"]["authorization"]),
    }
    problem(client.post("/orders", json=body), 401, "wrong_signature")
    problem(client.post("/orders", json=body | {"prompt": "a blue circle"}), 422, "prompt_refused")
    poor_quote = quoted(client, poor)
    problem(
        client.post(
            "/orders",
            json={
                "pay": "authorization",
                "order": poor_quote["order"],
                "prompt": "a red circle",
                "signature": signature(poor, poor_quote["sign"]["authorization"]),
            },
        ),
        402,
        "buyer_cannot_pay",
    )
    for wrong in (
        {"pay": "cash"},
        body | {"signature": "0x12"},
        body | {"order": {**quote["order"], "quantity": 0}},
        {"pay": "authorization"},
        body | {"order": {**quote["order"], "deadline": 2**70}},
    ):
        assert problem(client.post("/orders", json=wrong), 422, "invalid_request")["errors"]
    problem(
        client.post("/orders/quote", json={"prompt": "x" * 1001, "buyer": account.address}),
        422,
        "invalid_request",
    )
    problem(
        client.post("/orders/quote", json={"prompt": "é" * 600, "buyer": account.address}),
        422,
        "prompt_refused",
    )
    problem(client.post("/orders/quote", json={"prompt": "x", "buyer": "0x1"}), 422, "invalid_request")


def test_prompts_are_told_by_hash(world: World, client: TestClient) -> None:
    told = client.post("/orders/prompts", json={"prompt": "ein Haus am See"})
    assert told.status_code == 201
    assert (
        client.post(
            "/orders/prompts", json={"prompt": "ein Haus am See", "prompt_hash": told.json()["prompt_hash"]}
        ).status_code
        == 201
    )
    problem(
        client.post("/orders/prompts", json={"prompt": "x", "prompt_hash": told.json()["prompt_hash"]}),
        422,
        "prompt_refused",
    )


def test_an_order_that_no_quote_would_give_is_shown_all_the_same(world: World, client: TestClient) -> None:
    account = world.buyer(17)
    order = replace(world.quote(account), quantity=9, max_price=9 * 10**6)
    order_id = service.request_by_authorization(world.ctx, account, order, "a red circle")
    world.index()
    assert client.get(f"/orders/{order_id}").json()["order"]["quantity"] == 9
    assert client.get("/orders", params={"limit": 1}).json()["orders"][0]["order_id"] == order_id


def test_pages_of_orders_join_without_gap_or_double(world: World, client: TestClient) -> None:
    for _ in range(3):
        world.pay(15)
    everything = client.get("/orders", params={"limit": 100}).json()["orders"]
    seen, cursor = [], None
    while True:
        page = client.get("/orders", params={"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        seen += page["orders"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert [order["order_id"] for order in seen] == [order["order_id"] for order in everything]
    buyer = world.ctx.wallets.address("buyer:15").lower()
    assert len(client.get("/orders", params={"buyer": buyer, "state": "requested"}).json()["orders"]) >= 3
    for cursor in ("nonsense", "²-0x1", "9" * 19 + "-0x1", "-0x1"):
        problem(client.get("/orders", params={"cursor": cursor}), 422, "input_refused")
    problem(client.get("/orders", params={"limit": 0}), 422, "invalid_request")


def test_unknown_orders(client: TestClient) -> None:
    problem(client.get("/orders/0x" + "00" * 32), 404, "order_not_found")
    problem(client.get("/orders/0x" + "00" * 32 + "/events"), 404, "order_not_found")
    problem(client.get("/orders/17"), 422, "invalid_request")


# ---- progress ----------------------------------------------------------------------------------------------


def events_of(client: TestClient, order_id: str, last: str | None = None) -> list[dict]:
    found, current = [], {}
    with client.stream(
        "GET", f"/orders/{order_id}/events", headers={"Last-Event-ID": last} if last else {}
    ) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        for line in answer.iter_lines():
            key, _, value = line.partition(": ")
            if key in ("id", "event", "data"):
                current[key] = value
            elif not line and current:
                found.append(current)
                current = {}
    return found


def test_the_stream_ends_with_fulfilled_and_resumes(world: World, client: TestClient) -> None:
    world.ctx.client.advance_time(8 * 86_400)
    world.index()
    service.refund_expired(world.ctx)
    world.index()
    order_id = world.pay(16)
    assert world.worker().run_once() == 1
    world.index()
    events = events_of(client, order_id)
    assert [event["event"] for event in events] == ["requested", "fulfilled"]
    assert json.loads(events[-1]["data"])["state"] == "fulfilled"
    assert events_of(client, order_id, events[-1]["id"]) == []
    assert [event["event"] for event in events_of(client, order_id, events[0]["id"])] == ["fulfilled"]
    problem(client.get(f"/orders/{order_id}/events", headers={"Last-Event-ID": "abc"}), 422, "input_refused")


def test_event_ids_grow_with_every_step_and_attempt() -> None:
    def at(stage: str, attempts: int) -> dict:
        return {
            "order_id": "0x",
            "state": "requested",
            "stage": stage,
            "attempts": attempts,
            "progress": 0,
            "error": None,
        }

    way = [
        ("requested", 0),
        ("queued", 0),
        ("generate", 1),
        ("pin", 1),
        ("queued", 1),
        ("generate", 2),
        ("pin", 2),
        ("attribute", 2),
        ("fulfil", 2),
        ("fulfilled", 2),
    ]
    ids = [event_id(at(*step)) for step in way]
    assert ids[:4] == sorted(ids[:4]) and ids[5:] == sorted(ids[5:]) and ids[5] > max(ids[:5])
    assert len(STAGES) == len(set(STAGES))
    assert [event["event"] for event in since(at("attribute", 1), -1)] == ["generate", "pin", "attribute"]
    assert [event["event"] for event in since(at("attribute", 1), event_id(at("generate", 1)))] == [
        "attribute"
    ]
    assert list(since(at("attribute", 1), event_id(at("attribute", 1)))) == []
