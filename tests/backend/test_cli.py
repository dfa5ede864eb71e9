"""Every command: help with an example, --json, and one clear message with an exit code when something is wrong."""
from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from backend.cli import cli, main

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


@pytest.mark.parametrize("arguments", [("import",), ("frobnicate",), ("round", "claim", "--", "-1"), ("order", "x", "--quantity", "99")])
def test_with_json_wrong_usage_is_json_too(arguments: tuple[str, ...], tmp_path: Path) -> None:
    command = (*arguments[:-2], "--json", *arguments[-2:]) if "--" in arguments else (*arguments, "--json")
    done = meltingpot(*command, folder=tmp_path)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert json.loads(done.stdout)["code"] == "usage_error"


def test_a_database_that_is_none_is_told_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "meltingpot.db").write_bytes(b"no database" * 100)
    done = meltingpot("status", "--json", folder=tmp_path)
    assert not json.loads(done.stdout)["parts"]["database"]["ok"]
    assert "Traceback" not in done.stderr


def test_a_fault_of_the_program_is_one_message(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("surprise")

    monkeypatch.setattr(cli, "main", broken)
    with pytest.raises(SystemExit) as stop:
        main(["status", "--json"])
    out, err = capsys.readouterr()
    assert stop.value.code == 1 and json.loads(out)["code"] == "internal_error"
    assert "KeyError" in err and "report it" in err and "Traceback" not in err


def test_a_reader_who_has_seen_enough_is_no_error(tmp_path: Path) -> None:
    done = subprocess.run([f"{sys.executable} -m backend.cli --help | true"], shell=True, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert "Traceback" not in done.stderr and "BrokenPipe" not in done.stderr
