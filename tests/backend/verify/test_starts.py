"""What a round's training began with, against events and directories: each lie is found."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from backend.storage.cid import cid_of_digest
from backend.training.starts import described
from backend.verify.checks import Findings
from backend.verify.starts import check_start
from model import checkpoint
from model.dataset import Manifest, WorkRecord

BEFORE, AFTER = (cid_of_digest("0x" + f"{number:02x}" * 32) for number in (1, 2))
WORKS = tuple(f"0x{number:02x}" + "00" * 31 for number in range(3))


def event(name: str, block: int, **args: Any) -> SimpleNamespace:
    return SimpleNamespace(name=name, block_number=block, args=args)


class Directories:
    """Model directories by CID."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get_directory(self, cid: str, target: Path) -> Path:
        return Path(shutil.copytree(self.folder / cid, target))


@pytest.fixture
def facts(tmp_path: Path) -> SimpleNamespace:
    """Round 1 made BEFORE (two works) and was finalised; round 2 made AFTER from it, with one work more."""
    first = {"steps": 5, "works": 2}
    for cid, works, history in ((BEFORE, WORKS[:2], [first]), (AFTER, WORKS, [first, {"steps": 3}])):
        directory = tmp_path / cid
        directory.mkdir()
        listed = [{"content_hash": work} for work in works]
        checkpoint.write_json(directory / checkpoint.WORKS, {"works": listed})
        checkpoint.write_json(directory / checkpoint.HISTORY, history)
    events = [
        event("RoundProposed", 10, roundId=1, proposal={"modelDigest": "0x" + "01" * 32}),
        event("RoundFinalised", 20, roundId=1),
    ]
    return SimpleNamespace(
        ctx=SimpleNamespace(ipfs=Directories(tmp_path)),
        folder=tmp_path,
        of=lambda _contract, *names: [one for one in events if one.name in names],
    )


def failed(
    facts: SimpleNamespace, start: dict[str, Any] | None, works: tuple[str, ...], block: int = 30
) -> list[str]:
    findings = Findings()
    manifest = Manifest(tuple(WorkRecord(work, "", "", "artist", "") for work in works))
    report = {"model": {"cid": AFTER, "started_from": start}}
    check_start(facts, findings, "Round 2", report, manifest, event("RoundProposed", block, roundId=2))
    return [check.name for check in findings.checks if not check.ok]


def told(facts: SimpleNamespace) -> dict[str, Any]:
    return {"model_cid": BEFORE, **described(facts.folder / BEFORE)}


def test_what_is_true_passes(facts: SimpleNamespace) -> None:
    assert failed(facts, told(facts), WORKS) == []
    assert failed(facts, None, WORKS) == []


def test_a_start_with_a_withdrawn_work_is_found(facts: SimpleNamespace) -> None:
    assert failed(facts, told(facts), WORKS[1:]) == ["Round 2: every work behind the start is in the dataset"]


def test_a_start_that_was_not_final_is_found(facts: SimpleNamespace) -> None:
    found = failed(facts, told(facts), WORKS, block=15)
    assert found == ["Round 2: the training started from the model version of a round finalised before"]


@pytest.mark.parametrize("change", [{"steps": 4}, {"works": 1}, {"works_hash": "0x" + "00" * 32}])
def test_a_start_told_wrongly_is_found(facts: SimpleNamespace, change: dict[str, Any]) -> None:
    found = failed(facts, told(facts) | change, WORKS)
    assert "Round 2: the start has the steps and works that were told" in found


def test_a_shipped_start_is_followed(facts: SimpleNamespace) -> None:
    """Of a release that is not here, only the model version's own history can be compared."""
    elsewhere = {"checkpoint": "of another release", "steps": 5, "works": 1, "works_hash": "0x" + "00" * 32}
    assert failed(facts, elsewhere, WORKS) == []
    assert failed(facts, elsewhere | {"steps": 6}, WORKS) == [
        "Round 2: the model version's history has the steps of its start"
    ]
