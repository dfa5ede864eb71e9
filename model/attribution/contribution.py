"""What a round's mint is shared by: how much each artist lowers the loss on a fixed, published set of
generated pictures, as retraining without artists shows.

Small networks are trained on halves of the artists and asked for their loss on each picture (the probes);
gradients (the artist index's, and those of the small networks themselves) say what to expect, the losses
correct it (`model/attribution/effects.py`). Each probe is
then shared out like a sale (threshold, normalised to the same total), so one odd picture cannot outweigh
the rest; an artist's score is the sum over the probes. From the published effects on, everything is
integers: `allocated` repeats it on any machine. The effects follow from published integers by floating
point: `effects_of` repeats them to the last digit or so.

The same losses tell how good the index itself is, which splits the sales: w = LDS / ceiling, and nothing
where chance alone could have brought that score.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL.Image import Image

from model.attribution import lds, shares
from model.attribution.effects import fitted_effects
from model.attribution.ensemble import of_one_size
from model.attribution.evidence import Measured, Probe, Probes, Retrained, probes_of
from model.attribution.index import ArtistIndex, queries
from model.attribution.retraining import (
    Pictures,
    Plan,
    Retraining,
    retrained,
    shrunk,
    shrunk_dataset,
)
from model.dataset import Dataset, pixels_of, without
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


def counted_of(index: ArtistIndex) -> np.ndarray:
    """bool [A]: artists with a work of their own. A copy is neither trained on nor counted here, and who has
    nothing else changes nothing for the others.
    """
    return np.array(index.clusters) > 0


def subsets_of(index: ArtistIndex, settings: RetrainSettings) -> np.ndarray:
    """bool [M, A]: the halves of the counted artists that are trained on, drawn from the seed; fewer than
    `settings.retrains` where few artists have no more halves, none where they have fewer than three.
    """
    counted = counted_of(index)
    for count in range(settings.retrains, FEWEST_RETRAINS - 1, -1):
        try:
            halves = lds.half_subsets(int(counted.sum()), count, settings.subsets_seed)
        except ValueError:
            continue
        subsets = np.zeros((count, len(counted)), dtype=bool)
        subsets[:, counted] = halves
        return subsets
    return np.zeros((0, len(counted)), dtype=bool)


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
    pictures = asked_pictures(
        pipeline,
        asked,
        settings,
        lambda done, steps: told("probes", len(asked) * done // steps, 2 * len(asked)),
    )
    found = queries(
        pipeline,
        pictures,
        [probe.prompt for probe in asked],
        settings,
        lambda done, everything: told("probes", len(asked) + done, 2 * len(asked)),
    )
    subsets = subsets_of(index, retrain)
    plan = plan_of(dataset, index, asked, pictures, retrain, small)
    outcomes = outcomes_of(plan, subsets, lambda done, everything: told("retrain", done, everything))
    return contribution_from(index, Probes(asked, found), outcomes)


def asked_pictures(
    pipeline: MeltingPotPipeline,
    asked: Sequence[Probe],
    settings: AttributionSettings,
    progress: Callable[[int, int], None] | None = None,
) -> list[Image]:
    """The probes' pictures, drawn again on any machine up to the last digits of its arithmetic."""
    drawing = SampleSettings(
        steps=settings.probe_steps, guidance=settings.probe_guidance, output_size=0, batch_size=8
    )
    return generate(
        pipeline, [probe.prompt for probe in asked], [probe.seed for probe in asked], drawing, progress
    )


def plan_of(
    dataset: Dataset,
    index: ArtistIndex,
    asked: Sequence[Probe],
    pictures: Sequence[Image],
    settings: RetrainSettings,
    small: TrainSettings,
) -> Plan:
    """What small networks are trained on and asked: works (no copies) and probes at their size."""
    images = torch.stack([pixels_of(picture, dataset.images.shape[-1]) for picture in pictures])
    seen = shrunk_dataset(without(dataset, {copied for copied, _ in index.copies}), small.size)
    prompts = [probe.prompt for probe in asked]
    return Plan(seen, small, Pictures(shrunk(images, small.size), prompts), settings, settings.scores())


def outcomes_of(
    plan: Plan, subsets: np.ndarray, progress: Callable[[int, int], None] | None = None
) -> Retrained:
    """What training on each of the subsets, bool [M, A], shows."""
    runs = [Retraining(subset, plan.losses.training_seed) for subset in subsets]
    found = retrained(plan, runs, progress=progress) if runs else []
    shape = len(plan.pictures), len(plan.dataset.artists)
    losses = np.array([outcome.losses for outcome in found]).reshape(len(runs), shape[0])
    scores = np.array([of_one_size(outcome.scores) for outcome in found]).reshape(len(runs), *shape)
    return Retrained(subsets, _millionths(losses), _millionths(scores).astype(np.int32))


def _millionths(values: np.ndarray) -> np.ndarray:
    return np.rint(values.astype(float) * MICRO).astype(np.int64)


