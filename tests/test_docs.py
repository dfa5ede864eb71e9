"""Documents that cannot rot: every link leads to a file, every command is told."""
from __future__ import annotations

import re
from pathlib import Path

import pytest

from backend.cli import COMMANDS

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
    missing = [link for link in links if not link.startswith("http") and not (page.parent / link).exists()]
    assert not missing


def test_every_command_is_told() -> None:
    told = "\n".join(page.read_text(encoding="utf-8") for page in PAGES if page.name != "interfaces.md")
    assert [name for name in COMMANDS if name not in told] == []


def test_the_flow_has_13_steps() -> None:
    steps = re.findall(r"^\*\*(\d+)\. ", (ROOT / "docs" / "flow.md").read_text(encoding="utf-8"), re.M)
    assert steps == [str(number) for number in range(1, 14)]


def test_every_named_test_exists() -> None:
    """The threat model's statements name tests: `file::name`, or `file` alone."""
    page = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[\w/.]+)(?:::(\w+))?`", page)
    missing = [f"{file}::{name}" for file, name in named if not _has_test(ROOT / file, name)]
    assert len(named) > 30 and missing == []


def _has_test(file: Path, name: str) -> bool:
    if not file.is_file():
        return False
    source = file.read_text(encoding="utf-8")
    return not name or re.search(rf"^ *(def|function) {name}\(", source, re.M) is not None


def test_every_threat_of_the_design_has_a_test() -> None:
    design = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
    listed = re.search(r"Threats to test: (.+?)\.\n", design, re.S)[1].replace("\n", " ")
    threats = re.split(r", (?![^(]*\))", listed)
    page = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
    rows = {line.split(" | ")[0].removeprefix("| "): line for line in page.splitlines()}
    assert len(threats) > 10
    assert [threat for threat in threats if "`tests/" not in rows.get(threat, "")] == []


def test_what_security_explains_exists() -> None:
    """A line about a finding names a function in the sources (make slither checks the finding itself)."""
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    places = re.findall(r"^\| `[\w-]+` \| `(\w+)\.(\w+)` \|", page, re.M)
    gone = [f"{contract}.{function}" for contract, function in places
            if not any(f"function {function}(" in path.read_text(encoding="utf-8")
                       for path in (ROOT / "contracts").rglob(f"{contract}.sol"))]
    assert places and gone == []
