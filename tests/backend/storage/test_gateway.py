"""The gateway: strangers' uploads shown to browsers, and nothing of them run."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from backend.storage.cid import cid_of
from backend.storage.ipfs import Ipfs
from backend.storage.node.gateway import media_type
from tests.backend.storage.conftest import Node, http


def picture(kind: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(out, kind)
    return out.getvalue()


def test_a_picture_with_the_headers_that_keep_it_one(node: Node):
    cid = Ipfs(node.api).add(picture("PNG"))
    answer = http(f"{node.gateway}/ipfs/{cid}")
    assert answer.status == 200 and answer.body == picture("PNG")
    headers = answer.headers
    assert headers["Content-Type"] == "image/png" and headers["Content-Length"] == str(len(answer.body))
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"].startswith("sandbox;")
    assert "immutable" in headers["Cache-Control"] and headers["ETag"] == f'"{cid}"'


def test_head_and_not_modified(node: Node):
    cid = Ipfs(node.api).add(b'{"a": 1}')
    answer = http(f"{node.gateway}/ipfs/{cid}", "HEAD")
    assert (answer.status, answer.body, answer.headers["Content-Length"]) == (200, b"", "8")
    assert answer.headers["Content-Type"] == "application/json"
    assert http(f"{node.gateway}/ipfs/{cid}", headers={"If-None-Match": f'"{cid}"'}).status == 304


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (picture("JPEG"), "image/jpeg"),
        (picture("WEBP"), "image/webp"),
        (picture("GIF"), "image/gif"),
        (b"[1, 2]", "application/json"),
        ("Grüße".encode(), "text/plain; charset=utf-8"),
        (b"<script>alert(1)</script>", "text/plain; charset=utf-8"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "text/plain; charset=utf-8"),
        (b"\0\1\2\3", "application/octet-stream"),
        (b"\xff\xfe\xfd", "application/octet-stream"),
        (b"", "text/plain; charset=utf-8"),
    ],
)
def test_the_bytes_decide_the_media_type(node: Node, data: bytes, kind: str):
    answer = http(f"{node.gateway}/ipfs/{Ipfs(node.api).add(data)}")
    assert answer.headers["Content-Type"] == kind and answer.body == data


def test_a_letter_cut_at_the_end_of_the_sample_is_still_text():
    assert media_type("é".encode()[:1], whole=False).startswith("text/plain")
    assert media_type("é".encode()[:1], whole=True) == "application/octet-stream"


def test_a_large_file_of_text(node: Node):
    data = ("ä" * 400_001).encode()
    answer = http(f"{node.gateway}/ipfs/{Ipfs(node.api).add(data)}")
    assert answer.headers["Content-Type"].startswith("text/plain") and answer.body == data


def test_directory_listing_escapes_names(node: Node, tmp_path):
    folder = tmp_path / "d"
    (folder / "sub").mkdir(parents=True)
    (folder / "<b>&.txt").write_bytes(b"text")
    (folder / "sub" / "x").write_bytes(b"inner")
    cid = Ipfs(node.api).add_directory(folder)
    page = http(f"{node.gateway}/ipfs/{cid}")
    assert page.headers["Content-Type"].startswith("text/html")
    assert b"&lt;b&gt;&amp;.txt" in page.body and b"<b>" not in page.body
    assert f'href="/ipfs/{cid}/sub/"'.encode() in page.body
    assert http(f"{node.gateway}/ipfs/{cid}/sub/x").body == b"inner"
    assert http(f"{node.gateway}/ipfs/{cid}/%3Cb%3E%26.txt").body == b"text"
    assert b"x" in http(f"{node.gateway}/ipfs/{cid}/sub/").body


def test_what_is_not_there(node: Node):
    missing = http(f"{node.gateway}/ipfs/{cid_of(b'nobody has this')}")
    assert missing.status == 404 and "immutable" not in str(missing.headers)
    assert http(f"{node.gateway}/ipfs/{Ipfs(node.api).add(b'file')}/below").status == 404
    assert http(f"{node.gateway}/ipfs/nonsense").status == 400
    assert http(f"{node.gateway}/api/v0/version", "POST").status == 404
    assert http(f"{node.gateway}/").status == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_read_only(node: Node, method: str):
    assert http(f"{node.gateway}/ipfs/{cid_of(b'')}", method).status == 405
