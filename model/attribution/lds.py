"""How well effects tell what retraining does: the linear datamodelling score, its intervals and its limits.

A model is trained on each of M subsets of the artists, with each of R seeds, and its loss on each of Q
pictures is noted. Effects [Q, A] say how much each artist lowers the loss on each picture; their sum over a
subset predicts that subset's loss. The score is the mean over the pictures of Spearman's correlation, over
the subsets, of prediction and outcome (Park et al. 2023, arXiv 2303.14186, with artists for samples).

Two runs of the same training differ by their seed, so that no prediction reaches 1: with r the correlation
of one seed's losses with another's, the mean of R seeds has the reliability R·r / (1 + (R − 1)·r)
(Spearman-Brown), and its square root is the largest correlation that a perfect prediction would reach. A
value above it is a bug.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

INTERVAL = (2.5, 97.5)  # percentiles


def half_subsets(artists: int, count: int, seed: int, apart_from: np.ndarray | None = None) -> np.ndarray:
    """bool [count, artists]: different subsets of ⌊A/2⌋ artists, none of them among `apart_from` [M, A].

    Raises ValueError when there are not that many.
    """
    drawn, seen = [], {row.tobytes() for row in (apart_from if apart_from is not None else ())}
    random = np.random.Generator(np.random.PCG64(seed))
    for _ in range(100 * count):
        if len(drawn) == count:
            break
        subset = np.zeros(artists, dtype=bool)
        subset[random.permutation(artists)[: artists // 2]] = True
        if subset.tobytes() not in seen:
            seen.add(subset.tobytes())
            drawn.append(subset)
    if len(drawn) < count:
        raise ValueError(
            f"{artists} artists have no {count} further subsets of {artists // 2}: ask for fewer subsets"
        )
    return np.array(drawn).reshape(count, artists)


def ranks(values: np.ndarray) -> np.ndarray:
    """float64 ranks along the first axis, ties in the middle of theirs."""
    order = np.argsort(values, axis=0, kind="stable")
    place = np.empty(values.shape)
    np.put_along_axis(place, order, np.broadcast_to(_column(len(values), values.ndim), values.shape), axis=0)
    again = np.argsort(-values, axis=0, kind="stable")
    back = np.empty(values.shape)
    np.put_along_axis(back, again, np.broadcast_to(_column(len(values), values.ndim), values.shape), axis=0)
    return (place + len(values) - 1 - back) / 2


def _column(length: int, dimensions: int) -> np.ndarray:
    return np.arange(length, dtype=float).reshape(-1, *(1,) * (dimensions - 1))


def correlations(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Pearson's correlation along the first axis; 0 where one side does not vary."""
    left, right = left - left.mean(0), right - right.mean(0)
    scale = np.sqrt((left**2).sum(0) * (right**2).sum(0))
    return np.divide((left * right).sum(0), scale, out=np.zeros(scale.shape), where=scale > 0)


def predictions(effects: np.ndarray, subsets: np.ndarray) -> np.ndarray:
    """float64 [M, Q]: the sum of effects [Q, A] over each of the subsets, bool [M, A]."""
    return subsets.astype(float) @ np.asarray(effects, dtype=float).T


def score(effects: np.ndarray, subsets: np.ndarray, losses: np.ndarray) -> float:
    """The linear datamodelling score of effects [Q, A] on losses [M, R, Q] of the subsets [M, A]."""
    outcome = ranks(-losses.mean(1))
    return float(correlations(ranks(predictions(effects, subsets)), outcome).mean())


def ceiling(losses: np.ndarray) -> tuple[float, float]:
    """(ceiling, r): the largest score that losses [M, R, Q] allow, and the mean correlation of two seeds.

    Raises ValueError with fewer than two seeds.
    """
    seeds = losses.shape[1]
    if seeds < 2:
        raise ValueError("one seed says nothing about the next: train each subset with at least two")
    by_seed = [ranks(losses[:, seed]) for seed in range(seeds)]
    pairs = [correlations(by_seed[i], by_seed[j]).mean() for i in range(seeds) for j in range(i)]
    r = float(np.mean(pairs))
    return float(np.sqrt(max(0.0, seeds * r / (1 + (seeds - 1) * r)))), r


@dataclass(frozen=True)
class Scored:
    """value with the ends of its 95 % interval."""

    value: float
    low: float
    high: float

    def to_json(self) -> list[float]:
        """[value, low, high], rounded to 4 places."""
        return [round(number, 4) for number in (self.value, self.low, self.high)]


def bootstrap(
    methods: Mapping[str, np.ndarray], subsets: np.ndarray, losses: np.ndarray, draws: int, seed: int
) -> dict[str, np.ndarray]:
    """Method → float64 [draws] scores, in each draw on the same resampled subsets and pictures.

    Two-way: subsets and pictures are drawn with replacement and independently of each other, as both are
    samples of what could have been asked.
    """
    random = np.random.Generator(np.random.PCG64(seed))
    count, pictures = losses.shape[0], losses.shape[2]
    outcome = -losses.mean(1)
    predicted = {name: predictions(effects, subsets) for name, effects in methods.items()}
    found = {name: np.empty(draws) for name in methods}
    for draw in range(draws):
        chosen = np.ix_(random.integers(count, size=count), random.integers(pictures, size=pictures))
        target = ranks(outcome[chosen])
        for name, values in predicted.items():
            found[name][draw] = correlations(ranks(values[chosen]), target).mean()
    return found


def scored(value: float, draws: np.ndarray) -> Scored:
    """A value with the percentile interval of its bootstrap draws."""
    low, high = np.percentile(draws, INTERVAL)
    return Scored(value, float(low), float(high))


def permutation_null(
    effects: np.ndarray, subsets: np.ndarray, losses: np.ndarray, draws: int, seed: int
) -> np.ndarray:
    """float64 [draws]: scores of the same effects with the artists' names exchanged at random."""
    random = np.random.Generator(np.random.PCG64(seed))
    artists = effects.shape[1]
    return np.array([score(effects[:, random.permutation(artists)], subsets, losses) for _ in range(draws)])
