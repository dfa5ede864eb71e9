"""A checkpoint opens as a standard diffusers pipeline, without and with its own pipeline.py."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import DiffusionPipeline
from safetensors.torch import load_file

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


def test_a_stranger_opens_it_from_elsewhere(trained: TrainResult, folder: Path) -> None:
    """A fresh process in another folder, without this project on its path, makes the same picture."""
    script = (
        "import sys, hashlib, torch\n"
        "from diffusers import DiffusionPipeline\n"
        "torch.set_num_threads(1)\n"
        "opened = DiffusionPipeline.from_pretrained(sys.argv[1], trust_remote_code=True)\n"
        "image = opened(['red circle', 'blue'], seeds=[3, 4], num_inference_steps=2).images[1]\n"
        "print(hashlib.sha256(image.tobytes()).hexdigest())\n"
    )
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    run = subprocess.run(
        [sys.executable, "-P", "-c", script, str(trained.directory)],
        cwd=folder,
        env=environment | {"HF_HOME": str(folder / "hf")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    ours = checkpoint.load_pipeline(trained.directory)
    image = ours(["red circle", "blue"], seeds=[3, 4], num_inference_steps=2).images[1]
    assert run.stdout.split()[-1] == hashlib.sha256(image.tobytes()).hexdigest()


def test_it_takes_what_diffusers_users_give(trained: TrainResult) -> None:
    pipeline = checkpoint.load_pipeline(trained.directory)
    seeded = pipeline("red", seeds=[7], num_inference_steps=2).images[0]
    (drawn,) = pipeline(
        "red", generator=torch.Generator().manual_seed(7), num_inference_steps=2, return_dict=False
    )
    assert drawn[0].tobytes() == seeded.tobytes()
    array = pipeline("red", seeds=[7], num_inference_steps=2, output_type="np").images
    tensor = pipeline("red", seeds=[7], num_inference_steps=2, output_type="pt").images
    assert array.shape == (1, 16, 16, 3) and tensor.shape == (1, 3, 16, 16)
    assert np.array_equal((array[0] * 255).round().astype("uint8"), np.asarray(seeded))
    assert np.array_equal(tensor.permute(0, 2, 3, 1).numpy(), array)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"prompt": []}, "at least one"),
        ({"prompt": "a", "num_inference_steps": 0}, "at least one"),
        ({"prompt": "a", "output_type": "latent"}, "output_type"),
        ({"prompt": "a", "output_type": "np", "output_size": 64}, "output_size"),
        ({"prompt": "a", "seeds": [1], "generator": torch.Generator()}, "not both"),
    ],
)
def test_it_says_what_it_cannot_do(trained: TrainResult, arguments: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        checkpoint.load_pipeline(trained.directory)(**arguments)


def test_it_carries_names_that_transformers_4_knows(trained: TrainResult) -> None:
    """transformers 4 has no TokenizersBackend, and fills weights without this prefix with random numbers."""
    assert checkpoint.read_json(trained.directory / "model_index.json")["tokenizer"] == [
        "transformers",
        "PreTrainedTokenizerFast",
    ]
    names = load_file(trained.directory / "text_encoder" / "model.safetensors").keys()
    assert all(name.startswith("text_model.") for name in names)


def test_pickled_weights_are_not_opened(trained: TrainResult, folder: Path) -> None:
    """A pickle can run code; a checkpoint of a stranger is opened from safetensors or not at all."""
    copied = folder / "pickled"
    shutil.copytree(trained.directory, copied)
    weights = copied / "unet" / "diffusion_pytorch_model.safetensors"
    torch.save(load_file(weights), weights.with_suffix(".bin"))
    weights.unlink()
    with pytest.raises(OSError, match="safetensors"):
        checkpoint.load_pipeline(copied)


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
