"""Held-out loss: a fixed split by hash, the same draws for every checkpoint, a curve that goes on after a
stop.
"""

import json
from pathlib import Path

import pytest
import torch

from model.checkpoint import load_pipeline
from model.dataset import Dataset
from model.evaluation.heldout import (
    CURVE,
    PLOT,
    held_out_loss,
    heldout_curve,
    hold_out,
    noise_levels,
    part_of,
    smoothed,
    work_losses,
)
from model.train import TrainResult
from tests.model.conftest import TINY


def test_the_split_is_fixed_and_whole(dataset: Dataset) -> None:
    kept, held = hold_out(dataset, 0.4)
    assert {work.content_hash for work in kept.works}.isdisjoint(work.content_hash for work in held.works)
    assert len(kept) + len(held) == len(dataset)
    again = hold_out(part_of(dataset, list(range(2, len(dataset)))), 0.4)[1]
    assert {work.content_hash for work in again.works} <= {work.content_hash for work in held.works}
    assert torch.equal(held.images[0], dataset.images[dataset.works.index(held.works[0])])
    assert held.artists[held.artist_of[0]] == held.works[0].artist


def test_near_copies_go_with_their_leader(dataset: Dataset) -> None:
    images = dataset.images.clone()
    images[1:] = images[0]  # all works are copies of the first
    same = Dataset(dataset.manifest, images, dataset.captions, dataset.artists, dataset.artist_of)
    with pytest.raises(ValueError, match="no work is left"):
        hold_out(same, 0.4)


@pytest.mark.parametrize("share", [0, 1, -0.1])
def test_other_shares_are_refused(dataset: Dataset, share: float) -> None:
    with pytest.raises(ValueError, match="share"):
        hold_out(dataset, share)


def test_levels_are_those_of_training() -> None:
    levels = noise_levels(3.0, 8)
    assert levels == sorted(levels) and 0 < levels[0] and levels[-1] < 1
    generator = torch.Generator().manual_seed(0)
    drawn = torch.sigmoid(torch.randn(20_000, generator=generator) + torch.tensor(3.0).log())
    assert abs(sum(levels) / 8 - float(drawn.mean())) < 0.01


def test_a_work_s_loss_depends_on_no_company(trained: TrainResult, dataset: Dataset) -> None:
    pipeline = load_pipeline(trained.directory)
    alone = work_losses(pipeline, part_of(dataset, [3]), TINY.noise_shift)
    together = work_losses(pipeline, dataset, TINY.noise_shift, batch=5)
    assert together.shape == (len(dataset), 8)
    assert torch.allclose(alone[0], together[3], atol=1e-5)


def test_a_picture_of_another_size_is_refused(trained: TrainResult, dataset: Dataset) -> None:
    larger = Dataset(
        dataset.manifest,
        dataset.images.repeat(1, 1, 2, 2),
        dataset.captions,
        dataset.artists,
        dataset.artist_of,
    )
    with pytest.raises(ValueError, match="16 px"):
        held_out_loss(trained.directory, larger)


def test_the_curve_goes_on(dataset: Dataset, folder: Path) -> None:
    record = heldout_curve(dataset, TINY.but(steps=5), folder / "run", every=2, share=0.4)
    assert [point["step"] for point in record["points"]] == [2, 4, 5]
    assert {point["held_out"]["works"] for point in record["points"]} == {record["works"]["held_out"]}
    stored = json.loads((folder / "run" / CURVE).read_text())
    assert stored["points"] == record["points"] and stored["training"][-1]["step"] == 5
    assert "<polyline" in (folder / "run" / PLOT).read_text()


def test_training_rows_are_smoothed() -> None:
    rows = [{"step": step, "loss": float(step)} for step in range(1, 8)]
    assert smoothed(rows, 3) == [{"step": 3, "loss": 2.0}, {"step": 6, "loss": 5.0}, {"step": 7, "loss": 7.0}]
