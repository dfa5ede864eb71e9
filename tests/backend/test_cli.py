"""Every command: help with an example, --json, and one clear message with an exit code when something is wrong."""
from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from backend.cli import cli

ROOT = Path(__file__).parents[2]


def leaves(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    """Each command that does something, by its full name."""
    if not isinstance(command, click.Group):
        yield " ".join(path), command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        yield from leaves(command.get_command(context, name), (*path, name))


LEAVES = dict(leaves(cli))


def meltingpot(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    settings = {"MELTINGPOT_CHAIN_RPC_URL": "http://127.0.0.1:9", "MELTINGPOT_IPFS_API": "/ip4/127.0.0.1/tcp/9/http",
                "MELTINGPOT_DATA_DIR": str(folder), "PYTHONPATH": str(ROOT), "PATH": ""}
    return subprocess.run([sys.executable, "-m", "backend.cli", *arguments], cwd=folder, env=settings, capture_output=True,
                          text=True, timeout=60)


@pytest.mark.parametrize("name", LEAVES)
def test_help_shows_an_example_and_there_is_json(name: str) -> None:
    command = LEAVES[name]
    assert "Example" in (command.help or "")
    assert any("--json" in option.opts for option in command.params)


def test_wrong_usage_exits_2(tmp_path: Path) -> None:
    done = meltingpot("frobnicate", folder=tmp_path)
    assert done.returncode == 2 and "No such command" in done.stderr


def test_a_chain_that_is_away_exits_4_and_says_what_to_do(tmp_path: Path) -> None:
    done = meltingpot("verify", "--json", folder=tmp_path)
    assert done.returncode == 4
    assert json.loads(done.stdout)["code"] == "chain_unavailable"
    assert "MELTINGPOT_CHAIN_RPC_URL" in done.stderr and "Traceback" not in done.stderr


def test_status_names_each_part_that_is_down(tmp_path: Path) -> None:
    done = meltingpot("status", "--json", folder=tmp_path)
    parts = json.loads(done.stdout)["parts"]
    assert done.returncode == 4
    assert not parts["chain"]["ok"] and not parts["ipfs"]["ok"] and parts["database"]["ok"]


def test_down_where_nothing_runs(tmp_path: Path) -> None:
    done = meltingpot("down", "--json", folder=tmp_path)
    assert done.returncode == 0 and json.loads(done.stdout) == {"stopped": False}
