"""What verify says of a delivered file, good and bad; that the world's own deliveries pass: test_verify.py."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from PIL import Image

from backend.verify.provenance import _problems
from model.images import encode_png
from model.provenance import manifest, watermark
from model.provenance.credentials import Credentials
from tests.model.provenance.conftest import ORIGIN, drawing, signer  # noqa: F401

OTHER = replace(ORIGIN, order_id="0x" + "44" * 32)
NEXT = replace(ORIGIN, number=1)


@pytest.fixture(scope="module")
def marked(drawing: Image.Image) -> Image.Image:  # noqa: F811
    return watermark.embed(drawing, ORIGIN.payload)


def wrong(data: bytes) -> set[str]:
    """The kinds of check that do not hold."""
    return {kind for kind, problems in _problems(data, ORIGIN).items() if problems}


def test_what_was_delivered_holds(marked: Image.Image, signer: Credentials) -> None:  # noqa: F811
    assert wrong(manifest.sign(encode_png(marked), ORIGIN, signer)) == set()


def test_a_stripped_manifest(marked: Image.Image) -> None:
    assert wrong(encode_png(marked)) == {"valid", "named"}


@pytest.mark.parametrize("origin", [OTHER, NEXT, replace(ORIGIN, model_cid="bafybeianother")])
def test_a_manifest_of_another_picture(marked: Image.Image, signer: Credentials, origin) -> None:  # noqa: F811
    assert wrong(manifest.sign(encode_png(marked), origin, signer)) == {"named"}


def test_a_watermark_of_another_order(drawing: Image.Image, signer: Credentials) -> None:  # noqa: F811
    other = watermark.embed(drawing, OTHER.payload)
    assert wrong(manifest.sign(encode_png(other), ORIGIN, signer)) == {"marked"}


def test_no_watermark(drawing: Image.Image, signer: Credentials) -> None:  # noqa: F811
    assert wrong(manifest.sign(encode_png(drawing), ORIGIN, signer)) == {"marked"}


def test_a_manifest_moved_to_other_pixels(marked: Image.Image, signer: Credentials) -> None:  # noqa: F811
    """The signed chunk of one file in another's picture: signed, but not for these bytes."""
    signed = manifest.sign(encode_png(marked), ORIGIN, signer)
    darker = encode_png(marked.point(lambda value: value * 9 // 10))
    chunk = signed.index(b"caBX") - 4
    length = int.from_bytes(signed[chunk : chunk + 4], "big") + 12
    assert wrong(darker[:33] + signed[chunk : chunk + length] + darker[33:]) == {"valid"}


def test_a_file_that_is_no_picture() -> None:
    assert wrong(b"text") == {"valid", "named", "marked"}


def test_a_picture_saved_anew_keeps_its_watermark(marked: Image.Image) -> None:
    out = io.BytesIO()
    marked.save(out, "JPEG", quality=80)
    assert wrong(out.getvalue()) == {"valid", "named"}
