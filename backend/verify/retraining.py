"""For the stranger who wants more: some of the published retrainings again, from the works to the losses.

Everything else follows from published integers; the losses are what floating point made of works, and no
machine gets another's to the last digit: other vector instructions, libraries or a GPU add the same numbers
in another order, and hundreds of steps carry that on. So a loss is held against how much that picture's loss
differs from retraining to retraining, which is all that the effects see of it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from random import SystemRandom
from typing import Any

import numpy as np

from backend.training.datasets import DATASET_SCHEMA
from backend.training.method import Method
from backend.verify.checks import Findings
from backend.verify.contributions import Evidence, evidence_of
from backend.verify.facts import Facts
from backend.verify.training import rejected_rounds, report_of
from model.attribution.contribution import asked_pictures, losses_of, plan_of
from model.checkpoint import load_pipeline, settings_of
from model.dataset import Manifest, load_dataset

# Root mean square, over the probes, of (repeated − published) / deviation over the published retrainings. A
# wrong half of the artists gives about √2; see docs/benchmarks.md for what other arithmetic gives.
TOLERANCE = 0.5

Progress = Callable[[str, int, int], None]


def check_retrainings(
    facts: Facts, findings: Findings, count: int, progress: Progress, random: SystemRandom | None = None
) -> None:
    """Repeat `count` of all rounds' retrainings, drawn by chance here, so that no proposer knows which."""
    rejected = rejected_rounds(facts)
    rounds = [event.args["roundId"] for event in facts.of("rounds", "RoundProposed")]
    evidence = {
        number: evidence_of(facts, report_of(facts, number)) for number in rounds if number not in rejected
    }
    published = [
        (number, position)
        for number, found in evidence.items()
        for position in range(len(found.retrained.subsets))
    ]
    drawn = sorted((random or SystemRandom()).sample(published, min(count, len(published))))
    for number in sorted({number for number, _ in drawn}):
        chosen = [position for other, position in drawn if other == number]
        findings.guard(
            f"Round {number}: retrainings can be repeated",
            lambda number=number, chosen=chosen: _check_round(
                facts, findings, number, evidence[number], chosen, progress
            ),
        )


def _check_round(
    facts: Facts,
    findings: Findings,
    number: int,
    evidence: Evidence,
    chosen: Sequence[int],
    progress: Progress,
) -> None:
    losses = repeated(facts, report_of(facts, number), evidence, chosen, progress)
    spread = np.maximum(evidence.retrained.losses.astype(float).std(0), 1.0)
    for position, found in zip(chosen, losses, strict=True):
        off = (found - evidence.retrained.losses[position].astype(float)) / spread
        distance = float(np.sqrt((off**2).mean()))
        findings.expect(
            f"Round {number}: retraining {position + 1} gives the published losses again",
            distance <= TOLERANCE,
            f"{distance:.4f} of the deviation between retrainings, {TOLERANCE} allowed",
        )


def repeated(
    facts: Facts, report: dict[str, Any], evidence: Evidence, chosen: Sequence[int], progress: Progress
) -> np.ndarray:
    """int64 [len(chosen), P]: losses after training here on the same halves of the artists."""
    method = Method.from_json(report["method"])
    manifest = Manifest.from_json(facts.document(report["dataset"]["cid"], DATASET_SCHEMA))
    with tempfile.TemporaryDirectory() as folder:
        directory = facts.ctx.ipfs.get_directory(report["model"]["cid"], Path(folder) / "model")
        pipeline, size = load_pipeline(directory), settings_of(directory).size
    dataset = load_dataset(manifest, lambda work: facts.ctx.ipfs.get(work.cid), size)
    asked = evidence.probes.asked
    pictures = asked_pictures(
        pipeline, asked, method.attribution, lambda done, steps: progress("probes", done, steps)
    )
    plan = plan_of(dataset, evidence.index, asked, pictures, method.retrain, method.network)
    subsets = evidence.retrained.subsets[list(chosen)]
    return losses_of(plan, subsets, lambda done, everything: progress("retrain", done, everything))
