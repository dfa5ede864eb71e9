from __future__ import annotations

import io
import json
from dataclasses import replace

import c2pa
import pytest
from PIL import Image

from model.images import encode_png
from model.provenance import manifest
from model.provenance.credentials import Credentials
from model.provenance.origin import Origin
from model.refused import UnknownFormat
from tests.model.provenance.conftest import ORIGIN


@pytest.fixture(scope="module")
def signed(drawing: Image.Image, signer: Credentials) -> bytes:
    return manifest.sign(encode_png(drawing), ORIGIN, signer)


def test_it_names_what_it_is_bound_to(signed: bytes) -> None:
    found = manifest.read(signed)
    assert found.valid and not found.trusted
    assert (found.origin, found.watermark) == (ORIGIN, ORIGIN.payload)
    assert (found.generator, found.source_type) == (manifest.GENERATOR, manifest.SOURCE)
    assert found.training == manifest.TRAINING


def test_the_pixels_stay(drawing: Image.Image, signed: bytes) -> None:
    assert Image.open(io.BytesIO(signed)).tobytes() == drawing.tobytes()


def test_another_reader_finds_it_well_formed(signed: bytes) -> None:
    """C2PA's own answer, unfiltered: nothing failed but trust in a certificate that nobody knows."""
    told = json.loads(c2pa.Reader("image/png", io.BytesIO(signed)).json())
    results = told["validation_results"]["activeManifest"]
    assert told["validation_state"] == "Valid"
    assert [entry["code"] for entry in results["failure"]] == [manifest.UNTRUSTED]
    succeeded = {entry["code"] for entry in results["success"]}
    assert {"claimSignature.validated", "assertion.dataHash.match", "assertion.hashedURI.match"} <= succeeded


def test_pixels_changed_after_signing(signed: bytes) -> None:
    place = signed.index(b"IDAT") + 100
    changed = signed[:place] + bytes([signed[place] ^ 1]) + signed[place + 1 :]
    assert any("dataHash.mismatch" in problem for problem in manifest.read(changed).problems)


def test_a_manifest_changed_after_signing(signed: bytes) -> None:
    changed = signed.replace(ORIGIN.model_cid.encode(), ORIGIN.model_cid[::-1].encode())
    assert changed != signed and not manifest.read(changed).valid


def test_a_file_saved_anew_has_none(signed: bytes) -> None:
    for kind in ("PNG", "JPEG", "WEBP"):
        out = io.BytesIO()
        Image.open(io.BytesIO(signed)).save(out, kind)
        assert manifest.read(out.getvalue()) is None


def test_others_manifests_are_read_as_far_as_they_go(drawing: Image.Image, signer: Credentials) -> None:
    """A manifest without our assertions names no origin and no watermark."""
    info = c2pa.C2paSignerInfo(c2pa.C2paSigningAlg.ES256, signer.certificates, signer.key, None)
    actions = {"actions": [{"action": "c2pa.created", "digitalSourceType": manifest.SOURCE}]}
    told = {
        "claim_generator_info": [{"name": "another"}],
        "assertions": [{"label": "c2pa.actions.v2", "data": actions}],
    }
    out = io.BytesIO()
    c2pa.Builder(told).sign(c2pa.Signer.from_info(info), "image/png", io.BytesIO(encode_png(drawing)), out)
    found = manifest.read(out.getvalue())
    assert found.valid and (found.generator, found.origin, found.watermark) == ("another", None, None)


def test_what_is_no_picture() -> None:
    with pytest.raises(UnknownFormat):
        manifest.read(b"text")
    with pytest.raises(ValueError, match="cannot be read"):
        manifest.read(b"\x89PNG\r\n\x1a\n and nothing more")


def test_payloads_belong_to_one_picture() -> None:
    others = [
        replace(ORIGIN, number=1),
        replace(ORIGIN, order_id="0x" + "23" * 32),
        replace(ORIGIN, model_cid="bafybeianother"),
    ]
    assert len({each.payload for each in [ORIGIN, *others]}) == 4
    assert Origin.from_json(ORIGIN.to_json()) == ORIGIN
    with pytest.raises(ValueError, match="not a meltingpot/generation@1"):
        Origin.from_json({"schema": "another"})
