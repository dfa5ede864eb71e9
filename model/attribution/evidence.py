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
    expected int64 [P, A] in millionths: what the gradients in those networks say of the artists on average.
    """

    subsets: np.ndarray
    losses: np.ndarray
    expected: np.ndarray

    def save(self, path: Path) -> None:
        """Write an .npz whose bytes depend on the content alone."""
        whole = {"losses": self.losses, "expected": self.expected}
        write_arrays(
            path,
            {"subsets": self.subsets.astype(np.uint8)} | {n: v.astype(np.int64) for n, v in whole.items()},
        )


def load_retrained(source: Path | IO[bytes]) -> Retrained:
    """Read saved outcomes. Raises ValueError when the parts do not fit together."""
    data = read_arrays(source, ("subsets", "losses", "expected"))
    subsets, losses, expected = data["subsets"], data["losses"], data["expected"]
    shapes = f"subsets {subsets.shape}, losses {losses.shape} and expected {expected.shape}"
    if not subsets.ndim == losses.ndim == expected.ndim == 2 or losses.dtype != np.int64:
        raise ValueError(f"{shapes} are no outcomes of retraining")
    if len(subsets) != len(losses) or expected.shape != (losses.shape[1], subsets.shape[1]):
        raise ValueError(f"{shapes} do not fit together")
    return Retrained(subsets.astype(bool), losses, expected)


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
