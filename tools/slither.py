"""Slither over the contracts, against what docs/security.md explains; slither-check-erc over the tokens.

    .venv/bin/python tools/slither.py [--forge PATH]        (from the project root; `make slither`)

Fails on every finding of high or medium impact that no line of docs/security.md explains, on a line whose
finding is gone, and on a token that lacks part of its standard. Findings are named by detector, contract
and function.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "security.md"
FORGE = ROOT / "node_modules" / "@foundry-rs" / "forge-linux-amd64" / "bin" / "forge"
OUT = "build/forge/slither/out"
# Not deployed, or others' code.
LEFT_OUT = "node_modules|tests/forge|contracts/mocks"
TOKENS = (("StakeToken", "ERC20"), ("SettlementTokenMock", "ERC20"), ("GenerationToken", "ERC721"))
LINE = re.compile(r"^\| `([\w-]+)` \| `([\w.]+)` \| \S", re.M)
# slither-check-erc says "[✓]" for what is there and "[ ]" for what is not. This one is a note on approve: the
# standard has it that way.
KNOWN_GAPS = ("is not protected for the ERC20 approval race condition",)

Finding = tuple[str, str]


def explained(page: str) -> set[Finding]:
    """(detector, Contract.function) of every line of the table in docs/security.md."""
    return {(detector, place) for detector, place in LINE.findall(page)}


def findings(report: dict[str, Any]) -> dict[Finding, str]:
    """{(detector, Contract.function): description} of what has high or medium impact."""
    found: dict[Finding, str] = {}
    for item in report["results"].get("detectors", []):
        if item["impact"] in ("High", "Medium"):
            found.setdefault((item["check"], _place(item["elements"])), item["description"].strip())
    return found


def _place(elements: list[dict[str, Any]]) -> str:
    """The function that a finding is about, else its contract."""
    for element in elements:
        parent = element
        while parent and parent["type"] != "function":
            parent = parent.get("type_specific_fields", {}).get("parent")
        if parent:
            contract = parent["type_specific_fields"]["parent"]["name"]
            return f"{contract}.{parent['name']}"
    return elements[0]["name"] if elements else "?"


def _run(program: Path, *arguments: str, forge: str) -> str:
    """What a tool of slither's says; it finds forge by PATH."""
    environment = os.environ | {
        "PATH": f"{Path(forge).parent}{os.pathsep}{os.environ['PATH']}",
        # Its builds are whole and forced: not where other forge commands keep theirs.
        "FOUNDRY_OUT": OUT,
        "FOUNDRY_CACHE_PATH": "build/forge/slither/cache",
    }
    command = [
        str(program),
        ".",
        "--compile-force-framework",
        "foundry",
        "--foundry-out-directory",
        OUT,
        *arguments,
    ]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    return done.stdout


def check_contracts(programs: Path, forge: str) -> list[str]:
    """What is wrong, a line each."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "report.json"
        said = _run(programs / "slither", "--filter-paths", LEFT_OUT, "--json", str(target), forge=forge)
        if not target.exists() or not (report := json.loads(target.read_text()))["success"]:
            return [f"Slither could not analyse the contracts:\n{said[-3000:]}"]
    found, known = findings(report), explained(PAGE.read_text(encoding="utf-8"))
    everything = report["results"].get("detectors", [])
    print(
        f"Slither: {len(everything)} findings of any impact, {len(found)} of high or medium, "
        f"{len(found.keys() & known)} of them explained in docs/security.md"
    )
    wrong = [
        f"Not explained in docs/security.md: {key[0]} in {key[1]}\n    {text}"
        for key, text in found.items()
        if key not in known
    ]
    return wrong + [
        f"docs/security.md explains what is no longer found: {detector} in {place}"
        for detector, place in sorted(known - found.keys())
    ]


def check_tokens(programs: Path, forge: str) -> list[str]:
    wrong = []
    for contract, standard in TOKENS:
        said = _run(
            programs / "slither-check-erc", contract, "--erc", standard, "--ignore-compile", forge=forge
        )
        lines = [line.strip() for line in said.splitlines()]
        right = sum(line.startswith("[✓]") for line in lines)
        gaps = [line for line in lines if line.startswith("[ ]") and not line.endswith(KNOWN_GAPS)]
        print(f"slither-check-erc: {contract} as {standard}: {right} points hold, {len(gaps)} do not")
        wrong += [f"{contract} as {standard}: {line}" for line in gaps] or (
            [] if right else [f"{contract} as {standard} could not be checked:\n{said[-2000:]}"]
        )
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--forge", default=str(FORGE), help="forge's program (default: the one in node_modules)"
    )
    options = parser.parse_args()
    install = ["sh", "tools/venv.sh", "slither"]
    programs = Path(
        subprocess.run(install, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    )
    wrong = check_contracts(programs, options.forge) + check_tokens(programs, options.forge)
    print("\n".join(wrong), file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
