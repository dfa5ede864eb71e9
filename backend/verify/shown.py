"""What a receipt shows beside the money: names in a sale's record must be those of chain and dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from backend.verify.checks import Findings
from backend.verify.facts import Facts
from backend.verify.training import DATASET_SCHEMA


def check_shown(
    facts: Facts,
    findings: Findings,
    name: str,
    record: Mapping[str, Any],
    report: Mapping[str, Any],
    credits: Sequence[tuple[str, int]],
) -> None:
    """The record's own list of credits is what was computed, and every work that it shows beside an artist is
    one of that artist's in the dataset. Distances between pictures are floating point and not repeated.
    """
    findings.compare(
        f"{name}: the credits that the receipt shows are those that were paid",
        list(credits),
        [(entry["artist"], int(entry["amount"])) for entry in record["credits"]],
        f"{len(credits)} artists",
    )
    works = facts.document(report["dataset"]["cid"], DATASET_SCHEMA)["works"]
    artist_of = {work["content_hash"]: work["artist"] for work in works}
    shown = [(work["content_hash"], near["artist"]) for near in record["nearest"] for work in near["works"]]
    shown += [(near["content_hash"], near["artist"]) for near in record["memorisation"]]
    problems = [
        f"{content_hash} is shown as a work of {artist}, the dataset says {artist_of.get(content_hash)}"
        for content_hash, artist in shown
        if artist_of.get(content_hash) != artist
    ]
    beside = [near["artist"] for near in record["nearest"]]
    if beside != [artist for artist, _ in credits]:
        problems.append(f"works are shown of {beside}, credited are {[artist for artist, _ in credits]}")
    if len(record["memorisation"]) != int(record["quantity"]):
        problems.append(f"{len(record['memorisation'])} pictures were compared with the works")
    findings.none_of(
        f"{name}: the works that the receipt shows are those artists' works in the dataset",
        problems,
        f"{len(shown)} works",
    )
