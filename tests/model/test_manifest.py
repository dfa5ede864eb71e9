"""Reading a MANIFEST.jsonl off chain, and the importer that writes OpenMoji's."""

import json
from pathlib import Path

import pytest

from model.manifest_file import read_manifest
from tests.model.conftest import draw
from tools.openmoji_manifest import manifest_lines

PACKAGE = Path(__file__).resolve().parents[2] / "node_modules" / "openmoji"


def write(folder: Path, *lines: dict[str, object]) -> Path:
    path = folder / "MANIFEST.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    return path


def test_exact_copies_excluded_artists_and_refusals_are_left_out(folder: Path) -> None:
    for name, shape in (("a", "circle"), ("copy", "circle"), ("b", "square"), ("c", "line")):
        (folder / f"{name}.png").write_bytes(draw(shape, "red"))
    path = write(
        folder,
        {"file": "a.png", "artist": "first", "title": "disc", "licence": "CC0-1.0"},
        {"file": "copy.png", "artist": "second"},
        {"file": "b.png", "artist": "out"},
        {"file": "c.png", "artist": "first", "consent": False},
    )
    manifest, files = read_manifest(path, ["out"])
    assert [(work.artist, work.title, work.licence) for work in manifest.works] == [
        ("first", "disc", "CC0-1.0")
    ]
    assert set(files) == {work.content_hash for work in manifest.works}


def test_a_bad_line_is_named(folder: Path) -> None:
    with pytest.raises(ValueError, match="line 1"):
        read_manifest(write(folder, {"file": "missing.png", "artist": "a"}))


@pytest.mark.skipif(not PACKAGE.is_dir(), reason="the npm package openmoji is not installed")
def test_openmoji_faces_and_people(folder: Path) -> None:
    lines = manifest_lines(PACKAGE, folder)
    assert (len(lines), len({line["artist"] for line in lines})) == (559, 43)
    assert all((folder / str(line["file"])).is_file() for line in lines)
    assert {line["licence"] for line in lines} == {"CC-BY-SA-4.0"}
