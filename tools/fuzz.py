"""Run forge's tests and say what its random calls add up to.

    .venv/bin/python tools/fuzz.py [--profile long] [--at-least 1000000] [--forge PATH]

Fails when a test fails, a counted call reverted, or fewer calls were made than asked for.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FORGE = ROOT / "node_modules" / "@foundry-rs" / "forge-linux-amd64" / "bin" / "forge"
CAMPAIGN = re.compile(r"\(runs: \d+, calls: (\d+), reverts: (\d+)\)")
# Contract, action, calls, reverts, calls taken back because there was nothing to act on.
ACTION = re.compile(r"\|\s*\w+Handler\s*\|\s*\w+\s*\|\s*(\d+)\s*\|\s*(\d+)\s*\|\s*(\d+)\s*\|")


def counted(lines: Iterable[str]) -> tuple[int, int, int]:
    """(calls, reverts, taken back) over all campaigns in forge's output."""
    calls = reverts = idle = 0
    for line in lines:
        if campaign := CAMPAIGN.search(line):
            calls += int(campaign[1])
            reverts += int(campaign[2])
        if action := ACTION.search(line):
            idle += int(action[3])
    return calls, reverts, idle


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--profile", default="default", help="profile in foundry.toml (default or long)")
    parser.add_argument("--at-least", type=int, default=1_000, help="fewest random calls that are enough")
    parser.add_argument(
        "--forge", default=str(FORGE), help="forge's program (default: the one in node_modules)"
    )
    parser.add_argument("--only", default=".", help="regular expression over contract names")
    options = parser.parse_args()
    command = [options.forge, "test", "--match-contract", options.only]
    environment = os.environ | {"FOUNDRY_PROFILE": options.profile}
    lines: list[str] = []
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as forge:
        for line in forge.stdout:
            lines.append(line)
            print(line, end="", flush=True)
    calls, reverts, idle = counted(lines)
    print(
        f"{calls:,} random calls, {calls - reverts:,} succeeded ({(calls - reverts) / max(calls, 1):.2%}); "
        f"{idle:,} more found nothing to act on and were taken back"
    )
    if forge.returncode or reverts or calls < options.at_least:
        print(
            f"FAILED: exit {forge.returncode}, {reverts} reverts, at least {options.at_least:,} calls wanted",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
