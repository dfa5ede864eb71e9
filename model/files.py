"""JSON files whose bytes follow from the data, and what a directory of weights is told apart by."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def write_json(path: Path, data: Any) -> None:
    """Sorted, indented JSON: the same data gives the same bytes."""
    path.write_text(json.dumps(data, ensure_ascii=False, sort_keys=True, indent=1) + "\n", encoding="utf-8")


def read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def sha256_of(path: Path) -> str:
    """0x sha256 of a file, read in pieces."""
    with path.open("rb") as file:
        return "0x" + hashlib.file_digest(file, "sha256").hexdigest()


def fingerprint(directory: Path, parts: Sequence[str]) -> str:
    """0x sha256 over path and sha256 of every file of the named parts (files or folders) that are there."""
    files = sorted(
        path.relative_to(directory).as_posix()
        for part in parts
        for path in [directory / part, *(directory / part).rglob("*")]
        if path.is_file()
    )
    lines = "".join(f"{sha256_of(directory / name)} {name}\n" for name in files)
    return "0x" + hashlib.sha256(lines.encode()).hexdigest()
