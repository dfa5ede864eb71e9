"""Model versions: what their directory on IPFS says of works and settings must be what was proposed.

Weights prove nothing by themselves; a directory that names other works is no version of this round.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from backend.training.service import METHOD
from backend.verify.checks import Findings
from backend.verify.facts import Facts
from model.dataset import Manifest
from model.settings import AttributionSettings

# What a round may be measured by: whoever chooses number and seed of the probes chooses who is drawn on.
# Add to these and remove none, so that older rounds stay right.
METHODS = ({"name": METHOD, "parameters": AttributionSettings().to_json()},)


def check_method(findings: Findings, name: str, report: Mapping[str, Any]) -> None:
    """Number, seed and steps of the probes are not the proposer's choice."""
    findings.expect(
        f"{name}: contributions were measured by a known method with its fixed parameters",
        report["method"] in METHODS,
        str(report["method"]["name"]),
    )


def check_model(
    facts: Facts,
    findings: Findings,
    name: str,
    report: Mapping[str, Any],
    train: Mapping[str, Any],
    manifest: Manifest,
) -> None:
    """The directory's own works, settings (`train` of the settings document) and history are the round's."""
    with tempfile.TemporaryDirectory() as folder:
        found = facts.ctx.ipfs.get_directory(report["model"]["cid"], Path(folder) / "model")
        works, settings, history = (
            json.loads((found / f"{part}.json").read_text(encoding="utf-8"))
            for part in ("works", "settings", "history")
        )
    findings.compare(
        f"{name}: the model version on IPFS is one trained on this dataset",
        (manifest.root(), [work.content_hash for work in manifest.works]),
        (history[-1]["dataset_root"], [work["content_hash"] for work in works["works"]]),
        f"{len(manifest.works)} works, {sum(int(part['steps']) for part in history)} steps in its life",
    )
    findings.compare(
        f"{name}: the model version on IPFS was trained with these settings",
        dict(train),
        settings,
        f"{settings['steps']} steps",
    )
