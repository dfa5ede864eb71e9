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
