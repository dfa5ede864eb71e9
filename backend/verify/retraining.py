"""For the stranger who wants more: some of the published retrainings again, from the works to the losses and
scores.

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
from model.attribution.contribution import MICRO, asked_pictures, outcomes_of, plan_of
from model.attribution.evidence import Retrained
from model.checkpoint import load_pipeline, settings_of
from model.dataset import Manifest, load_dataset

# Root mean squares over the probes: of losses' differences over their deviation between the published
# retrainings; of the distances of scores, whose size is 1. A wrong half of the artists gives about √2 in each.
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
    found, published = repeated(facts, report_of(facts, number), evidence, chosen, progress), evidence.retrained
    spread = np.maximum(published.losses.astype(float).std(0), 1.0)
    for place, position in enumerate(chosen):
        losses = (found.losses[place] - published.losses[position].astype(float)) / spread
        scores = (found.scores[place] - published.scores[position].astype(float)) / MICRO
        off = _rms(losses), _rms(np.sqrt((scores**2).sum(1)))
        findings.expect(
            f"Round {number}: retraining {position + 1} gives the published losses and scores again",
            max(off) <= TOLERANCE,
            f"{off[0]:.4f} and {off[1]:.4f} of the deviation between retrainings, {TOLERANCE} allowed",
        )


def _rms(values: np.ndarray) -> float:
    return float(np.sqrt((values**2).mean()))


def repeated(
    facts: Facts, report: dict[str, Any], evidence: Evidence, chosen: Sequence[int], progress: Progress
) -> Retrained:
    """What training here on the same halves of the artists shows."""
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
    return outcomes_of(plan, subsets, lambda done, everything: progress("retrain", done, everything))
