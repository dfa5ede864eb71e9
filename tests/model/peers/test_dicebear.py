"""The controlled set: 14 artists drawn by the real packages, and how right answers are counted."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from model.attribution.peers.task import PEERS, Task
from model.checkpoint import load_pipeline
from model.dataset import Dataset, Manifest
from model.evaluation import dicebear
from model.evaluation.dicebear import Asked, TopOne, compare, style_titles
from model.manifest_file import read_manifest
from model.train import TrainResult
from tests.model.conftest import COLOURS, SHAPES, TINY, TINY_ATTRIBUTION, draw
from tools.dicebear_manifest import draw as draw_avatars

MODULES = Path(__file__).resolve().parents[3] / "node_modules"


def test_fourteen_artists_have_a_style_each(folder: Path) -> None:
    lines = draw_avatars(MODULES, folder, 2)
    assert len(lines) == 28 and len({line["artist"] for line in lines}) == 14
    assert len({(line["artist"], line["title"]) for line in lines}) == 14
    assert all(line["licence"] and line["source"].startswith("https://") for line in lines)
    assert not any("undefined" in tag for line in lines for tag in line["tags"])
    (folder / "MANIFEST.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    manifest, files = read_manifest(folder / "MANIFEST.jsonl")  # renders every SVG
    assert len(manifest.works) == len(files) == 28
    assert draw_avatars(MODULES, folder, 2) == lines  # the same again


def test_missing_packages_and_empty_wishes_are_told(folder: Path) -> None:
    with pytest.raises(ValueError, match="npm ci"):
        draw_avatars(folder, folder, 2)
    with pytest.raises(ValueError, match="at least one"):
        draw_avatars(MODULES, folder, 0)


def one_title_each(dataset: Dataset) -> Dataset:
    works = tuple(replace(work, title=work.artist) for work in dataset.works)
    return replace(dataset, manifest=Manifest(works))


def test_a_style_has_one_name(dataset: Dataset) -> None:
    assert style_titles(one_title_each(dataset)) == dataset.artists
    with pytest.raises(ValueError, match="one title"):
        style_titles(dataset)


def test_intervals_are_wilsons() -> None:
    assert TopOne("m", True, 0.1, 5, 10, 0.0).interval == pytest.approx((0.2366, 0.7634), abs=1e-4)
    assert TopOne("m", True, 0.1, 0, 10, 0.0).interval == pytest.approx((0.0, 0.2775), abs=1e-4)


def test_hits_are_counted_and_damping_is_chosen_elsewhere(trained: TrainResult, dataset: Dataset) -> None:
    """One method is always right, one at λ = 1 only, one by the prompt alone, one has only ties."""
    right = np.array([0, 1, 2, 2])
    asked = Asked(dataset.images[:4], [dataset.artists[a] for a in right], right)
    artist_of = dataset.artist_of.numpy()

    def knows(task: Task) -> np.ndarray:
        return (artist_of == right[:, None]).astype(float)

    def at_one(task: Task) -> np.ndarray:
        return knows(task) if task.settings.damping == 1.0 else -knows(task) * task.settings.damping

    def reads(task: Task) -> np.ndarray:
        names = np.array(dataset.artists)[artist_of]
        return np.stack([(names == prompt).astype(float) for prompt in task.prompts])

    methods = {"knows": knows, "at one": at_one, "reads": reads, "size": PEERS["size"]}
    found = compare(
        load_pipeline(trained.directory), dataset, methods, asked, asked, TINY_ATTRIBUTION, lambda *_: None
    )
    hits = {(one.method, one.told): one.hits for one in found}
    assert hits == {
        ("knows", True): 4, ("at one", True): 4, ("reads", True): 4, ("size", True): 0,
        ("knows", False): 4, ("at one", False): 4, ("reads", False): 0, ("size", False): 0,
    }  # fmt: skip
    assert {one.damping for one in found if one.method == "at one"} == {1.0}


def test_the_whole_measurement_runs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = []
    for colour in COLOURS:
        for shape in SHAPES:
            (folder / f"{colour}-{shape}.png").write_bytes(draw(shape, colour))
            lines.append({"file": f"{colour}-{shape}.png", "artist": colour, "title": f"{colour} style"})
    (folder / "MANIFEST.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    monkeypatch.setattr(dicebear, "TRAINING", TINY)
    monkeypatch.setattr(dicebear, "ATTRIBUTION", TINY_ATTRIBUTION)
    monkeypatch.setattr(dicebear, "SAMPLING", dicebear.SAMPLING.but(steps=2, batch_size=6))
    monkeypatch.setattr(dicebear, "ASKED", 2)
    monkeypatch.setattr(dicebear, "CHOOSING", 1)
    seen = []
    found = dicebear.measure(
        folder / "MANIFEST.jsonl", PEERS, folder / "run", lambda what, *_: seen.append(what)
    )
    assert set(found) == {name + more for name in PEERS for more in ("", ", no words")}
    assert all(0 <= value <= 1 for value in found.values())
    assert {"train", "generate", "gradients"} < set(seen)
    seen.clear()
    again = dicebear.measure(
        folder / "MANIFEST.jsonl", {"size": PEERS["size"]}, folder / "run", lambda what, *_: seen.append(what)
    )
    assert "train" not in seen and again["size"] == found["size"]
