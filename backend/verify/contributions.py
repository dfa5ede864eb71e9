"""Contributions: scores, allocations and quality from the published index and probes, and how both were drawn."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Mapping
from typing import Any

from backend.training.datasets import DATASET_SCHEMA
from backend.training.report import allocations_of
from backend.training.service import SETTINGS_SCHEMA
from backend.verify.checks import Findings
from backend.verify.facts import Facts
from backend.verify.models import check_method
from model.attribution.contribution import Probes, contribution_from, load_probes, probes_of
from model.attribution.index import ArtistIndex
from model.dataset import Manifest, pixels_of
from model.duplicates.verdict import same_picture
from model.images import open_image
from model.settings import AttributionSettings

COPY_TOLERANCE = 1.05  # of the strain below which works are copies: arithmetic differs between machines


def check_scores(facts: Facts, findings: Findings, name: str, report: Mapping[str, Any]) -> None:
    """Published int8 index × published int8 probes → scores, threshold, allocations: integers, the same on
    any machine.
    """
    index = index_of(facts, report["index_cid"])
    probes = load_probes(io.BytesIO(facts.ctx.ipfs.get(report["probes_cid"])))
    found = contribution_from(index, probes)
    scores = {entry["artist"]: int(entry["score"]) for entry in report["scores"]}
    findings.compare(
        f"{name}: contribution scores follow from index and probes",
        (dict(sorted(found.scores.items())), found.threshold),
        (dict(sorted(scores.items())), report["threshold"]),
        f"{len(scores)} artists, threshold {report['threshold']}",
    )
    findings.compare(
        f"{name}: allocations follow from the scores",
        _nonzero(found.allocations),
        _nonzero(allocations_of(report)),
        f"sum {sum(allocations_of(report).values())}",
    )
    findings.compare(
        f"{name}: the attribution's quality follows from index and probes",
        found.quality,
        report["quality"],
        f"w {found.quality['w_bps']} bps",
    )
    manifest = Manifest.from_json(facts.document(report["dataset"]["cid"], DATASET_SCHEMA))
    findings.compare(
        f"{name}: the index has one row for each artist of the dataset",
        sorted(index.artists),
        manifest.artists,
        f"{len(index.artists)} artists",
    )
    _check_copies(facts, findings, name, report, manifest, index)
    _check_probes(findings, name, report, manifest, probes, index)


def _check_copies(
    facts: Facts,
    findings: Findings,
    name: str,
    report: Mapping[str, Any],
    manifest: Manifest,
    index: ArtistIndex,
) -> None:
    """A work that does not count looks like the one it is said to copy, which was registered no later."""
    works = {work.content_hash: work for work in manifest.works}
    left_out = {copied for copied, _ in index.copies}
    problems = [f"{key} is not in the dataset" for pair in index.copies for key in pair if key not in works]
    problems += [f"{leader} leads and does not count" for _, leader in index.copies if leader in left_out]
    size = int(facts.document(report["model"]["settings_cid"], SETTINGS_SCHEMA)["train"]["size"])
    for copied, leader in () if problems else index.copies:
        pair = works[leader], works[copied]
        if pair[0].registered > pair[1].registered:
            problems.append(f"{copied} was registered before {leader}, which leads it")
        verdict = same_picture(*(pixels_of(open_image(facts.ctx.ipfs.get(work.cid)), size) for work in pair))
        if verdict.strain >= COPY_TOLERANCE:
            problems.append(f"{copied} is no copy of {leader}: strain {verdict.strain:.2f}, a copy's is below 1")
    counted = Counter(work.artist for work in manifest.works if work.content_hash not in left_out)
    if tuple(counted[artist] for artist in index.artists) != index.clusters:
        problems.append("the index counts other works by artist")
    findings.none_of(
        f"{name}: only copies of works registered earlier do not count", problems, f"{len(left_out)} copies"
    )


def _check_probes(
    findings: Findings,
    name: str,
    report: Mapping[str, Any],
    manifest: Manifest,
    probes: Probes,
    index: ArtistIndex,
) -> None:
    """The probes' prompts are titles of works spread evenly over the dataset: nobody chose them."""
    check_method(findings, name, report)
    settings = AttributionSettings.from_json(report["method"]["parameters"])
    expected = probes_of(manifest.works, {copied for copied, _ in index.copies}, settings)
    findings.compare(
        f"{name}: the probes are those that the method draws from the dataset",
        expected,
        probes.asked,
        f"{len(expected)} prompts",
    )


def index_of(facts: Facts, cid: str) -> ArtistIndex:
    """A published artist index, fetched once."""
    if cid not in facts.indexes:
        facts.indexes[cid] = ArtistIndex.load(io.BytesIO(facts.ctx.ipfs.get(cid)))
    return facts.indexes[cid]


def _nonzero(allocations: Mapping[str, int]) -> dict[str, int]:
    return {artist: amount for artist, amount in sorted(allocations.items()) if amount}