def contribution_from(
    index: ArtistIndex, probes: Probes, retrained: Retrained, total: int = shares.TOTAL
) -> Contribution:
    """Everything that follows from the published index, probes and outcomes of the retrainings."""
    table = index_scores(index, probes)
    measured = effects_of(index, table, retrained)
    scores, threshold, allocations = allocated(index, measured.effects, total)
    return Contribution(
        probes,
        retrained,
        measured,
        scores,
        threshold,
        sale_threshold_of(table),
        allocations,
        intervals_of(index, measured, total),
        quality_of(table, retrained, measured.noise),
    )


def index_scores(index: ArtistIndex, probes: Probes) -> np.ndarray:
    """int64 [P, A]: exact products of the published rows and queries."""
    return np.array([shares.scores(index.rows, query) for query in probes.queries], dtype=np.int64)


def sale_threshold_of(table: np.ndarray) -> int:
    """What an artist's score of one picture must exceed, from the index's scores [P, A] of the probes."""
    return shares.threshold_of(table.tolist(), THRESHOLD_PERCENT)


def effects_of(index: ArtistIndex, table: np.ndarray, retrained: Retrained) -> Measured:
    """Effects from the outcomes of retraining; prior: the index's scores [P, A] and, with the same weight,
    those of the retrained networks' own gradients.

    Without retrainings (fewer than three artists) the index's scores themselves, of unknown deviation.
    """
    if len(retrained.subsets) < FEWEST_RETRAINS:
        return Measured(table, np.zeros_like(table), 1.0)
    counted = counted_of(index)
    prior = of_one_size(table) + retrained.expected() / MICRO
    found = fitted_effects(retrained.subsets[:, counted], retrained.losses / MICRO, prior[:, counted])
    effects, deviations = np.zeros_like(table), np.zeros_like(table)
    effects[:, counted] = _millionths(found.mean)
    deviations[:, counted] = _millionths(found.deviation)
    return Measured(effects, deviations, min(1.0, found.chosen["noise"]))


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
    index: ArtistIndex, measured: Measured, total: int = shares.TOTAL
) -> dict[str, tuple[int, int]]:
    """Artist → (low, high) of the allocation: 95 % of what comes out when other probes had been asked
    (bootstrap) and the effects were others within their deviations.

    Each draw has the threshold of its own effects: noise that lifts some above zero pushes as many below.
    """
    random = np.random.Generator(np.random.PCG64(0))
    counted = counted_of(index)
    effects, deviations = measured.effects[:, counted], measured.deviations[:, counted]
    works = np.array(index.clusters, dtype=float)[counted]
    drawn = np.zeros((DRAWS, len(works)))
    for number in range(DRAWS):
        chosen = random.integers(len(effects), size=len(effects))
        noise = random.standard_normal(effects.shape) * deviations[chosen]
        sums = _shared(effects[chosen] + noise)
        drawn[number] = sums if sums.any() else works  # as `allocated` does
    parts = drawn / drawn.sum(1, keepdims=True)
    ends = np.zeros((2, len(counted)), dtype=np.int64)
    ends[:, counted] = np.floor(np.percentile(parts, lds.INTERVAL, axis=0) * total)
    return {artist: (int(ends[0, i]), int(ends[1, i])) for i, artist in enumerate(index.artists)}


def _shared(effects: np.ndarray) -> np.ndarray:
    """float64 [A]: `_summed` without rounding, of effects [P, A] above their own threshold."""
    below = np.sort(-effects[effects < 0])
    threshold = below[min(len(below) - 1, THRESHOLD_PERCENT * len(below) // 100)] if len(below) else 0.0
    above = np.clip(effects - threshold, 0, None)
    least = np.sort(above, axis=1)[:, -MOST_PAID:][:, :1]
    above = np.where(above >= least, above, 0)
    sums = above.sum(1, keepdims=True)
    return np.divide(above, sums, out=np.zeros_like(above), where=sums > 0).sum(0)


def quality_of(table: np.ndarray, retrained: Retrained, noise: float) -> dict[str, int]:
    """How much of what retraining shows the index foresees, in basis points: w = LDS / ceiling, never above
    one, and zero when the LDS's 95 % interval (`low`, `high`) reaches down to zero: a score that chance
    brings, over a ceiling that noise lowers, would else pass for a good one.

    The index [P, A] has not seen the losses. The ceiling is that of one seed, √(1 − noise).
    """
    probes, count = len(table), len(retrained.subsets)
    if count < FEWEST_RETRAINS:
        return {"probes": probes, "retrains": count, "lds": 0, "low": 0, "high": 0, "ceiling": 0, "w_bps": 0}
    losses = retrained.losses[:, None, :].astype(float)
    value = lds.score(table, retrained.subsets, losses)
    draws = lds.bootstrap({"index": table}, retrained.subsets, losses, DRAWS, 0)["index"]
    found = lds.scored(value, draws)
    ceiling = float(np.sqrt(max(0.0, 1 - noise)))
    w = min(1.0, value / ceiling) if found.low > 0 and ceiling > 0 else 0.0
    named = {"lds": found.value, "low": found.low, "high": found.high, "ceiling": ceiling, "w_bps": w}
    return {"probes": probes, "retrains": count} | {name: round(BPS * x) for name, x in named.items()}
