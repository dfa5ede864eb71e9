"""Contributions: from the published evidence to allocations, intervals and quality, and how the evidence was
drawn.

Integers must be equal. What floating point has made from integers may differ in its last digits from machine
to machine: effects by EFFECT_ROUNDING and EFFECT_PART, quality and intervals by the tolerances below.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from backend.training.datasets import DATASET_SCHEMA
from backend.training.method import Method
from backend.training.report import allocations_of, intervals_of
from backend.training.service import SETTINGS_SCHEMA
from backend.verify.checks import Findings
from backend.verify.facts import Facts
from backend.verify.models import check_method
from model.attribution import contribution
from model.attribution.evidence import (
    Measured,
    Probes,
    Retrained,
    load_measured,
    load_probes,
    load_retrained,
    probes_of,
)
from model.attribution.index import ArtistIndex
from model.dataset import Manifest, pixels_of
from model.duplicates.verdict import same_picture
from model.images import open_image

COPY_TOLERANCE = 1.05  # of the strain below which works are copies: arithmetic differs between machines
EFFECT_ROUNDING, EFFECT_PART = 1, 1e-6  # millionths, and part of the number
QUALITY_TOLERANCE = 1  # basis point
INTERVAL_TOLERANCE = 1_000  # of 10**9


@dataclass(frozen=True)
class Evidence:
    """What a report's scores and allocations were made from."""

    index: ArtistIndex
    probes: Probes
    retrained: Retrained
    measured: Measured


def evidence_of(facts: Facts, report: Mapping[str, Any]) -> Evidence:
    """The files that a report names. Raises ValueError when their shapes do not fit together."""

    def read(name: str) -> io.BytesIO:
        return io.BytesIO(facts.ctx.ipfs.get(report[f"{name}_cid"]))

    index = index_of(facts, report["index_cid"])
    found = Evidence(
        index, load_probes(read("probes")), load_retrained(read("retrained")), load_measured(read("effects"))
    )
    shape = len(found.probes.asked), len(index.artists)
    seen = found.retrained.losses.shape[1], found.retrained.subsets.shape[1]
    if found.measured.effects.shape != shape or seen != shape:
        raise ValueError(f"effects {found.measured.effects.shape} and losses {seen} do not fit {shape}")
    return found


def check_scores(facts: Facts, findings: Findings, name: str, report: Mapping[str, Any]) -> None:
    """Published index, probes and losses → effects → scores, allocations, intervals, quality."""
    evidence = evidence_of(facts, report)
    check_method(findings, name, report)
    _check_effects(findings, name, report, evidence)
    _check_allocations(findings, name, report, evidence)
    _check_quality(findings, name, report, evidence)
    manifest = Manifest.from_json(facts.document(report["dataset"]["cid"], DATASET_SCHEMA))
    findings.compare(
        f"{name}: the index has one row for each artist of the dataset",
        sorted(evidence.index.artists),
        manifest.artists,
        f"{len(evidence.index.artists)} artists",
    )
    _check_copies(facts, findings, name, report, manifest, evidence.index)
    _check_probes(findings, name, report, manifest, evidence)


def _check_effects(findings: Findings, name: str, report: Mapping[str, Any], evidence: Evidence) -> None:
    """Whom the small networks were trained on was drawn, and the effects are those of their losses."""
    retrained, published = evidence.retrained, evidence.measured
    drawn = contribution.subsets_of(evidence.index, Method.from_json(report["method"]).retrain)
    findings.expect(
        f"{name}: the retrainings are of the halves of the artists that the method draws",
        np.array_equal(drawn, retrained.subsets),
        f"{len(retrained.subsets)} retrainings, {len(drawn)} drawn",
    )
    table = contribution.index_scores(evidence.index, evidence.probes)
    found = contribution.effects_of(evidence.index, table, retrained)
    off = _off(found.effects, published.effects) + _off(found.deviations, published.deviations)
    close = abs(found.noise - published.noise) <= EFFECT_PART
    findings.expect(
        f"{name}: the effects follow from index, probes and the losses of the retrainings",
        off == 0 and close,
        f"{published.effects.size} effects"
        if off == 0 and close
        else f"{off} of {2 * published.effects.size} numbers differ, noise {published.noise:.6f}, "
        f"computed {found.noise:.6f}",
    )


