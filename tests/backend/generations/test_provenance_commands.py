"""`meltingpot provenance` with nothing but a file."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from backend.cli import main
from backend.config import make_settings
from backend.errors import ConfigurationError
from backend.generations.provenance import credentials_of, files, marked
from model.provenance import manifest
from model.provenance.credentials import Credentials, make_credentials
from tests.model.provenance.conftest import ORIGIN, drawing, signer  # noqa: F401


def told(capsys: pytest.CaptureFixture, *arguments: str) -> tuple[int, dict]:
    with pytest.raises(SystemExit) as stop:
        main(["provenance", "--offline", "--json", *arguments])
    return stop.value.code, json.loads(capsys.readouterr().out)


@pytest.fixture(scope="module")
def delivered(drawing: Image.Image, signer: Credentials) -> bytes:  # noqa: F811
    (data,) = files(marked([drawing], [ORIGIN]), [ORIGIN], signer)
    return data


def test_a_delivered_file(delivered: bytes, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    path = tmp_path / "1.png"
    path.write_bytes(delivered)
    code, found = told(capsys, str(path))
    assert code == 0 and found["problems"] == []
    assert found["manifest"]["valid"] and found["manifest"]["origin"] == ORIGIN.to_json()
    assert found["watermark"]["payload"] == ORIGIN.payload.hex() == found["manifest"]["watermark"]


def test_a_picture_that_lost_its_manifest(delivered: bytes, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    path = tmp_path / "shared.jpg"
    Image.open(io.BytesIO(delivered)).resize((256, 256)).save(path, quality=80)
    code, found = told(capsys, str(path))
    assert code == 0 and found["manifest"] is None
    assert found["watermark"]["payload"] == ORIGIN.payload.hex()


def test_contradictions_are_told(drawing: Image.Image, signer: Credentials, tmp_path: Path,  # noqa: F811
                                 capsys: pytest.CaptureFixture) -> None:
    (picture,) = marked([drawing], [replace(ORIGIN, number=3)])
    path = tmp_path / "1.png"
    path.write_bytes(files([picture], [ORIGIN], signer)[0])
    code, found = told(capsys, str(path))
    assert code == 1 and "the manifest names the watermark" in found["problems"][0]


def test_a_picture_of_somebody_else(drawing: Image.Image, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:  # noqa: F811
    path = tmp_path / "1.png"
    drawing.save(path)
    code, found = told(capsys, str(path))
    assert code == 1 and found["manifest"] is None and found["watermark"] is None


def test_a_file_that_is_no_picture(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    path = tmp_path / "1.txt"
    path.write_text("text")
    code, found = told(capsys, str(path))
    assert code == 3 and found["code"] == "no_picture" and "PNG, JPEG or WebP" in found["what_to_do"]


def test_production_names_its_certificates(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no certificates are set"):
        credentials_of(make_settings(environment="production"))
    pair = make_credentials()
    paths = tmp_path / "chain.pem", tmp_path / "key.pem"
    for path, data in zip(paths, (pair.certificates, pair.key), strict=True):
        path.write_bytes(data)
    settings = make_settings(
        environment="production", provenance_certificates=paths[0], provenance_key=paths[1]
    )
    assert credentials_of(settings) == pair
    paths[1].write_text("nothing")
    with pytest.raises(ConfigurationError, match="key.pem holds no PEM private key"):
        credentials_of(settings)


def test_two_workers_sign_the_same_pixels(drawing: Image.Image, signer: Credentials) -> None:  # noqa: F811
    one, two = (files(marked([drawing], [ORIGIN]), [ORIGIN], signer)[0] for _ in range(2))
    pixels = [Image.open(io.BytesIO(each)).tobytes() for each in (one, two)]
    assert pixels[0] == pixels[1] and manifest.read(one).origin == manifest.read(two).origin
