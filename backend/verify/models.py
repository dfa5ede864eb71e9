"""Model versions: what their directory on IPFS says of works and settings must be what was proposed.

Weights prove nothing by themselves; a directory that names other works is no version of this round.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from backend.training.learning import compute_units, learning_of, units_by_kind
from backend.training.method import Method
from backend.verify.checks import Findings
from backend.verify.facts import Facts
from model.dataset import Manifest
from model.settings import TrainSettings

# What a round may be measured by: whoever chooses number and seed of probes and subsets chooses who is drawn
# on. Add to these and remove none, so that older rounds stay right.
METHODS = (Method().to_json(),)


def check_method(findings: Findings, name: str, report: Mapping[str, Any]) -> None:
    """Probes, subsets and the small network are not the proposer's choice."""
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
        _check_compute(findings, name, report, TrainSettings.from_json(dict(train)), found)
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


def _check_compute(
    findings: Findings, name: str, report: Mapping[str, Any], train: TrainSettings, directory: Path
) -> None:
    """What learning contributors are paid for follows from settings and shapes; nobody's clock counts.

    A dataset holds its artists' own words only, so nobody can have earned by captions.
    """
    method = Method.from_json(report["method"])
    retrains = int(report["quality"]["retrains"])
    findings.compare(
        f"{name}: the units of learning contributors follow from the settings",
        {"compute": compute_units(directory, train, method.network, retrains)},
        units_by_kind(learning_of(report)),
        f"{units_by_kind(learning_of(report))}, in millions of operations",
    )
