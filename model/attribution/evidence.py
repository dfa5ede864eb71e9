"""The published evidence behind a contribution: which pictures were asked, their gradients, and what training
without artists made of them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from model.attribution.arrays import read_arrays, write_arrays
from model.dataset import WorkRecord
from model.settings import AttributionSettings


@dataclass(frozen=True)
class Probe:
    """One generation: prompt, seed and the artist whose work's title the prompt is."""

    prompt: str
    seed: int
    artist: str


@dataclass(frozen=True)
class Probes:
    """The published generations and their gradients: asked [P], queries int8 [P, D]."""

    asked: tuple[Probe, ...]
    queries: np.ndarray

    def save(self, path: Path) -> None:
        """Write an .npz whose bytes depend on the content alone."""
        write_arrays(
            path,
            {
                "queries": np.ascontiguousarray(self.queries, dtype=np.int8),
                "prompts": np.array([probe.prompt for probe in self.asked], dtype=np.str_),
                "seeds": np.array([probe.seed for probe in self.asked], dtype=np.int64),
                "artists": np.array([probe.artist for probe in self.asked], dtype=np.str_),
            },
        )


def load_probes(source: Path | IO[bytes]) -> Probes:
    """Read saved probes. Raises ValueError when the parts do not fit together."""
    data = read_arrays(source, ("queries", "prompts", "seeds", "artists"))
    found, columns = data["queries"], (data["prompts"], data["seeds"], data["artists"])
    if found.dtype != np.int8 or found.ndim != 2 or any(len(column) != len(found) for column in columns):
        raise ValueError(
            f"queries are {found.dtype} {found.shape}, with {[len(c) for c in columns]} descriptions"
        )
    asked = (Probe(str(p), int(s), str(a)) for p, s, a in zip(*columns, strict=True))
    return Probes(tuple(asked), found)


@dataclass(frozen=True)
class Retrained:
    """What retraining showed: losses int64 [M, P] in millionths after training on subsets bool [M, A], and
    scores int32 [M, P, A]: what the gradients in each network say of its artists, in millionths of each
    picture's root sum of squares. One by one, so that one retraining repeated is one row compared.
    """

    subsets: np.ndarray
    losses: np.ndarray
    scores: np.ndarray

    def expected(self) -> np.ndarray:
        """float64 [P, A] in millionths: an artist's mean score over the networks that were trained on the
        artist; 0 where there is none.
        """
        return self.scores.sum(0, dtype=np.int64) / np.maximum(self.subsets.sum(0), 1)

    def save(self, path: Path) -> None:
        """Write an .npz whose bytes depend on the content alone."""
        write_arrays(
            path,
            {
                "subsets": self.subsets.astype(np.uint8),
                "losses": self.losses.astype(np.int64),
                "scores": self.scores.astype(np.int32),
            },
        )


def load_retrained(source: Path | IO[bytes]) -> Retrained:
    """Read saved outcomes. Raises ValueError when the parts do not fit together."""
    data = read_arrays(source, ("subsets", "losses", "scores"))
    subsets, losses, scores = data["subsets"], data["losses"], data["scores"]
    shapes = f"subsets {subsets.shape}, losses {losses.shape} and scores {scores.shape}"
    if not subsets.ndim == losses.ndim == 2 or losses.dtype != np.int64 or scores.dtype != np.int32:
        raise ValueError(f"{shapes} are no outcomes of retraining")
    if len(subsets) != len(losses) or scores.shape != (*losses.shape, subsets.shape[1]):
        raise ValueError(f"{shapes} do not fit together")
    return Retrained(subsets.astype(bool), losses, scores)


@dataclass(frozen=True)
class Measured:
    """effects and deviations int64 [P, A]: by how many millionths each artist lowers the loss on each probe,
    and the standard deviation of that; noise: the part of the losses' variance that no artist explains.
    """

    effects: np.ndarray
    deviations: np.ndarray
    noise: float

    def save(self, path: Path) -> None:
        """Write an .npz whose bytes depend on the content alone."""
        write_arrays(
            path,
            {
                "effects": self.effects.astype(np.int64),
                "deviations": self.deviations.astype(np.int64),
                "noise": np.array(self.noise, dtype=np.float64),
            },
        )


def load_measured(source: Path | IO[bytes]) -> Measured:
    """Read saved effects. Raises ValueError when the parts do not fit together."""
    data = read_arrays(source, ("effects", "deviations", "noise"))
    effects, deviations = data["effects"], data["deviations"]
    right = effects.dtype == deviations.dtype == np.int64 and effects.ndim == 2 and data["noise"].shape == ()
    if not right or effects.shape != deviations.shape or (deviations < 0).any():
        raise ValueError(f"effects {effects.dtype} {effects.shape} and deviations {deviations.shape} do not fit")
    return Measured(effects, deviations, float(data["noise"]))


def probes_of(
    works: Sequence[WorkRecord], copies: Collection[str], settings: AttributionSettings
) -> tuple[Probe, ...]:
    """The published prompts: titles of works spread evenly over the manifest's order (by content hash).

    Drawn over works without the `copies` (content hashes), not over artists: neither a second identity nor
    a copy brings a second probe.
    """
    counted = [work for work in works if work.content_hash not in copies]
    count = min(settings.probes, len(counted))
    chosen = [counted[position * len(counted) // count] for position in range(count)]
    return tuple(
        Probe(work.title or work.caption, settings.seed + number, work.artist)
        for number, work in enumerate(chosen)
    )
