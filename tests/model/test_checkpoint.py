"""A checkpoint opens as a standard diffusers pipeline, without and with its own pipeline.py."""

from pathlib import Path

import pytest
from diffusers import DiffusionPipeline

from model import checkpoint
from model.dataset import Manifest
from model.train import TrainResult


def test_diffusers_opens_it(trained: TrainResult, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    opened = DiffusionPipeline.from_pretrained(trained.directory, trust_remote_code=True)
    image = opened("red circle", num_inference_steps=2, output_size=48).images[0]
    assert image.size == (48, 48)
    ours = checkpoint.load_pipeline(trained.directory)(
        "red circle", num_inference_steps=2, output_size=48
    ).images[0]
    assert image.tobytes() == ours.tobytes()


def test_loading_runs_no_code_of_the_directory(trained: TrainResult) -> None:
    script = trained.directory / "pipeline.py"
    text = script.read_text()
    script.write_text("raise SystemExit('code of a stranger')")
    try:
        assert checkpoint.load_pipeline(trained.directory)
    finally:
        script.write_text(text)


def test_a_missing_part_is_named(folder: Path) -> None:
    with pytest.raises(FileNotFoundError, match="unet/"):
        checkpoint.load_pipeline(folder)


def test_a_start_is_usable_only_when_every_work_consents(trained: TrainResult, manifest: Manifest) -> None:
    assert checkpoint.usable_start(manifest, trained.directory.parent) == trained.directory
    assert checkpoint.usable_start(Manifest(manifest.works[1:]), trained.directory.parent) is None
    assert checkpoint.usable_start(manifest, trained.directory / "missing") is None


def test_seeds_and_prompts_must_pair(trained: TrainResult) -> None:
    with pytest.raises(ValueError, match="one seed for each prompt"):
        checkpoint.load_pipeline(trained.directory)(["a", "b"], seeds=[1])
