"""Is an artist paid whom the model never learned from? Models trained on half of the artists, all of them indexed.

The half that was left out is the null: nothing of theirs is in the weights, so whatever they are paid is chance,
or likeness to others. The pictures are made by the model in question. Prompts are titles of works by either half;
those of the left-out half are told apart, as a caption's own words are what is asked for there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from model.attribution import lds, shares
from model.attribution.contribution import THRESHOLD_PERCENT
from model.attribution.index import index_of
from model.dataset import Dataset
from model.evaluation.sales import Projector, asked_of, features_of, paid, table_of, trained
from model.pipeline import MeltingPotPipeline
from model.settings import AttributionSettings, TrainSettings

PICTURES = 96  # of each half-trained model
SUBSETS_SEED = 3  # of the halves; no threshold was chosen on them
PICTURE_SEED = 70_000
PERCENTS = (90, 95, 98)  # thresholds told beside the one in use


def measure(
    dataset: Dataset,
    train: TrainSettings,
    settings: AttributionSettings,
    projector: Callable[[MeltingPotPipeline, AttributionSettings], Projector],
    halves: int,
    told: Callable[[str], None] = lambda what: None,
) -> dict[str, Any]:
    """Fractions over `halves` models; `paid_fraction`: of (picture, never-trained artist) pairs in which that
    artist gets more than one unit of 10**9, for the threshold in use and prompts of trained artists' works.
    """
    subsets = lds.half_subsets(len(dataset.artists), max(halves, 2), SUBSETS_SEED)[:halves]
    found = []
    for number, subset in enumerate(subsets):
        told(f"half {number + 1} of {halves}: {int(subset.sum())} artists trained on")
        pipeline = trained(dataset, train, subset)
        pictures = asked_of(pipeline, dataset, PICTURES, PICTURE_SEED + 1000 * number)
        features = features_of(projector(pipeline, settings), dataset, pictures)
        index = index_of(features.works, dataset, range(len(dataset)), settings)
        table = table_of(index, features.queries)
        asked = _asked(dataset, len(pictures))
        found.append({percent: counted(table, subset, asked, percent) for percent in PERCENTS})
    percents = {str(percent): _mean([one[percent] for one in found]) for percent in PERCENTS}
    used = percents[str(THRESHOLD_PERCENT)]
    return {"paid_fraction": used["null"], "halves": halves, "in_use": THRESHOLD_PERCENT, "percents": percents}


def _asked(dataset: Dataset, count: int) -> np.ndarray:
    """int [Q]: the artist whose work's title each picture was asked with (as `sales.asked_of` draws them)."""
    return dataset.artist_of.numpy()[[place * len(dataset) // count for place in range(count)]]


def counted(table: np.ndarray, subset: np.ndarray, asked: np.ndarray, percent: int) -> dict[str, float]:
    """Of scores int [Q, A] in a model trained on `subset` (bool [A]), pictures asked with titles of `asked` [Q]:

    null: never-trained artists paid, prompts of trained artists; null_asked: the same for prompts of
    never-trained ones; own: trained artists paid for pictures asked with their own titles; paid: artists a
    picture.
    """
    threshold = shares.threshold_of(table.tolist(), percent)
    names = [str(number) for number in range(table.shape[1])]
    got = np.array([[sale.get(name, 0) > 1 for name in names] for sale in paid(names, table, threshold)])
    of_trained = subset[asked]
    return {
        "null": float(got[of_trained][:, ~subset].mean()),
        "null_asked": float(got[~of_trained][:, ~subset].mean()),
        "own": float(got[np.flatnonzero(of_trained), asked[of_trained]].mean()),
        "paid": float(got.sum(1).mean()),
    }


def _mean(lines: list[dict[str, float]]) -> dict[str, float]:
    return {name: round(float(np.mean([line[name] for line in lines])), 4) for name in lines[0]}
