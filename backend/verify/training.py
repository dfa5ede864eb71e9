"""Rounds: dataset, settings, scores, allocations and leaves of every report, up to what was proposed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from backend.chain.batch import call_many
from backend.storage.cid import cid_of_digest, digest_of
from backend.storage.documents import canonical
from backend.training.datasets import DATASET_SCHEMA
from backend.training.learning import learning_of
from backend.training.report import (
    REPORT_SCHEMA,
    allocations_of,
    leaves_of,
    mint_of,
    root_of,
)
from backend.training.service import SETTINGS_SCHEMA
from backend.verify.checks import Findings
from backend.verify.contributions import check_scores
from backend.verify.facts import Event, Facts
from backend.verify.models import check_model
from backend.verify.starts import check_start
from backend.verify.works import CONSENT_TRAINING, WORK_SCHEMA, registry_at, unreadable
from model.dataset import Manifest, caption_of


def report_of(facts: Facts, round_id: int) -> dict[str, Any]:
    """The report behind a round, by the digest in its proposal."""
    for event in facts.of("rounds", "RoundProposed"):
        if event.args["roundId"] == round_id:
            return facts.document(cid_of_digest(event.args["proposal"]["reportDigest"]), REPORT_SCHEMA)
    raise KeyError(f"no round {round_id}")


def rejected_rounds(facts: Facts) -> set[int]:
    """Rounds with a challenge that was upheld, or answered by nobody in time: nothing of theirs counts."""
    return {
        event.args["roundId"]
        for event in facts.of("rounds", "ChallengeResolved", "ChallengeLapsed")
        if event.args.get("upheld", True)
    }


def check_rounds(facts: Facts, findings: Findings) -> None:
    """Every round that was not rejected."""
    rejected = rejected_rounds(facts)
    for event in facts.of("rounds", "RoundProposed"):
        round_id = event.args["roundId"]
        if round_id not in rejected:
            findings.guard(
                f"Round {round_id} can be recomputed",
                lambda event=event: _check_round(facts, findings, event),
            )


def _check_round(facts: Facts, findings: Findings, event: Event) -> None:
    round_id, proposal = event.args["roundId"], event.args["proposal"]
    report = report_of(facts, round_id)
    name = f"Round {round_id}"
    findings.compare(
        f"{name}: the report is about this round",
        (round_id, facts.ctx.client.chain_id, event.args["rulesVersion"]),
        (report["round_id"], report["chain_id"], report["mint"]["rules_version"]),
        "round, chain, rules version",
    )
    findings.compare(
        f"{name}: the report names the model version and seed of the proposal",
        (proposal["modelDigest"], proposal["seed"]),
        (digest_of(report["model"]["cid"]), report["model"]["seed"]),
        report["model"]["cid"],
    )
    findings.guard(
        f"{name}: the settings can be read", lambda: _check_settings(facts, findings, name, report, proposal)
    )
    findings.guard(
        f"{name}: the dataset can be read", lambda: _check_dataset(facts, findings, name, report, event)
    )
    findings.guard(
        f"{name}: the model version can be read", lambda: _check_model(facts, findings, name, report)
    )
    findings.guard(
        f"{name}: the start of the training can be read",
        lambda: check_start(facts, findings, name, report, _manifest_of(facts, report), event),
    )
    findings.guard(f"{name}: scores can be recomputed", lambda: check_scores(facts, findings, name, report))
    findings.guard(
        f"{name}: leaves can be recomputed", lambda: _check_leaves(facts, findings, name, report, event)
    )


def _check_settings(
    facts: Facts, findings: Findings, name: str, report: Mapping[str, Any], proposal: Mapping[str, Any]
) -> None:
    document = facts.document(report["model"]["settings_cid"], SETTINGS_SCHEMA)
    computed = "0x" + hashlib.sha256(canonical(document)).hexdigest()
    findings.compare(
        f"{name}: the settings hash to what was proposed",
        (computed, computed),
        (proposal["settingsHash"], report["model"]["settings_hash"]),
        computed,
    )
    findings.compare(
        f"{name}: seed and start of the training are those of the report",
        (document["train"]["seed"], document["started_from"]),
        (report["model"]["seed"], report["model"]["started_from"]),
        "started from nothing" if document["started_from"] is None else "started from a checkpoint",
    )


def _check_model(facts: Facts, findings: Findings, name: str, report: Mapping[str, Any]) -> None:
    settings = facts.document(report["model"]["settings_cid"], SETTINGS_SCHEMA)
    check_model(facts, findings, name, report, settings["train"], _manifest_of(facts, report))


def _manifest_of(facts: Facts, report: Mapping[str, Any]) -> Manifest:
    return Manifest.from_json(facts.document(report["dataset"]["cid"], DATASET_SCHEMA))


def _check_dataset(
    facts: Facts, findings: Findings, name: str, report: Mapping[str, Any], event: Event
) -> None:
    document = facts.document(report["dataset"]["cid"], DATASET_SCHEMA)
    # The root is recomputed without the stated one, so that a wrong statement is a finding and not a refusal.
    manifest = Manifest.from_json({key: value for key, value in document.items() if key != "root"})
    proposed = event.args["proposal"]["datasetRoot"]
    findings.compare(
        f"{name}: the dataset's Merkle root is the proposed one",
        (manifest.root(),) * 3,
        (proposed, document["root"], report["dataset"]["root"]),
        manifest.root(),
    )
    block = document["block_number"]
    header = facts.ctx.client.block(block) if 0 <= block <= facts.head else None
    findings.compare(
        f"{name}: the dataset was read from this chain and registry before the proposal",
        (facts.ctx.client.chain_id, facts.ctx.contracts.registry.address, header and header["hash"], True),
        (document["chain_id"], document["registry"], document["block_hash"], block <= event.block_number),
        f"block {block}",
    )
    left_out = {entry["content_hash"]: entry["reason"] for entry in document["left_out"]}
    _check_consent(facts, findings, name, manifest, block, left_out)
    findings.compare(
        f"{name}: the report counts the dataset's works and artists",
        (len(manifest.works), len(manifest.artists)),
        (report["dataset"]["works"], report["dataset"]["artists"]),
    )


def _check_consent(
    facts: Facts,
    findings: Findings,
    name: str,
    manifest: Manifest,
    block: int,
    left_out: Mapping[str, str],
) -> None:
    """Exactly the works that consented at the block, but those that nobody can read, with the artist, file,
    description and time that were registered: of near-copies the earliest leads.
    """
    consenting = {
        key: work for key, work in registry_at(facts, block).items() if work.consent & CONSENT_TRAINING
    }
    listed = {work.content_hash: work for work in manifest.works}
    times = _registered_at(facts, sorted(consenting))
    missing = consenting.keys() - listed.keys()
    problems = [f"{key} consents and is not in the dataset" for key in sorted(missing - left_out.keys())]
    problems += [f"{key} is left out without need" for key in sorted(left_out.keys() - missing)]
    problems += [
        f"{key} is left out as {left_out[key]}, and can be read"
        for key in sorted(missing & left_out.keys())
        if unreadable(facts, consenting[key]) is None
    ]
    problems += [
        f"{key} is in the dataset without consent" for key in sorted(listed.keys() - consenting.keys())
    ]
    for key in sorted(consenting.keys() & listed.keys()):
        work, record = consenting[key], listed[key]
        if (work.artist, work.cid, work.metadata_cid) != (record.artist, record.cid, record.metadata_cid):
            problems.append(f"{key} stands in the dataset with another artist or file")
            continue
        metadata = facts.document(work.metadata_cid, WORK_SCHEMA)
        title, tags = metadata["title"], tuple(metadata["tags"])
        if (title, tags, caption_of(title, tags)) != (record.title, record.tags, record.caption):
            problems.append(f"{key} stands in the dataset with another title, tags or caption")
        if times[key] != record.registered:
            problems.append(f"{key} was registered at {times[key]}, the dataset says {record.registered}")
    findings.none_of(
        f"{name}: exactly the works that consented at block {block} are in the dataset",
        problems,
        f"{len(listed)} works by {len(manifest.artists)} artists, {len(left_out)} left out that nobody can read",
    )


def _registered_at(facts: Facts, keys: list[str]) -> dict[str, int]:
    """Content hash → time of registration in chain seconds (for a proven work, that of its collection)."""
    record_of = facts.ctx.contracts.registry.functions.recordOf
    records = call_many(facts.ctx.client, [record_of(bytes.fromhex(key[2:])) for key in keys], facts.head)
    return {key: record["registeredAt"] for key, record in zip(keys, records, strict=True)}


def _check_leaves(
    facts: Facts, findings: Findings, name: str, report: Mapping[str, Any], event: Event
) -> None:
    rules = facts.rules[event.args["rulesVersion"]]
    mint, leaves, learning_leaves = mint_of(
        allocations_of(report),
        learning_of(report),
        rules.mint_per_round,
        rules.learning_mint_bps,
        event.args["rulesVersion"],
    )
    findings.compare(
        f"{name}: the leaves follow from allocations, learning units and rules",
        (leaves, learning_leaves, mint.to_json()),
        (leaves_of(report), leaves_of(report, "learning"), report["mint"]),
        f"{len(leaves)} and {len(learning_leaves)} leaves, {mint.total} units",
    )
    proposal = event.args["proposal"]
    roots = [root_of(event.args["roundId"], part) for part in (leaves, learning_leaves)]
    findings.compare(
        f"{name}: the leaves' Merkle roots are the proposed ones",
        (roots, roots),
        (
            [proposal["allocationsRoot"], proposal["learningRoot"]],
            [report["allocations_root"], report["learning_root"]],
        ),
        " and ".join(roots),
    )
