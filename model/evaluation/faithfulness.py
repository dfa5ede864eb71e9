"""Is an attribution faithful: does what it says of artists agree with what retraining without them shows?

One run for our method and every peer: a model on all artists makes the pictures; small models trained on
halves of the artists are asked for their loss on each picture. Some halves are for fitting (ours and the
plain regressions see their losses), others, all of them different, are for reporting. Whatever is chosen
(λ, by method) is chosen on other pictures and on the halves for fitting.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

import model.attribution.peers  # noqa: F401  (enters the peers)
from model.attribution import lds
from model.attribution.effects import fitted_effects
from model.attribution.ensemble import mean_scores, of_one_size
from model.attribution.peers.task import PEERS, Task, artist_scores
from model.attribution.retraining import Pictures, Plan, Retraining, retrain, retrained
from model.dataset import Dataset
from model.pipeline import MeltingPotPipeline
from model.settings import AttributionSettings, RetrainSettings, TrainSettings, _Settings

DAMPINGS = (0.01, 0.03, 0.1, 0.3, 1.0, 10.0)
DAMPED = ("trak", "d-trak", "das")  # peers that know a λ
REMOVED_BY = ("trak", "d-trak", "feature-cosine", "size")  # and ours: in the removal test
PRIOR = "d-trak"  # what ours begins with
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class FaithfulnessSettings(_Settings):
    """How much is trained and asked."""

    evaluated: int = 48  # halves of the artists for reporting, with two seeds each
    fitted: tuple[int, ...] = (16, 64)  # halves for fitting: the first so many of the largest
    scored: int = 32  # of the fitted networks whose own gradients are taken, the first ones
    pictures: int = 128
    chosen_on: int = 32  # of the pictures: λ is chosen on these, and they are not reported
    training_seed: int = 7
    evaluated_seeds: tuple[int, ...] = (11, 12)
    subsets_seed: int = 1
    dimensions: int = 8192
    noise_levels: int = 4
    draws: int = 1000  # of the bootstrap and of the null
    removed: int = 5  # artists taken away in the removal test
    removal_groups: int = 3


@dataclass(frozen=True)
class Asked:
    """The model on all artists, its pictures, and what the retrained models made of them.

    losses: fitted [M, Q]; evaluated [M', R, Q]; subsets bool [M, A] and [M', A]; scores: of the fitted
    networks' own gradients, M tables [Q, A].
    """

    pipeline: MeltingPotPipeline
    pictures: Pictures
    fitted: np.ndarray
    fitted_subsets: np.ndarray
    scores: list[np.ndarray]
    evaluated: np.ndarray
    evaluated_subsets: np.ndarray


@dataclass(frozen=True)
class Work:
    """The trainings of one evaluation: plans with the retrainings that each is for."""

    pipeline: MeltingPotPipeline
    pictures: Pictures
    fitted: np.ndarray
    evaluated: np.ndarray
    parts: tuple[tuple[Plan, list[Retraining]], ...]


def prepare(
    dataset: Dataset, settings: FaithfulnessSettings, small: TrainSettings, folder: Path
) -> Work:
    """Train on all artists, make the pictures, and say what else is to be trained."""
    torch.use_deterministic_algorithms(True)
    everybody = np.ones(len(dataset.artists), dtype=bool)
    pipeline = retrain(dataset, small, Retraining(everybody, settings.subsets_seed))
    pictures = drawn(pipeline, dataset, settings.pictures)
    fitted, evaluated = halves(len(dataset.artists), settings)
    asking = RetrainSettings()
    plan = Plan(dataset, small, pictures, asking, None, folder)
    with_scores = replace(plan, scores=asking.scores())
    fits = [Retraining(subset, settings.training_seed) for subset in fitted]
    reports = [Retraining(subset, seed) for subset in evaluated for seed in settings.evaluated_seeds]
    parts = ((with_scores, fits[: settings.scored]), (plan, fits[settings.scored :] + reports))
    return Work(pipeline, pictures, fitted, evaluated, parts)


def ask(work: Work, settings: FaithfulnessSettings, processes: int, progress: Progress) -> Asked:
    """Train what does not lie in the plans' folder yet, and collect the losses."""
    outcomes = []
    count = sum(len(runs) for _, runs in work.parts)
    for plan, runs in work.parts:
        before = len(outcomes)
        outcomes += retrained(plan, runs, processes, lambda done, _: progress("retrain", before + done, count))
    losses = np.stack([outcome.losses for outcome in outcomes]).astype(float)
    split = len(work.fitted)
    return Asked(
        work.pipeline,
        work.pictures,
        losses[:split],
        work.fitted,
        [outcome.scores for outcome in outcomes[: settings.scored]],
        losses[split:].reshape(len(work.evaluated), len(settings.evaluated_seeds), -1),
        work.evaluated,
    )


def halves(artists: int, settings: FaithfulnessSettings) -> tuple[np.ndarray, np.ndarray]:
    """(subsets for fitting, subsets for reporting), bool [M, A] each; all different."""
    fitted = lds.half_subsets(artists, max(settings.fitted), settings.subsets_seed)
    return fitted, lds.half_subsets(artists, settings.evaluated, settings.subsets_seed + 1, apart_from=fitted)


