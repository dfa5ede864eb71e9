"""What a local stack does to folders, ports and services that die."""
from __future__ import annotations

import json
import os
import socket
import time
from pathlib import Path

import pytest

from backend.stack.commands import _running
from backend.stack.local import LocalStack, is_owned
from backend.stack.ports import choose, listens
from backend.stack.processes import Service, ServiceFailed


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


def test_who_owns_a_folder_is_told_by_its_lock_not_by_a_process_id(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    ready = tmp_path / "data.ready.json"
    assert not is_owned(folder)
    with LocalStackOf(folder):
        assert is_owned(folder)
        ready.write_text(json.dumps({"pid": os.getpid()}))
        assert _running(folder) == {"pid": os.getpid()}
    assert not is_owned(folder)
    # Its file was left behind by a killed stack and names a process that lives: ours, which must not be ended.
    assert _running(folder) is None and not ready.exists()


def test_a_chain_that_died_goes_on_in_its_own_time(tmp_path: Path) -> None:
    stack = LocalStack(tmp_path / "data", keep=True)
    stack.start(only=("chain",))
    try:
        stack._rpc("evm_increaseTime", 30 * 86_400)
        stack._rpc("evm_mine")
        before = int(stack._rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
        time.sleep(6)  # anvil writes its state every 5 s
        stack.services["chain"].process.kill()
        stack.services["chain"].process.wait()
        stack.restart("chain")
        stack._rpc("evm_mine")
        assert int(stack._rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16) >= before
        assert int(stack._rpc("eth_getBlockByNumber", "pending", False)["timestamp"], 16) >= before
    finally:
        stack.stop()


def test_another_programs_answer_on_our_port_is_not_ours(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert listens(os.getpid(), port)
        service = Service("late", ["sleep", "60"], lambda: True, tmp_path / "late.log", port=port)
        service.start()
        try:
            with pytest.raises(ServiceFailed, match="did not answer"):
                service.wait_ready(0.2)
        finally:
            service.stop()


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
