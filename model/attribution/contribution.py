"""What a round's mint is shared by: how much each artist is drawn on over a fixed, published set of
generated pictures.

Each probe is attributed like a sale (threshold, normalised to the same total), so one odd picture cannot
outweigh the rest; an artist's score is the sum over the probes. From the int8 rows and the int8 probes on,
everything is integers: `contribution_from` repeats it on any machine.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from model.attribution import shares
from model.attribution.arrays import read_arrays, write_arrays
from model.attribution.index import ArtistIndex, queries
from model.dataset import Dataset, WorkRecord
from model.pipeline import MeltingPotPipeline
from model.sample import generate
from model.settings import AttributionSettings, SampleSettings

BPS = 10_000
MOST_PAID = 16  # artists of one probe, like the first rules' maxCredits
THRESHOLD_PERCENT = 95


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
class Contribution:
    """Integers by artist: scores, and allocations that sum to 10**9.

    quality: what `quality_of` measured; its w_bps scales the artists' part of every sale.
    """

    probes: Probes
    scores: dict[str, int]
    threshold: int
    allocations: dict[str, int]
    quality: dict[str, int]

    def save_probes(self, path: Path) -> None:
        """Write the probes file that `load_probes` reads."""
        self.probes.save(path)


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


def measure(
    pipeline: MeltingPotPipeline,
    dataset: Dataset,
    index: ArtistIndex,
    settings: AttributionSettings,
    progress: Callable[[int, int], None] | None = None,
) -> Contribution:
    """Generate the probes, take their gradients, and share out 10**9. `progress(done, all)` in steps of
    unequal time.
    """
    asked = probes_of(dataset.works, {copied for copied, _ in index.copies}, settings)
    prompts = [probe.prompt for probe in asked]
    drawing = SampleSettings(
        steps=settings.probe_steps, guidance=settings.probe_guidance, output_size=0, batch_size=8
    )
    told = progress or (lambda done, everything: None)
    pictures = generate(
        pipeline,
        prompts,
        [probe.seed for probe in asked],
        drawing,
        lambda done, steps: told(len(asked) * done // steps, 2 * len(asked)),
    )
    found = queries(
        pipeline,
        pictures,
        prompts,
        settings,
        lambda done, everything: told(len(asked) + done, 2 * len(asked)),
    )
    return contribution_from(index, Probes(asked, found))


def contribution_from(index: ArtistIndex, probes: Probes, total: int = shares.TOTAL) -> Contribution:
    """Scores, threshold, allocations and quality from the published integers alone.

    When no artist stands out in any probe, the number of distinct works counts instead (w is then 0).
    """
    table = [shares.scores(index.rows, query) for query in probes.queries]
    threshold = shares.threshold_of(table, THRESHOLD_PERCENT)
    paid = [
        shares.allocations(dict(zip(index.artists, line, strict=True)), threshold, total, MOST_PAID)
        for line in table
    ]
    scores = {artist: sum(line.get(artist, 0) for line in paid) for artist in index.artists}
    allocations = shares.allocations(scores, 0, total)
    if not allocations:
        allocations = shares.allocations(dict(zip(index.artists, index.clusters, strict=True)), 0, total)
    quality = quality_of(paid, [probe.artist for probe in probes.asked])
    return Contribution(probes, scores, threshold, allocations, quality)


def quality_of(paid: Sequence[dict[str, int]], prompted: Sequence[str]) -> dict[str, int]:
    """How well allocations tell the artist of the prompted work, in basis points: w = 2·AUC − 1, never
    below zero.

    Each pair of probes asked with works of two artists is a comparison: is the first artist allocated more
    of the first picture (a win) or of the second (a loss)? An artist is only compared with themself, so
    that having many works wins nothing; without any pair nothing is known: zero.

    Limit: the probes' prompts are titles of trained works, and the queries read them too. This tells how
    well titles are found again, an upper bound of how well pictures are (docs/design.md, section 11).
    """
    wins = losses = pairs = 0
    for first, artist in zip(paid, prompted, strict=True):
        for second, other in zip(paid, prompted, strict=True):
            if artist == other:
                continue
            pairs += 1
            wins += first.get(artist, 0) > second.get(artist, 0)
            losses += first.get(artist, 0) < second.get(artist, 0)
    hits = sum(artist in line for artist, line in zip(prompted, paid, strict=True))
    return {
        "probes": len(paid),
        "hits": hits,
        "pairs": pairs,
        "wins": wins,
        "losses": losses,
        "w_bps": max(0, BPS * (wins - losses) // pairs) if pairs else 0,
    }
