"""How often the published interval of a contribution holds the truth, and what w an index without foresight
gets: simulated worlds, because in a real one nobody knows the true effects.

    python -m benchmarks.contribution_intervals [WORLDS]

Effects are sparse, artists differ in strength, noise is as large as what the artists do or half as large again.
"""

from __future__ import annotations

import sys

import numpy as np

from model.attribution.contribution import MICRO, allocated, contribution_from, subsets_of
from model.attribution.ensemble import of_one_size
from model.attribution.evidence import Probe, Probes, Retrained
from model.attribution.index import ArtistIndex
from model.settings import RetrainSettings

SETTINGS = RetrainSettings()
PROBES = 48


def world(seed: int, artists: int, noise: float, foresight: float) -> tuple:
    """(index, probes, retrained, true effects [P, A]); `foresight`: correlation of index and effects."""
    random = np.random.default_rng(seed)
    strength = random.gamma(1.0, 1.0, artists)
    shape = PROBES, artists
    true = np.abs(random.standard_normal(shape)) * strength * (random.random(shape) < 0.3)
    true = 0.01 * (true + 0.15 * random.standard_normal(shape))
    seen = foresight * true / true.std() + np.sqrt(1 - foresight**2) * random.standard_normal(shape)
    names = tuple(f"{number:03d}" for number in range(artists))
    rows = np.clip(np.rint(25 * seen.T), -127, 127).astype(np.int8)
    index = ArtistIndex(names, rows, 1.0, (8,) * artists)
    asked = tuple(Probe(str(number), number, names[number % artists]) for number in range(PROBES))
    subsets = subsets_of(index, SETTINGS)
    losses = 0.5 - subsets @ true.T
    losses = losses + noise * losses.std(0) * random.standard_normal(losses.shape)
    scores = np.stack([of_one_size(seen * subset) for subset in subsets])
    told = Retrained(
        subsets, np.rint(MICRO * losses).astype(np.int64), np.rint(MICRO * scores).astype(np.int32)
    )
    return index, Probes(asked, 100 * np.eye(PROBES, dtype=np.int8)), told, true


def main() -> None:
    worlds = int(sys.argv[1]) if len(sys.argv) > 1 else 8
    print("| artists | noise | foresight | interval holds allocation | holds truth | LDS | w | worlds with w 0 |")
    print("|---|---|---|---|---|---|---|---|")
    for artists, noise, foresight in ((12, 1.0, 0.5), (50, 1.5, 0.5), (50, 1.5, 0.3), (50, 1.5, 0.0)):
        own, truth, quality = [], [], []
        for seed in range(worlds):
            index, probes, told, true = world(seed, artists, noise, foresight)
            found = contribution_from(index, probes, told)
            right = allocated(index, np.rint(MICRO * true).astype(np.int64))[2]
            for artist, (low, high) in found.intervals.items():
                own.append(low <= found.allocations.get(artist, 0) <= high)
                truth.append(low <= right.get(artist, 0) <= high)
            quality.append(found.quality)
        print(
            f"| {artists} | {noise} | {foresight} | {np.mean(own):.1%} | {np.mean(truth):.1%} "
            f"| {np.mean([q['lds'] for q in quality]) / 1e4:.2f} "
            f"| {np.mean([q['w_bps'] for q in quality]) / 1e4:.0%} "
            f"| {sum(q['w_bps'] == 0 for q in quality)} of {worlds} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
