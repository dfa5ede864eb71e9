"""Disputes over HTTP."""

from __future__ import annotations

from fastapi.testclient import TestClient

from backend.app import create_app
from backend.works.catalogue import works_of
from tests.backend.disputes.conftest import opened, ruled
from tests.backend.sales_world import World


def test_disputes_and_works_tell_the_same(forgotten: World) -> None:
    client = TestClient(create_app(forgotten.ctx.settings))
    first, second = works_of(forgotten.ctx, forgotten.artist("Ada").address)[:2]
    numbers = [opened(forgotten, name, first, "authorship") for name in ("Béla", "Chidi")]
    numbers.append(opened(forgotten, "Chidi", second, "revocation"))
    ruled(forgotten, numbers[2])
    page = client.get("/disputes", params={"content_hash": first, "limit": 1}).json()
    assert [d["dispute_id"] for d in page["disputes"]] == [numbers[1]] and page["next_cursor"]
    page = client.get("/disputes", params={"content_hash": first, "cursor": page["next_cursor"]}).json()
    assert [d["dispute_id"] for d in page["disputes"]] == [numbers[0]] and page["next_cursor"] is None
    assert [d["kind"] for d in client.get("/disputes?state=executed").json()["disputes"]] == ["revocation"]
    assert client.get(f"/works/{second}").json()["revoked"] is True
    shown = client.get(f"/disputes/{numbers[2]}").json()
    assert (shown["state"], shown["upheld"], shown["until"]) == ("executed", True, None)
    assert client.get(f"/royalties/{forgotten.artist('Ada').address}").json()["payee"]


def test_wrong_questions(forgotten: World) -> None:
    client = TestClient(create_app(forgotten.ctx.settings))
    assert client.get("/disputes?cursor=x").status_code == 400
    assert client.get("/disputes/99").status_code == 404
    assert client.get("/disputes?state=lost").status_code == 422
