"""Every function that others can call, every event and every error says in the source what it is for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = (ROOT / "contracts", ROOT / "contracts" / "interfaces", ROOT / "contracts" / "libraries")
SOURCES = sorted(path for folder in FOLDERS for path in folder.glob("*.sol"))
ITEM = re.compile(r"^ *(function|event|error) +(\w+)[^;{]*", re.M)


def told(source: str, start: int) -> bool:
    """Whether the comment above the line that begins at `start` is NatSpec with a notice, or inherits one."""
    above = []
    for line in reversed(source[:start].splitlines()):
        if not line.strip().startswith(("///", "//")):
            break
        above.append(line.strip())
    notes = [line for line in above if line.startswith("///")]
    # A line without a tag is a notice: the compiler's own rule.
    return any(re.match(r"/// (@notice|@inheritdoc|[^@\s])", line) for line in notes)


def untold(source: str) -> list[str]:
    missing = []
    for item in ITEM.finditer(source):
        kind, name = item[1], item[2]
        outward = kind != "function" or re.search(r"\b(external|public)\b", item[0])
        if outward and not told(source, item.start()):
            missing.append(f"{kind} {name}")
    return missing


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_everything_outward_has_natspec(path: Path) -> None:
    assert untold(path.read_text(encoding="utf-8")) == []
