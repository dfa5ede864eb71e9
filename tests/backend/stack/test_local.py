"""What a local stack does to folders and ports, before any service starts."""
from __future__ import annotations

import socket
from pathlib import Path

import pytest

from backend.stack.local import LocalStack
from backend.stack.ports import choose
from backend.stack.processes import ServiceFailed


def test_a_folder_of_somebody_else_is_never_emptied(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    letter = tmp_path / "home" / "letter.txt"
    letter.write_text("dear")
    with pytest.raises(ServiceFailed, match="not a stack's"):
        LocalStack(tmp_path / "home").start(only=())
    assert letter.read_text() == "dear"


def test_a_fresh_stack_empties_its_own_folder(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with LocalStackOf(folder):
        (folder / "old").touch()
    with LocalStackOf(folder):
        assert not (folder / "old").exists()
    with LocalStackOf(folder, fresh=False):
        (folder / "kept").touch()
    with LocalStackOf(folder, fresh=False):
        assert (folder / "kept").exists()


def test_one_stack_a_folder(tmp_path: Path) -> None:
    with LocalStackOf(tmp_path / "data"), pytest.raises(ServiceFailed, match="already runs"):
        LocalStack(tmp_path / "data").start(only=())


def test_a_busy_port_is_replaced_by_the_next_free_one() -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        taken: set[int] = set()
        first, second = choose(port, taken), choose(port, taken)
    assert first > port and second > first and taken == {first, second}


class LocalStackOf:
    """A stack without services, for as long as the block."""

    def __init__(self, folder: Path, fresh: bool = True) -> None:
        self.stack = LocalStack(folder, fresh=fresh)

    def __enter__(self) -> None:
        self.stack.start(only=())

    def __exit__(self, *_: object) -> None:
        self.stack.stop()
