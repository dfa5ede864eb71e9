"""The benchmark of sums of adapters: nothing held out is trained on, and each model has its loss."""

from pathlib import Path

from benchmarks import adapters
from model import checkpoint
from model.adapters.library import adapters_in
from model.dataset import Dataset
from tests.model.conftest import TINY


def test_losses_are_of_works_that_nobody_saw(dataset: Dataset, folder: Path) -> None:
    result = adapters.measure(dataset, 2, TINY, 2, 1, folder)
    counts = [result[name] for name in ("artists", "works", "held_out_works", "base_works")]
    assert counts == [2, 6, 2, 4]
    assert len(result["loss"]) == 6 and all(loss > 0 for loss in result["loss"].values())
    behind = [work for adapter in adapters_in(folder / "library") for work in adapter.works]
    seen = {work["content_hash"] for work in behind + checkpoint.works_behind(folder / "base")}
    assert len(seen) == 10
    assert "| base |" in adapters.table(result) and "+0.0%" in adapters.table(result)
