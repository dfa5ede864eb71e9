"""What a round's mint is shared by: how much each artist lowers the loss on a fixed, published set of
generated pictures, as retraining without artists shows.

Small networks are trained on halves of the artists and asked for their loss on each picture (the probes);
gradients (the artist index's, and those of the small networks themselves) say what to expect, the losses
correct it (`model/attribution/effects.py`). Each probe is
then shared out like a sale (threshold, normalised to the same total), so one odd picture cannot outweigh
the rest; an artist's score is the sum over the probes. From the published effects on, everything is
integers: `allocated` repeats it on any machine. The effects follow from published integers by floating
point: `effects_of` repeats them to the last digit or so.

The same losses tell how good the index itself is, which splits the sales: w = LDS / ceiling.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from model.attribution import lds, shares
from model.attribution.effects import fitted_effects
from model.attribution.ensemble import mean_scores, of_one_size
from model.attribution.evidence import Probes, Retrained, probes_of
from model.attribution.index import ArtistIndex, queries
from model.attribution.retraining import Pictures, Plan, Retraining, retrained, shrunk, without
from model.dataset import Dataset, pixels_of
from model.pipeline import MeltingPotPipeline
from model.sample import generate
from model.settings import SMALL, AttributionSettings, RetrainSettings, SampleSettings, TrainSettings

BPS = 10_000
MICRO = 10**6  # losses and effects are published as millionths
MOST_PAID = 16  # artists of one probe, like the first rules' maxCredits
THRESHOLD_PERCENT = 95
FEWEST_RETRAINS = 3  # with fewer nothing can be told from a constant
DRAWS = 400  # of the bootstrap behind intervals


@dataclass(frozen=True)
class Measured:
    """effects and deviations int64 [P, A]: by how many millionths each artist lowers the loss on each probe,
    and the standard deviation of that; noise: the part of the losses' variance that no artist explains.
    """

    effects: np.ndarray
    deviations: np.ndarray
    noise: float


@dataclass(frozen=True)
class Contribution:
    """Integers by artist: scores, and allocations that sum to 10**9 with the ends of their 95 % intervals.

    quality: what `quality_of` measured; its w_bps scales the artists' part of every sale.
    threshold: of effects, in millionths; sale_threshold: of the index's scores, what a sale's must exceed.
    """

    probes: Probes
    retrained: Retrained
    measured: Measured
    scores: dict[str, int]
    threshold: int
    sale_threshold: int
    allocations: dict[str, int]
    intervals: dict[str, tuple[int, int]]
    quality: dict[str, int]


def subsets_of(artists: int, settings: RetrainSettings) -> np.ndarray:
    """bool [M, A]: the halves of the artists that are trained on, drawn from the seed; fewer than
    `settings.retrains` where few artists have no more halves, none where they have fewer than three.
    """
    for count in range(settings.retrains, FEWEST_RETRAINS - 1, -1):
        try:
            return lds.half_subsets(artists, count, settings.subsets_seed)
        except ValueError:
            continue
    return np.zeros((0, artists), dtype=bool)


def subsets_over(having: np.ndarray, settings: RetrainSettings) -> np.ndarray:
    """`subsets_of` those artists who have a work that counts (bool [A]); the others stand in no subset."""
    drawn = subsets_of(int(having.sum()), settings)
    subsets = np.zeros((len(drawn), len(having)), dtype=bool)
    subsets[:, having] = drawn
    return subsets


def measure(
    pipeline: MeltingPotPipeline,
    dataset: Dataset,
    index: ArtistIndex,
    settings: AttributionSettings,
    retrain: RetrainSettings | None = None,
    small: TrainSettings = SMALL,
    progress: Callable[[str, int, int], None] | None = None,
) -> Contribution:
    """Generate the probes, take their gradients, train small networks on halves of the artists, and share
    out 10**9. `progress(stage, done, all)` with the stages "probes" and "retrain".
    """
    retrain = retrain or RetrainSettings()
    told = progress or (lambda stage, done, everything: None)
    asked = probes_of(dataset.works, {copied for copied, _ in index.copies}, settings)
    prompts = [probe.prompt for probe in asked]
    drawing = SampleSettings(
        steps=settings.probe_steps, guidance=settings.probe_guidance, output_size=0, batch_size=8
    )
    pictures = generate(
        pipeline,
        prompts,
        [probe.seed for probe in asked],
        drawing,
        lambda done, steps: told("probes", len(asked) * done // steps, 2 * len(asked)),
    )
    found = queries(
        pipeline,
        pictures,
        prompts,
        settings,
        lambda done, everything: told("probes", len(asked) + done, 2 * len(asked)),
    )
    images = torch.stack([pixels_of(picture, dataset.images.shape[-1]) for picture in pictures])
    # Near-copies count nowhere: trained on, they would pay those who copy once more through the losses.
    seen = without(dataset, {copied for copied, _ in index.copies})
    subsets = subsets_over(np.array(index.clusters) > 0, retrain)
    outcomes = _trained_again(seen, Pictures(images, prompts), subsets, retrain, small, told)
    return contribution_from(index, Probes(asked, found), outcomes)


def _trained_again(
    dataset: Dataset,
    pictures: Pictures,
    subsets: np.ndarray,
    settings: RetrainSettings,
    small: TrainSettings,
    told: Callable[[str, int, int], None],
) -> Retrained:
    if not len(subsets):
        nothing = np.zeros((0, len(pictures)), dtype=np.int64)
        return Retrained(subsets, nothing, np.zeros((len(pictures), len(dataset.artists)), dtype=np.int64))
    seen = Dataset(
        dataset.manifest,
        shrunk(dataset.images, small.size),
        dataset.captions,
        dataset.artists,
        dataset.artist_of,
    )
    asked = Pictures(shrunk(pictures.images, small.size), pictures.prompts)
    outcomes = retrained(
        Plan(seen, small, asked, settings, settings.scores()),
        [Retraining(subset, settings.training_seed) for subset in subsets],
        progress=lambda done, everything: told("retrain", done, everything),
    )
    expected = mean_scores([outcome.scores for outcome in outcomes], subsets)
    return Retrained(
        subsets, _millionths(np.stack([outcome.losses for outcome in outcomes])), _millionths(expected)
    )


def _millionths(values: np.ndarray) -> np.ndarray:
    return np.rint(values.astype(float) * MICRO).astype(np.int64)


def contribution_from(
    index: ArtistIndex, probes: Probes, retrained: Retrained, total: int = shares.TOTAL
) -> Contribution:
    """Everything that follows from the published index, probes and outcomes of the retrainings."""
    table = index_scores(index, probes)
    measured = effects_of(table, retrained)
    scores, threshold, allocations = allocated(index, measured.effects, total)
    return Contribution(
        probes,
        retrained,
        measured,
        scores,
        threshold,
        shares.threshold_of(table.tolist(), THRESHOLD_PERCENT),
        allocations,
        intervals_of(index, measured, threshold, total),
        quality_of(table, retrained, measured.noise),
    )


def index_scores(index: ArtistIndex, probes: Probes) -> np.ndarray:
    """int64 [P, A]: exact products of the published rows and queries."""
    return np.array([shares.scores(index.rows, query) for query in probes.queries], dtype=np.int64)


def effects_of(table: np.ndarray, retrained: Retrained) -> Measured:
    """Effects from the outcomes of retraining; prior: the index's scores [P, A] and, with the same weight,
    those of the retrained networks' own gradients.

    Without retrainings (fewer than three artists) the index's scores themselves, of unknown deviation.
    """
    if len(retrained.subsets) < FEWEST_RETRAINS:
        return Measured(table, np.zeros_like(table), 1.0)
    prior = of_one_size(table) + retrained.expected / MICRO
    found = fitted_effects(retrained.subsets, retrained.losses / MICRO, prior)
    return Measured(
        _millionths(found.mean), _millionths(found.deviation), min(1.0, found.chosen["noise"])
    )


def allocated(
    index: ArtistIndex, effects: np.ndarray, total: int = shares.TOTAL
) -> tuple[dict[str, int], int, dict[str, int]]:
    """(scores, threshold, allocations) from effects int [P, A]: integers alone.

    When no artist stands out in any probe, the number of distinct works counts instead.
    """
    threshold = shares.threshold_of(effects.tolist(), THRESHOLD_PERCENT)
    scores = _summed(index.artists, effects, threshold, total)
    allocations = shares.allocations(scores, 0, total)
    if not allocations:
        allocations = shares.allocations(dict(zip(index.artists, index.clusters, strict=True)), 0, total)
    return scores, threshold, allocations


def _summed(artists: Sequence[str], effects: np.ndarray, threshold: int, total: int) -> dict[str, int]:
    """Each probe shared out like a sale, added up by artist."""
    paid = [
        shares.allocations(dict(zip(artists, map(int, line), strict=True)), threshold, total, MOST_PAID)
        for line in effects
    ]
    return {artist: sum(line.get(artist, 0) for line in paid) for artist in artists}


def intervals_of(
    index: ArtistIndex, measured: Measured, threshold: int, total: int = shares.TOTAL
) -> dict[str, tuple[int, int]]:
    """Artist → (low, high) of the allocation: 95 % of what comes out when other probes had been asked
    (bootstrap) and the effects were others within their deviations.
    """
    random = np.random.Generator(np.random.PCG64(0))
    probes, artists = measured.effects.shape
    drawn = np.zeros((DRAWS, artists))
    for number in range(DRAWS):
        chosen = random.integers(probes, size=probes)
        noise = random.standard_normal((probes, artists)) * measured.deviations[chosen]
        above = np.clip(measured.effects[chosen] + noise - threshold, 0, None)
        best = np.sort(above, axis=1)[:, -MOST_PAID:][:, :1]
        above = np.where(above >= best, above, 0)
        sums = above.sum(1, keepdims=True)
        drawn[number] = np.divide(above, sums, out=np.zeros_like(above), where=sums > 0).sum(0)
    sums = drawn.sum(1, keepdims=True)
    parts = np.divide(drawn, sums, out=np.zeros_like(drawn), where=sums > 0)
    low, high = np.floor(np.percentile(parts, lds.INTERVAL, axis=0) * total).astype(np.int64)
    return {artist: (int(low[i]), int(high[i])) for i, artist in enumerate(index.artists)}


def quality_of(table: np.ndarray, retrained: Retrained, noise: float) -> dict[str, int]:
    """How much of what retraining shows the index foresees, in basis points: w = LDS / ceiling, never below
    zero or above one; the index [P, A] has not seen the losses.

    The ceiling is that of one seed, √(1 − noise). `low` and `high`: 95 % interval of the LDS.
    """
    probes, count = len(table), len(retrained.subsets)
    if count < FEWEST_RETRAINS:
        return {"probes": probes, "retrains": count, "lds": 0, "low": 0, "high": 0, "ceiling": 0, "w_bps": 0}
    losses = retrained.losses[:, None, :].astype(float)
    value = lds.score(table, retrained.subsets, losses)
    draws = lds.bootstrap({"index": table}, retrained.subsets, losses, DRAWS, 0)["index"]
    found = lds.scored(value, draws)
    ceiling = float(np.sqrt(max(0.0, 1 - noise)))
    w = min(1.0, max(0.0, value) / ceiling) if ceiling > 0 else 0.0
    named = {"lds": found.value, "low": found.low, "high": found.high, "ceiling": ceiling, "w_bps": w}
    return {"probes": probes, "retrains": count} | {name: round(BPS * x) for name, x in named.items()}