def _off(computed: np.ndarray, published: np.ndarray) -> int:
    """How many differ by more than machines do. Of int64, whose difference could overflow."""
    computed, published = computed.astype(float), published.astype(float)
    return int((np.abs(computed - published) > EFFECT_ROUNDING + EFFECT_PART * np.abs(computed)).sum())


def _check_allocations(findings: Findings, name: str, report: Mapping[str, Any], evidence: Evidence) -> None:
    """Exactly, and from the published effects: here nothing is rounded any more."""
    index = evidence.index
    found, threshold, allocations = contribution.allocated(index, evidence.measured.effects)
    table = contribution.index_scores(index, evidence.probes)
    sale = contribution.sale_threshold_of(table)
    scores = {entry["artist"]: int(entry["score"]) for entry in report["scores"]}
    findings.compare(
        f"{name}: contribution scores follow from the effects",
        (dict(sorted(found.items())), threshold),
        (dict(sorted(scores.items())), report["effect_threshold"]),
        f"{len(scores)} artists, threshold {threshold} millionths",
    )
    findings.compare(
        f"{name}: the threshold of sales follows from index and probes",
        sale,
        report["sale_threshold"],
        str(sale),
    )
    findings.compare(
        f"{name}: allocations follow from the scores",
        _nonzero(allocations),
        _nonzero(allocations_of(report)),
        f"sum {sum(allocations_of(report).values())}",
    )
    ends, published = contribution.intervals_of(index, evidence.measured), intervals_of(report)
    problems = [f"{artist} is missing" for artist in sorted(ends.keys() ^ published.keys())]
    for artist in ends.keys() & published.keys():
        pairs = zip(ends[artist], published[artist], strict=True)
        if any(abs(computed - said) > INTERVAL_TOLERANCE for computed, said in pairs):
            problems.append(f"{artist}: computed {ends[artist]}, published {published[artist]}")
    findings.none_of(
        f"{name}: the intervals of the allocations follow from the effects and their deviations",
        problems,
        f"{len(ends)} artists, within {INTERVAL_TOLERANCE} of 10**9",
    )


def _check_quality(findings: Findings, name: str, report: Mapping[str, Any], evidence: Evidence) -> None:
    table = contribution.index_scores(evidence.index, evidence.probes)
    found = contribution.quality_of(table, evidence.retrained, evidence.measured.noise)
    said = report["quality"]
    close = found.keys() == said.keys() and all(
        abs(found[part] - int(said[part])) <= QUALITY_TOLERANCE for part in found
    )
    findings.expect(
        f"{name}: the attribution's quality follows from index, probes and losses",
        close,
        f"w {found['w_bps']} bps" if close else f"computed {found}, published {said}",
    )


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
    evidence: Evidence,
) -> None:
    """The probes' prompts are titles of works spread evenly over the dataset: nobody chose them."""
    settings = Method.from_json(report["method"]).attribution
    expected = probes_of(manifest.works, {copied for copied, _ in evidence.index.copies}, settings)
    findings.compare(
        f"{name}: the probes are those that the method draws from the dataset",
        expected,
        evidence.probes.asked,
        f"{len(expected)} prompts",
    )


def index_of(facts: Facts, cid: str) -> ArtistIndex:
    """A published artist index, fetched once."""
    if cid not in facts.indexes:
        facts.indexes[cid] = ArtistIndex.load(io.BytesIO(facts.ctx.ipfs.get(cid)))
    return facts.indexes[cid]


def _nonzero(allocations: Mapping[str, int]) -> dict[str, int]:
    return {artist: amount for artist, amount in sorted(allocations.items()) if amount}
