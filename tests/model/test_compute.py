"""Device and compiler: chosen in one place, told in the history, and no part of what is trained."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from model import checkpoint
from model.compute import Compute
from model.dataset import Dataset
from model.train import TrainResult, train
from tests.model.conftest import TINY


def test_the_device_is_chosen() -> None:
    wanted = "cuda" if torch.cuda.is_available() else "cpu"
    assert Compute().resolved().type == wanted
    assert Compute("cpu").resolved() == torch.device("cpu")
    with pytest.raises(ValueError, match="give auto"):
        Compute("quantum").resolved()


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_a_gpu_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="no GPU"):
        Compute("cuda").resolved()


def test_a_compiled_training_trains_the_same(dataset: Dataset, trained: TrainResult, folder: Path) -> None:
    """By a backend that needs no compiler; a real one changes the last digits, so the history tells."""
    train(dataset, TINY, folder, compute=Compute("cpu", "aot_eager"))
    file = "unet/diffusion_pytorch_model.safetensors"
    plain, compiled = load_file(trained.directory / file), load_file(folder / file)
    assert plain.keys() == compiled.keys()
    for name, weight in plain.items():
        torch.testing.assert_close(weight, compiled[name], rtol=1e-2, atol=1e-3)
    assert checkpoint.history_of(folder)[-1]["compiled"] == "aot_eager"
    assert checkpoint.history_of(trained.directory)[-1]["compiled"] == ""


def test_an_unknown_compiler_is_refused(dataset: Dataset, folder: Path) -> None:
    with pytest.raises(ValueError, match="known are"):
        train(dataset, TINY, folder, compute=Compute("cpu", "magic"))


def test_the_history_tells_arithmetic(dataset: Dataset, folder: Path) -> None:
    train(dataset, TINY.but(autocast=True, steps=1), folder, compute=Compute("cpu"))
    told = checkpoint.history_of(folder)[-1]
    assert told["arithmetic"] == "bfloat16" and told["device"].startswith("cpu ")
