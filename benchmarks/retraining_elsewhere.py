"""How far a retraining differs where the processor adds in another order, against another half of the artists.

    python -m benchmarks.retraining_elsewhere MANIFEST

Trains the first four halves here, and the first again in a process without wide vector instructions, which is
another machine as far as floating point is concerned. The measure is that of `meltingpot verify --retrain`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch

from model.attribution.contribution import MICRO, outcomes_of
from model.attribution.evidence import Retrained, load_retrained
from model.attribution.lds import half_subsets
from model.attribution.retraining import Pictures, Plan
from model.dataset import load_dataset
from model.manifest_file import read_manifest
from model.settings import SMALL, RetrainSettings

ELSEWHERE = {"ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41", "MKL_CBWR": "COMPATIBLE"}
ASKED = 48


def trained(manifest: Path, halves: int) -> Retrained:
    """The first halves' outcomes, asked for works spread over the manifest."""
    works, files = read_manifest(manifest)
    dataset = load_dataset(works, lambda work: files[work.content_hash], SMALL.size)
    settings = RetrainSettings()
    chosen = torch.arange(0, len(dataset), max(1, len(dataset) // ASKED))[:ASKED]
    asked = Pictures(dataset.images[chosen], [dataset.works[i].title for i in chosen.tolist()])
    subsets = half_subsets(len(dataset.artists), settings.retrains, settings.subsets_seed)[:halves]
    return outcomes_of(Plan(dataset, SMALL, asked, settings, settings.scores()), subsets)


def apart(one: Retrained, i: int, other: Retrained, j: int, spread: np.ndarray) -> tuple[float, float]:
    """Root mean squares of losses over `spread` and of scores."""
    losses = (one.losses[i] - other.losses[j].astype(float)) / spread
    scores = (one.scores[i] - other.scores[j].astype(float)) / MICRO
    return float(np.sqrt((losses**2).mean())), float(np.sqrt((scores**2).sum(1).mean()))


def main() -> None:
    manifest = Path(sys.argv[1])
    if len(sys.argv) > 2:
        return trained(manifest, 1).save(Path(sys.argv[2]))
    here = trained(manifest, 4)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "there.npz"
        command = [sys.executable, "-m", "benchmarks.retraining_elsewhere", str(manifest), str(path)]
        subprocess.run(command, env={**os.environ, **ELSEWHERE}, check=True)
        there = load_retrained(path)
    spread = here.losses.astype(float).std(0)
    print("| compared with the first half | losses | scores |\n|---|---|---|")
    print(
        "| the same, %s | %.4f | %.4f |" % ("without vector instructions", *apart(there, 0, here, 0, spread))
    )
    for number in range(1, len(here.subsets)):
        print("| half %d | %.4f | %.4f |" % (number + 1, *apart(here, number, here, 0, spread)))


if __name__ == "__main__":
    main()
