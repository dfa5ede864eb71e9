"""Two-step trainings: deterministic, resumable, continued from a start, and with their history beside the
weights.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from model import checkpoint
from model.dataset import Dataset, Manifest, without
from model.settings import TrainSettings
from model.starting import CONTINUED_STEPS, default_steps
from model.train import STATE, TrainingDiverged, TrainResult, train
from tests.model.conftest import TINY, draw

ROOT = Path(__file__).resolve().parents[2]


def weights(directory: Path) -> dict[str, torch.Tensor]:
    return {
        f"{part}/{name}": value
        for part in ("unet/diffusion_pytorch_model", "text_encoder/model")
        for name, value in load_file(directory / f"{part}.safetensors").items()
    }


def same(left: Path, right: Path) -> bool:
    one, two = weights(left), weights(right)
    return one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)


def test_the_same_seed_gives_the_same_weights(dataset: Dataset, trained: TrainResult, folder: Path) -> None:
    assert same(trained.directory, train(dataset, TINY, folder / "again").directory)
    assert not same(trained.directory, train(dataset, TINY.but(seed=1), folder / "other").directory)


def test_what_stands_in_the_directory(trained: TrainResult, dataset: Dataset) -> None:
    directory = trained.directory
    behind = checkpoint.works_behind(directory)
    assert [work["content_hash"] for work in behind] == [work.content_hash for work in dataset.works]
    assert {work["artist"] for work in behind} == {"Ms red", "Ms green", "Ms blue"}
    assert {work["licence"] for work in behind} == {"CC0-1.0"}
    assert checkpoint.settings_of(directory) == TINY
    told = Manifest.from_json(checkpoint.read_json(directory / checkpoint.DATASET))
    assert told.root() == trained.root == checkpoint.history_of(directory)[-1]["dataset_root"]
    assert checkpoint.total_steps(checkpoint.history_of(directory)) == trained.total_steps == 2
    assert all(
        value.dtype == torch.float16 for value in weights(directory).values() if value.is_floating_point()
    )
    assert not (directory / STATE).exists()
    assert "red" in (directory / "README.md").read_text() or (directory / "README.md").stat().st_size > 500


def test_progress_tells_step_and_loss(dataset: Dataset, folder: Path) -> None:
    seen: list[tuple[int, int, float]] = []
    train(dataset, TINY, folder, progress=lambda *told: seen.append(told))
    assert [(step, steps) for step, steps, _ in seen] == [(1, 2), (2, 2)]
    assert all(loss > 0 for *_, loss in seen)


def test_an_interrupted_training_goes_on(dataset: Dataset, folder: Path) -> None:
    settings = TINY.but(steps=4)

    def interrupt(step: int, _steps: int, _loss: float) -> None:
        if step == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(dataset, settings, folder / "broken", progress=interrupt, save_every=2)
    assert (folder / "broken" / STATE).is_file()
    steps: list[int] = []
    train(dataset, settings, folder / "broken", progress=lambda step, *_: steps.append(step), save_every=2)
    assert steps == [3, 4]
    assert same(folder / "broken", train(dataset, settings, folder / "whole").directory)


def test_a_start_is_continued_with_new_words(
    dataset: Dataset, trained: TrainResult, manifest: Manifest, folder: Path
) -> None:
    continued = train(dataset, TrainSettings(steps=1, batch_size=4), folder / "next", trained.directory)
    assert continued.total_steps == 3 and continued.settings.size == TINY.size
    history = checkpoint.history_of(folder / "next")
    assert [entry["from_start"] for entry in history] == [False, True]
    assert not same(trained.directory, folder / "next")


def test_a_start_with_works_outside_the_dataset_is_refused(
    dataset: Dataset, trained: TrainResult, folder: Path
) -> None:
    fewer = Dataset(
        Manifest(dataset.works[1:]),
        dataset.images[1:],
        dataset.captions[1:],
        dataset.artists,
        dataset.artist_of[1:],
    )
    with pytest.raises(ValueError, match="train from nothing"):
        train(fewer, TINY, folder, trained.directory)


def test_steps_are_chosen_for_the_dataset(trained: TrainResult) -> None:
    assert default_steps(531, TrainSettings(), trained.directory) == CONTINUED_STEPS
    assert default_steps(8, TrainSettings(), None) < default_steps(5000, TrainSettings(), None) <= 1000


def test_a_diverged_training_ends_with_an_error(dataset: Dataset, folder: Path) -> None:
    """Neither a loss that is no number nor weights that the stored type cannot hold become a model."""
    with pytest.raises(TrainingDiverged, match="learning_rate"):
        train(dataset, TINY.but(steps=8, learning_rate=1e30, warmup_steps=1), folder / "loss")
    with pytest.raises(TrainingDiverged, match="weights"):
        train(dataset, TINY.but(steps=1, learning_rate=1e6, warmup_steps=1), folder / "weights")
    assert not list(folder.rglob("*.safetensors"))


@pytest.mark.parametrize("changes", [{"steps": -1}, {"batch_size": 0}])
def test_numbers_that_train_nothing_are_refused(dataset: Dataset, folder: Path, changes) -> None:
    with pytest.raises(ValueError, match="or more"):
        train(dataset, TINY.but(**changes), folder)


@pytest.mark.parametrize("works", [1, 2, 5])
def test_the_smallest_sets_train(dataset: Dataset, folder: Path, works: int) -> None:
    few = Dataset(
        Manifest(dataset.works[:works]),
        dataset.images[:works],
        dataset.captions[:works],
        dataset.artists,
        dataset.artist_of[:works],
    )
    result = train(few, TINY, folder)
    assert result.steps == 2 and len(checkpoint.works_behind(folder)) == works


def test_the_command(folder: Path) -> None:
    lines = []
    for shape in ("circle", "square", "line"):
        (folder / f"{shape}.png").write_bytes(draw(shape, "red"))
        lines.append(
            {"file": f"{shape}.png", "artist": "left out" if shape == "line" else "Ms red", "title": shape}
        )
    (folder / "MANIFEST.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    settings = [
        f"--set={name}={json.dumps(value)}" for name, value in TINY.to_json().items() if name != "steps"
    ]
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "model.train",
            "--manifest",
            folder / "MANIFEST.jsonl",
            "--out",
            folder / "out",
            "--steps",
            "1",
            "--exclude-artist",
            "left out",
            *settings,
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert "2 works by 1 artists" in run.stdout
    assert [work["title"] for work in checkpoint.works_behind(folder / "out")].count("line") == 0


def test_near_copies_are_named_and_never_drawn(dataset: Dataset, folder: Path) -> None:
    """The weights are those of a training without them; works.json names them, as they stand in the round."""
    copies = {work.content_hash for work in dataset.works[:3]}
    with_them = train(dataset, TINY, folder / "with", copies=copies)
    without_them = train(without(dataset, copies), TINY, folder / "without")
    first, second = weights(with_them.directory), weights(without_them.directory)
    assert first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)
    assert len(checkpoint.works_behind(with_them.directory)) == len(dataset)
    told = checkpoint.history_of(with_them.directory)[-1]
    assert told["dataset_root"] == dataset.manifest.root() and told["near_copies_not_drawn"] == 3
