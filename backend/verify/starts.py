"""What a round's training began with: a finalised round's model version, all of whose works consent again."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from backend.storage.cid import digest_of
from backend.training.starts import described
from backend.verify.checks import Findings
from backend.verify.facts import Event, Facts
from model import checkpoint
from model.dataset import Manifest

TOLD = ("steps", "works", "works_hash")


def check_start(
    facts: Facts,
    findings: Findings,
    name: str,
    report: Mapping[str, Any],
    manifest: Manifest,
    event: Event,
) -> None:
    """`started_from` names what was there before the proposal, and no work that is not in the dataset. (That
    the dataset's works consent at its block is checked with the dataset.)
    """
    start = report["model"]["started_from"]
    if start is None:
        return
    with tempfile.TemporaryDirectory() as folder:
        after = facts.ctx.ipfs.get_directory(report["model"]["cid"], Path(folder) / "after")
        life = checkpoint.history_of(after)[:-1]
        findings.compare(
            f"{name}: the model version's history has the steps of its start",
            checkpoint.total_steps(life),
            start["steps"],
            f"{len(life)} trainings",
        )
        if "model_cid" in start:
            findings.expect(
                f"{name}: the training started from the model version of a round finalised before",
                digest_of(start["model_cid"]) in _finalised_before(facts, event),
                start["model_cid"],
            )
            before = facts.ctx.ipfs.get_directory(start["model_cid"], Path(folder) / "before")
            _check_works(findings, name, start, before, manifest)
        elif (shipped := checkpoint.SHIPPED / Path(start["checkpoint"]).name).is_dir():
            if described(shipped) == {key: start[key] for key in TOLD}:  # else that of another release
                _check_works(findings, name, start, shipped, manifest)


def _check_works(
    findings: Findings, name: str, start: Mapping[str, Any], directory: Path, manifest: Manifest
) -> None:
    findings.compare(
        f"{name}: the start has the steps and works that were told",
        described(directory),
        {key: start[key] for key in TOLD},
        f"{start['steps']} steps",
    )
    present = {work.content_hash for work in manifest.works}
    findings.none_of(
        f"{name}: every work behind the start is in the dataset",
        [
            f"{work['content_hash']} is behind the start and not in the dataset"
            for work in checkpoint.works_behind(directory)
            if work["content_hash"] not in present
        ],
        f"{start['works']} works",
    )


def _finalised_before(facts: Facts, proposal: Event) -> set[str]:
    """IPFS digests of the model versions of rounds that were final before the proposal's block."""
    final = {
        event.args["roundId"]
        for event in facts.of("rounds", "RoundFinalised")
        if event.block_number < proposal.block_number
    }
    return {
        event.args["proposal"]["modelDigest"]
        for event in facts.of("rounds", "RoundProposed")
        if event.args["roundId"] in final
    }
