"""Works over HTTP: pages, upload, and the relay of what a browser wallet has signed."""

from __future__ import annotations

import base64
import io
import json

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from backend.app import create_app
from backend.works import registration
from tests.backend.sales_world import World


@pytest.fixture
def api(forgotten: World) -> TestClient:
    return TestClient(create_app(forgotten.ctx.settings), raise_server_exceptions=False)


def png(colour: str = "#123456", side: int = 24) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (side, side), colour).save(out, "PNG")
    return out.getvalue()


def upload(api: TestClient, world: World, data: bytes, **changes: str):
    fields = {
        "artist": world.artist("Ada").address,
        "artist_name": "Ada",
        "title": "One colour",
        "licence": "CC0-1.0",
        "tags": "plain, blue",
        **changes,
    }
    return api.post("/works/files", data=fields, files={"file": ("x.png", data, "image/png")})


def test_pages_hold_every_work_once(api: TestClient, forgotten: World) -> None:
    seen, cursor = [], None
    while True:
        page = api.get("/works", params={"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        seen += [work["content_hash"] for work in page["works"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == api.get("/works/counts").json()["works"]


def test_filters(api: TestClient, forgotten: World) -> None:
    ada = forgotten.artist("Ada").address
    works = api.get("/works", params={"artist": ada.lower()}).json()["works"]
    assert len(works) == 2 and {work["artist"] for work in works} == {ada}
    assert api.get("/works", params={"consent": False}).json()["works"] == []


def test_one_work_and_none(api: TestClient) -> None:
    works = api.get("/works").json()["works"]
    for work in (next(work for work in works if work["title"]), next(work for work in works if not work["title"])):
        assert api.get(f"/works/{work['content_hash']}").json() == work  # the second one nobody can describe
    answer = api.get("/works/0x" + "00" * 32)
    assert answer.status_code == 404 and answer.headers["content-type"] == "application/problem+json"


def test_a_wrong_cursor_is_refused(api: TestClient) -> None:
    too_large = base64.urlsafe_b64encode(b"9" * 19 + b":0x00").decode()
    for cursor in ("nonsense", too_large):
        assert api.get("/works", params={"cursor": cursor}).status_code == 400


def test_upload_sign_and_relay(api: TestClient, forgotten: World) -> None:
    prepared = upload(api, forgotten, png())
    assert prepared.status_code == 201, prepared.text
    body = prepared.json()
    assert body["document"]["tags"] == ["plain", "blue"]
    signature = registration.sign(forgotten.artist("Ada"), body["typed_data"])
    answer = api.post(
        "/works/registrations",
        json={
            "artist": forgotten.artist("Ada").address,
            "works": [body["work"]],
            "deadline": body["deadline"],
            "signature": "0x" + signature.hex(),
        },
    )
    assert answer.status_code == 201, answer.text
    key = body["work"]["content_hash"]
    assert registration.records_of(forgotten.ctx, [key])[key].artist == forgotten.artist("Ada").address
    again = upload(api, forgotten, png())
    assert (
        again.status_code == 409
        and again.json()["code"] == "exact_copy"
        and "One colour" in again.json()["detail"]
    )


def test_somebody_elses_signature_is_refused(api: TestClient, forgotten: World) -> None:
    body = upload(api, forgotten, png("#654321")).json()
    signature = registration.sign(forgotten.artist("Béla"), body["typed_data"])
    answer = api.post(
        "/works/registrations",
        json={
            "artist": forgotten.artist("Ada").address,
            "works": [body["work"]],
            "deadline": body["deadline"],
            "signature": "0x" + signature.hex(),
        },
    )
    assert answer.status_code == 409 and answer.json()["error"] == "BadSignature"


def test_the_description_must_be_about_the_work(api: TestClient, forgotten: World) -> None:
    first, second = (upload(api, forgotten, png(colour)).json()["work"] for colour in ("#111111", "#222222"))
    mixed = {**first, "metadata_cid": second["metadata_cid"]}
    answer = api.post(
        "/works/registrations",
        json={
            "artist": forgotten.artist("Ada").address,
            "works": [mixed],
            "deadline": 2**40,
            "signature": "0x" + "11" * 65,
        },
    )
    assert answer.status_code == 422 and answer.json()["code"] == "description_refused"


@pytest.mark.parametrize(
    "change",
    [
        {"title": None},
        {"tags": "no list"},
        {"title": "\ud800"},
        {"file": "no file"},
        {"file": {"width": "wide"}},
    ],
)
def test_a_damaged_description_is_never_registered(api: TestClient, forgotten: World, change: dict) -> None:
    """It would stand in the registry for ever, and no training could read it."""
    body = upload(api, forgotten, png("#333333")).json()
    document = {**body["document"], **change}
    if isinstance(document["file"], dict):
        document["file"] = {**body["document"]["file"], **document["file"]}
    damaged = {**body["work"], "metadata_cid": forgotten.ctx.ipfs.add(json.dumps(document).encode())}
    answer = api.post(
        "/works/registrations",
        json={
            "artist": forgotten.artist("Ada").address,
            "works": [damaged],
            "deadline": 2**40,
            "signature": "0x" + "11" * 65,
        },
    )
    assert answer.status_code == 422 and answer.json()["code"] == "description_damaged", answer.text


@pytest.mark.parametrize(("data", "status"), [(b"no picture", 422), (b"", 422), (png()[:60], 422)])
def test_what_is_no_picture_is_refused(api: TestClient, forgotten: World, data: bytes, status: int) -> None:
    assert upload(api, forgotten, data).status_code == status


def test_upload_limits(forgotten: World) -> None:
    small = TestClient(
        create_app(forgotten.ctx.settings.model_copy(update={"max_upload_bytes": 100, "max_pixels": 100}))
    )
    assert upload(small, forgotten, png(side=400)).status_code == 413
    few = TestClient(create_app(forgotten.ctx.settings.model_copy(update={"max_pixels": 100})))
    assert upload(few, forgotten, png(side=400)).status_code in (413, 422)


def test_control_characters_are_refused(api: TestClient, forgotten: World) -> None:
    assert upload(api, forgotten, png("#333333"), title="a\u0000b").status_code == 422
