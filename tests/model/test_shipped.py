"""The shipped checkpoint: small, credited, without the withdrawn artist, a start only where all consent."""

import json
from pathlib import Path

import pytest

from model import checkpoint
from model.checkpoint import (
    history_of,
    load_pipeline,
    settings_of,
    total_steps,
    usable_start,
    works_behind,
)
from model.dataset import Manifest, WorkRecord
from model.manifest_file import read_manifest
from model.sample import generate
from model.settings import SampleSettings
from tools.openmoji_manifest import manifest_lines

PACKAGE = Path(__file__).resolve().parents[2] / "node_modules" / "openmoji"
SHIPPED = checkpoint.SHIPPED / "openmoji-64"
WITHDRAWN = "Kai Wanschura"  # registers in the demo, and withdraws consent before the training


def manifest_of(content_hashes: list[str]) -> Manifest:
    return Manifest(tuple(WorkRecord(content_hash, "", "", "artist", "") for content_hash in content_hashes))


def test_it_is_small_and_tells_its_life() -> None:
    size = sum(file.stat().st_size for file in SHIPPED.rglob("*") if file.is_file())
    assert size <= 20_000_000
    assert not list(SHIPPED.glob("resume*"))
    assert total_steps(history_of(SHIPPED)) >= 1000
    assert history_of(SHIPPED)[0]["works"] == len(works_behind(SHIPPED))


def test_its_manifest_settings_and_history_agree() -> None:
    manifest = Manifest.from_json(checkpoint.read_json(SHIPPED / checkpoint.DATASET))
    history = history_of(SHIPPED)
    assert manifest.root() == history[-1]["dataset_root"]
    assert [work.content_hash for work in manifest.works] == [
        work["content_hash"] for work in works_behind(SHIPPED)
    ]
    assert settings_of(SHIPPED).steps == total_steps(history)
    steps = [json.loads(line)["step"] for line in (SHIPPED / checkpoint.LOG).read_text().splitlines()]
    assert steps[-1] == total_steps(history) and steps == sorted(steps)


@pytest.mark.skipif(not PACKAGE.is_dir(), reason="the npm package openmoji is not installed")
def test_its_manifest_is_the_one_that_make_checkpoint_writes(tmp_path: Path) -> None:
    lines = manifest_lines(PACKAGE, tmp_path)
    (tmp_path / "MANIFEST.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    manifest, _ = read_manifest(tmp_path / "MANIFEST.jsonl", [WITHDRAWN])
    assert manifest.root() == history_of(SHIPPED)[-1]["dataset_root"]


def test_its_pipeline_is_the_project_s() -> None:
    ours = checkpoint.SHIPPED.parent / "pipeline.py"
    assert (SHIPPED / "pipeline.py").read_text() == ours.read_text()


def test_every_work_behind_it_is_credited() -> None:
    works = works_behind(SHIPPED)
    assert len(works) >= 500 and len({work["artist"] for work in works}) >= 40
    assert {work["licence"] for work in works} == {"CC-BY-SA-4.0"}
    assert all(work["title"] and work["source"].startswith("https://") for work in works)
    assert WITHDRAWN not in {work["artist"] for work in works}


def test_it_starts_only_a_training_on_all_of_its_works() -> None:
    behind = [work["content_hash"] for work in works_behind(SHIPPED)]
    assert usable_start(manifest_of([*behind, "0x" + "00" * 32])) == SHIPPED
    assert usable_start(manifest_of(behind[1:])) is None


@pytest.mark.parametrize(("prompt", "channel"), [("red heart", 0), ("blue heart", 2)])
def test_its_hearts_have_their_colour(prompt: str, channel: int) -> None:
    few = SampleSettings(steps=8, output_size=0, batch_size=1)
    image = generate(load_pipeline(SHIPPED), [prompt], [1], few)[0]
    side = settings_of(SHIPPED).size
    assert image.size == (side, side)
    middle = image.crop((24, 24, 40, 40)).resize((1, 1)).getpixel((0, 0))
    assert max(range(3), key=lambda c: middle[c]) == channel
