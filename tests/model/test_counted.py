"""Near-copies count nowhere in a contribution: who has nothing else stands in no half, and is paid nothing."""

from dataclasses import replace

import numpy as np
import torch

from model.attribution.contribution import measure, subsets_over
from model.attribution.index import build_index
from model.attribution.retraining import without
from model.checkpoint import load_pipeline
from model.dataset import Dataset
from model.evaluation import attacks
from model.settings import RetrainSettings
from model.train import TrainResult
from tests.model.conftest import TINY, TINY_ATTRIBUTION

ATTRIBUTION = replace(TINY_ATTRIBUTION, probes=3)
RETRAIN = RetrainSettings(retrains=3, noise_levels=2)


def test_a_thief_changes_nothing(trained: TrainResult, dataset: Dataset) -> None:
    """All of one artist's works registered again under another wallet: every figure stays as it was."""
    pipeline = load_pipeline(trained.directory)
    again = attacks.thefts(dataset, {"a thief": dataset.artists[0]})
    seen = [
        measure(pipeline, works, build_index(pipeline, works, ATTRIBUTION), ATTRIBUTION, RETRAIN, TINY)
        for works in (dataset, again)
    ]
    assert seen[1].scores == {**seen[0].scores, "a thief": 0}
    assert seen[1].allocations == seen[0].allocations
    assert sum(seen[1].allocations.values()) == 10**9


def test_subsets_leave_out_who_has_no_work() -> None:
    having = np.array([True, False, True, True, True])
    subsets = subsets_over(having, RETRAIN)
    assert subsets.shape == (3, 5) and not subsets[:, 1].any() and (subsets.sum(1) == 2).all()


def test_without_copies_the_artists_stay(dataset: Dataset) -> None:
    left = without(dataset, {work.content_hash for work in dataset.works if work.artist == dataset.artists[0]})
    assert left.artists == dataset.artists and set(left.artist_of.tolist()) == {1, 2}
    assert len(left) == len(left.images) == len(left.captions) == 8
    assert torch.equal(left.images, dataset.images[[w.artist != dataset.artists[0] for w in dataset.works]])
