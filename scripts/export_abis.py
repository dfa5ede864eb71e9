"""Write build/abis/<Name>.json, one ABI (a JSON list) a deployed contract, and build/code/<Name>.hex, what
its code on a chain must be, compiling what changed.

    .venv/bin/python scripts/export_abis.py        (from the project root)
"""

import hashlib
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
# Name in deployments/<chainId>.json -> name of the contract in contracts/.
DEPLOYED_AS = {
    "ArtworkRegistry": "ArtworkRegistry",
    "CompensationRules": "CompensationRules",
    "WorkDisputes": "WorkDisputes",
    "TrainingRounds": "TrainingRounds",
    "StakeToken": "StakeToken",
    "RevenuePool": "RevenuePool",
    "GenerationMarket": "GenerationMarket",
    "PrepaidSales": "PrepaidSales",
    "GenerationToken": "GenerationToken",
    "MeltingPotGovernor": "MeltingPotGovernor",
    "TimelockController": "MeltingPotTimelock",
    "Charter": "Charter",
    "SettlementToken": "SettlementTokenMock",
}


def load_project() -> Any:
    """The brownie project, compiled where sources changed."""
    from brownie import project

    # Where tools/install_solc.sh puts the compiler; without this brownie looks in the home folder, then online.
    os.environ.setdefault("SOLCX_BINARY_PATH", str(ROOT / ".solcx"))
    loaded = project.get_loaded_projects()
    if loaded:
        return loaded[0]
    stamp, sources = ROOT / "build" / "sources.sha256", sources_hash()
    # Brownie compiles again what changed itself, but not what imports it by way of another file: then a
    # contract would go on calling functions that are no more.
    if not stamp.exists() or stamp.read_text() != sources:
        shutil.rmtree(ROOT / "build" / "contracts", ignore_errors=True)
    compiled = project.load(str(ROOT), name="MeltingPot")
    write_whole(stamp, sources)
    return compiled


def sources_hash() -> str:
    """sha256 over the contracts and the compiler's settings, hex."""
    digest = hashlib.sha256()
    for file in [ROOT / "brownie-config.yaml", *sorted((ROOT / "contracts").rglob("*.sol"))]:
        digest.update(f"{file.relative_to(ROOT)}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()


def export_abis(project: Any, folder: Path = ROOT / "build" / "abis") -> list[Path]:
    """Write every ABI and return the files. A file appears whole or not at all: others may be reading."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, contract in DEPLOYED_AS.items():
        target = folder / f"{name}.json"
        write_whole(target, json.dumps(project[contract].abi, indent=1) + "\n")
        written.append(target)
    return written


def export_code(project: Any, folder: Path = ROOT / "build" / "code") -> list[Path]:
    """Write the runtime code of every contract of ours (the settlement token is somebody else's) and return
    the files; immutables stand in it as zeros."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, contract in DEPLOYED_AS.items():
        if name != "SettlementToken":
            written.append(folder / f"{name}.hex")
            write_whole(written[-1], project[contract]._build["deployedBytecode"] + "\n")
    return written


def write_whole(target: Path, text: str) -> None:
    """Write a file so that a reader never sees half of it."""
    part = target.with_suffix(".part")
    part.write_text(text)
    part.replace(target)


def main() -> int:
    project = load_project()
    print(f"{len(export_abis(project))} ABIs in build/abis, {len(export_code(project))} codes in build/code")
    return 0


if __name__ == "__main__":
    sys.exit(main())