def drawn(pipeline: MeltingPotPipeline, dataset: Dataset, count: int) -> Pictures:
    """Generated pictures, asked for by titles of works spread evenly over the manifest's order."""
    works = [dataset.works[place * len(dataset) // count] for place in range(count)]
    prompts = [work.title or work.caption for work in works]
    made = []
    for first in range(0, count, 64):
        asked = prompts[first : first + 64]
        with torch.inference_mode():
            images = pipeline(
                asked,
                seeds=list(range(first, first + len(asked))),
                num_inference_steps=20,
                guidance_scale=2.0,
                output_type="pt",
            ).images
        made.append((images * 255).round().to(torch.uint8).cpu())
    return Pictures(torch.cat(made), prompts)


def effects_by_method(
    dataset: Dataset, asked: Asked, settings: FaithfulnessSettings
) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """(method → effects [Q, A] on the reported pictures, method → λ chosen).

    Ours and the plain regressions also see the losses of the fitted halves on these pictures.
    """
    reported = slice(settings.chosen_on, None)
    attribution = AttributionSettings(
        dimensions=settings.dimensions, noise_levels=settings.noise_levels, lowest_noise=0.0, batch_size=32
    )
    task = Task(asked.pipeline, dataset, asked.pictures.images, asked.pictures.prompts, attribution)
    methods, dampings = {}, {}
    for name, peer in PEERS.items():
        tables = {}
        for damping in DAMPINGS if name in DAMPED else (attribution.damping,):
            told = replace(task, settings=attribution.but(damping=damping))
            tables[damping] = artist_scores(peer(told), dataset.artist_of, len(dataset.artists))
        best = max(tables, key=lambda damping: _chosen_score(tables[damping], asked, settings))
        methods[name] = tables[best][reported]
        if name in DAMPED:
            dampings[name] = best
    for count in settings.fitted:
        subsets, losses = asked.fitted_subsets[:count], asked.fitted[:count, reported]
        methods[f"ridge-{count}"] = fitted_effects(subsets, losses, np.zeros_like(methods[PRIOR])).mean
        networks = min(count, len(asked.scores))
        expected = mean_scores(asked.scores[:networks], subsets[:networks])[reported]
        methods[f"ours-{count}"] = fitted_effects(subsets, losses, of_one_size(methods[PRIOR]) + expected).mean
    return methods, dampings


def _chosen_score(table: np.ndarray, asked: Asked, settings: FaithfulnessSettings) -> float:
    """Score on the pictures and halves that are for choosing."""
    chosen = slice(0, settings.chosen_on)
    return lds.score(table[chosen], asked.fitted_subsets, asked.fitted[:, None, chosen])


def compare(methods: dict[str, np.ndarray], asked: Asked, settings: FaithfulnessSettings) -> dict[str, Any]:
    """Scores with two-way bootstrap intervals, ceiling, permutation null, and ours minus each peer."""
    losses = asked.evaluated[:, :, settings.chosen_on :]
    subsets = asked.evaluated_subsets
    draws = lds.bootstrap(methods, subsets, losses, settings.draws, seed=0)
    values = {name: lds.score(effects, subsets, losses) for name, effects in methods.items()}
    ceiling, between_seeds = lds.ceiling(losses)
    ours = [f"ours-{count}" for count in settings.fitted]
    null = lds.permutation_null(methods[ours[-1]], subsets, losses, settings.draws // 5, seed=0)
    peers = [name for name in methods if name not in ours]
    found: dict[str, Any] = {
        "ceiling": round(ceiling, 4),
        "between_seeds": round(between_seeds, 4),
        "lds": {name: lds.scored(values[name], draws[name]).to_json() for name in methods},
        "null_95": round(float(np.percentile(null, 95)), 4),
    }
    for number, name in enumerate(ours):
        found[name.replace("-", "_")] = round(values[name], 4)
        found["ours_minus_peer" + ("" if number == len(ours) - 1 else f"_{name[5:]}")] = {
            peer: lds.scored(values[name] - values[peer], draws[name] - draws[peer]).to_json() for peer in peers
        }
    return found


def removal(
    dataset: Dataset,
    asked: Asked,
    methods: dict[str, np.ndarray],
    settings: FaithfulnessSettings,
    small: TrainSettings,
    folder: Path,
    processes: int,
    progress: Progress,
) -> dict[str, float]:
    """Method → how much the loss on groups of pictures rises when the artists that it ranks first for them
    are taken away, in per cent of the loss; "random" for artists taken by lot.

    A group is a part of the reported pictures, in their order; each method's artists are those with the
    largest sum of positive effects on it, each picture counting alike.
    """
    count = settings.pictures - settings.chosen_on
    groups = np.array_split(np.arange(count), settings.removal_groups * 4)[:: 4]
    random = np.random.Generator(np.random.PCG64(settings.subsets_seed))
    everybody = np.ones(len(dataset.artists), dtype=bool)
    runs, meant = [Retraining(everybody, settings.training_seed)], []
    for number, group in enumerate(groups):
        for name in (f"ours-{max(settings.fitted)}", *REMOVED_BY, "random", "random again"):
            if name in methods:
                positive = np.clip(methods[name][group], 0, None)
                weight = (positive / positive.sum(1, keepdims=True).clip(1e-30)).sum(0)
                first = np.argsort(-weight, kind="stable")[: settings.removed]
            else:
                first = random.permutation(len(everybody))[: settings.removed]
            kept = everybody.copy()
            kept[first] = False
            runs.append(Retraining(kept, settings.training_seed))
            meant.append((number, name))
    plan = Plan(dataset, small, asked.pictures, RetrainSettings(), None, folder)
    outcomes = retrained(plan, runs, processes, lambda done, of: progress("removal", done, of))
    losses = np.stack([outcome.losses for outcome in outcomes])[:, settings.chosen_on :].astype(float)
    rises: dict[str, list[float]] = {}
    for (number, name), found in zip(meant, losses[1:], strict=True):
        group = groups[number]
        rise = 100 * (found[group].mean() / losses[0][group].mean() - 1)
        rises.setdefault(name.replace(" again", ""), []).append(rise)
    return {name: round(float(np.mean(values)), 3) for name, values in rises.items()}
