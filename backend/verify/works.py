"""Works: every registration against the chain's records, every file and description against its hash."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from backend.chain.batch import call_many
from backend.errors import ServiceUnavailable
from backend.storage.cid import cid_of_digest
from backend.training.datasets import DATASET_SCHEMA, why_unreadable
from backend.training.report import REPORT_SCHEMA
from backend.verify.checks import Findings
from backend.verify.disputes import check_disputes
from backend.verify.facts import Event, Facts
from backend.works.catalogue import WORK_SCHEMA

CONSENT_TRAINING = 1
WORK_EVENTS = ("WorkRegistered", "ConsentChanged", "MetadataChanged", "WorkMoved", "WorkRevoked")
QUICK_SAMPLE = 40  # works whose bytes are fetched by `--quick`
FETCHERS = 8

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class WorkState:
    """A work as the events tell it."""

    content_hash: str
    artist: str
    cid: str
    metadata_cid: str
    consent: int
    registered_at: int
    described_by: str  # whose the metadata is: of a moved work, the old artist's until the new one changes it
    revoked: bool = False


def registry_at(facts: Facts, block: int) -> dict[str, WorkState]:
    """Content hash → work after the last event of `block`. Raises ValueError when one is registered twice."""
    works: dict[str, WorkState] = {}
    for event in facts.of("registry", *WORK_EVENTS):
        if event.block_number > block:
            break
        key = event.args["contentHash"]
        if event.name == "WorkRegistered":
            if key in works:
                raise ValueError(f"{key} is registered twice")
            works[key] = _registered(event.args)
        else:
            works[key] = _after(works[key], event)
    return works


def _registered(args: dict[str, Any]) -> WorkState:
    return WorkState(
        args["contentHash"],
        args["artist"],
        cid_of_digest(args["ipfsDigest"]),
        cid_of_digest(args["metadataDigest"]),
        args["consent"],
        args["registeredAt"],
        args["artist"],
    )


def _after(work: WorkState, event: Event) -> WorkState:
    """The work after an event about it. A moved or revoked one consents to nothing."""
    if event.name == "ConsentChanged":
        return replace(work, consent=event.args["consent"])
    if event.name == "MetadataChanged":
        cid = cid_of_digest(event.args["metadataDigest"])
        return replace(work, metadata_cid=cid, described_by=event.args["artist"])
    if event.name == "WorkMoved":
        return replace(work, artist=event.args["to"], consent=0, revoked=False)
    return replace(work, consent=0, revoked=True)


def check_works(facts: Facts, findings: Findings, quick: bool, progress: Progress) -> None:
    """Events against `recordOf`, then the bytes behind every CID (a sample with `quick`)."""
    works = registry_at(facts, facts.head)
    findings.expect(
        "Every work is registered once",
        True,
        f"{len(works)} works by {len({w.artist for w in works.values()})} artists",
    )
    _check_records(facts, findings, works)
    check_disputes(facts, findings)
    trained = _trained_on(facts)
    chosen = sorted(works)
    if quick and len(chosen) > QUICK_SAMPLE:
        chosen = sorted(random.Random(facts.head).sample(chosen, QUICK_SAMPLE))
    wrong = _wrong_bytes(facts, [trained.get(key, works[key]) for key in chosen], progress)
    problems = [problem for key in chosen if key in trained for problem in wrong[key]]
    others = sum(1 for key in chosen if key not in trained and wrong[key])
    amount = f"{len(chosen)} of {len(works)} files and metadata documents fetched and hashed"
    amount += f", {others} that are not what they should be are in no dataset" if others else ""
    findings.none_of("Every work's file and metadata on IPFS are what the chain names", problems, amount)


def _trained_on(facts: Facts) -> dict[str, WorkState]:
    """Works of the rounds' datasets, as the latest took them. What an artist registers or writes besides is no
    fault of the platform's, which must then leave it out of the next dataset: each round checks that.
    """
    trained: dict[str, WorkState] = {}
    for event in facts.of("rounds", "RoundProposed"):
        try:
            report = facts.document(cid_of_digest(event.args["proposal"]["reportDigest"]), REPORT_SCHEMA)
            dataset = facts.document(report["dataset"]["cid"], DATASET_SCHEMA)
            then = registry_at(facts, int(dataset["block_number"]))
            listed = {str(entry["content_hash"]) for entry in dataset["works"]}
            trained |= {key: then[key] for key in listed if key in then}
        except ServiceUnavailable:
            raise
        except Exception:  # noqa: BLE001, S112 - what is wrong with a round's documents is that round's finding
            continue
    return trained


def unreadable(facts: Facts, work: WorkState) -> str | None:
    """Why a work cannot be trained on, None when it can."""
    return why_unreadable(
        work.content_hash,
        lambda: facts.document(work.metadata_cid, WORK_SCHEMA),
        lambda: facts.ctx.ipfs.get(work.cid),
    )


def _check_records(facts: Facts, findings: Findings, works: dict[str, WorkState]) -> None:
    record_of = facts.ctx.contracts.registry.functions.recordOf
    keys = sorted(works)
    records = call_many(facts.ctx.client, [record_of(bytes.fromhex(key[2:])) for key in keys], facts.head)
    problems = [
        f"{key}: events say {works[key].artist} with consent {works[key].consent} since "
        f"{works[key].registered_at}, revoked {works[key].revoked}, the registry {record}"
        for key, record in zip(keys, records, strict=True)
        if (record["artist"], record["consent"], record["registeredAt"], record["revoked"])
        != (works[key].artist, works[key].consent, works[key].registered_at, works[key].revoked)
    ]
    findings.none_of(
        "Registrations, consents, moves and revocations equal the registry's records",
        problems,
        f"{len(keys)} records",
    )


def _wrong_bytes(facts: Facts, works: list[WorkState], progress: Progress) -> dict[str, list[str]]:
    """Content hash → what is wrong with the work's bytes."""
    wrong: dict[str, list[str]] = {}
    with ThreadPoolExecutor(FETCHERS) as pool:
        found = pool.map(lambda work: _check_work(facts, work), works)
        for done, (work, problems) in enumerate(zip(works, found, strict=True), start=1):
            wrong[work.content_hash] = problems
            progress("works", done, len(works))
    return wrong


def _check_work(facts: Facts, work: WorkState) -> list[str]:
    """What is wrong with one work's bytes; [] when nothing is."""
    try:
        data = facts.ctx.ipfs.get(work.cid)
        document = facts.document(work.metadata_cid, WORK_SCHEMA)
    except ServiceUnavailable:
        raise
    except Exception as error:  # noqa: BLE001 - whatever the node gives back is a finding
        return [f"{work.content_hash}: {error}"]
    problems = []
    if "0x" + hashlib.sha256(data).hexdigest() != work.content_hash:
        problems.append(f"{work.content_hash}: the file {work.cid} has another sha256")
    told = document.get("file", {})
    if (told.get("cid"), "0x" + str(told.get("sha256", "")).removeprefix("0x")) != (
        work.cid,
        work.content_hash,
    ):
        problems.append(f"{work.content_hash}: its metadata {work.metadata_cid} describes another file")
    if document.get("artist") != work.described_by:
        problems.append(
            f"{work.content_hash}: its metadata names {document.get('artist')}, it is by {work.described_by}"
        )
    return problems
