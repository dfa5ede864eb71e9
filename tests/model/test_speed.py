"""The speed benchmark: its bare loop draws what `generate` draws, rows and table are whole; both kinds."""

from pathlib import Path

import pytest

from benchmarks import model_speed
from benchmarks.model_loop import bare_loop
from model.checkpoint import load_pipeline
from model.compute import Compute
from model.evaluation.figures_page import write_between
from model.sample import generate
from model.settings import SampleSettings
from model.train import TrainResult
from tests.model.stable_diffusion import build


@pytest.fixture(scope="module", params=["pixels", "latents"])
def directory(request, trained: TrainResult, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained.directory if request.param == "pixels" else build(tmp_path_factory.mktemp("sd") / "base")


def test_the_bare_loop_draws_the_same(directory: Path) -> None:
    """Else the ratio would compare two different things."""
    pipeline, settings = load_pipeline(directory), SampleSettings(steps=2, output_size=0, batch_size=2)
    asked = (["red circle", "blue line"], [1, 2], settings)
    ours, bare = generate(pipeline, *asked), bare_loop(pipeline, *asked)
    for one, other in zip(ours, bare, strict=True):
        differences = [abs(a - b) for a, b in zip(one.tobytes(), other.tobytes(), strict=True)]
        assert max(differences) <= 1


def test_rows_and_table(directory: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_speed, "PASSES", 1)
    monkeypatch.setattr(model_speed, "STEPS", 2)
    monkeypatch.setattr(model_speed, "MATMUL", {"cpu": 64, "cuda": 64})
    result = model_speed.measure(directory, Compute("cpu"), (2,))
    assert [(row["what"], row["autocast"], row["compile"]) for row in result["rows"]] == [
        ("generation", False, ""),
        ("training", False, ""),
        ("generation", True, ""),
        ("training", True, ""),
    ]
    assert all(row["per_second"] > 0 and row["gflop_each"] > 0 for row in result["rows"])
    page = folder / "page.md"
    page.write_text(f"before\n<!-- {model_speed.BEGIN} -->\n<!-- {model_speed.END} -->\nafter\n")
    write_between(page, model_speed.BEGIN, model_speed.END, model_speed.table(result))
    assert page.read_text().startswith("before\n") and page.read_text().endswith("after\n")
    assert page.read_text().count("| generation |") == 2
