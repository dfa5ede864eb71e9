"""The indexer following the chain: refusing nodes, failing handlers, rivals, and as a process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from backend.chain import handlers, work_handlers
from backend.chain.client import ChainClient, RpcError
from backend.chain.indexer import Indexer, wait_until_indexed
from backend.chain.tables import ChainBlock, ChainEvent
from backend.context import Context
from backend.errors import ChainUnavailable, IndexerBehind, IndexerHalted
from tests.backend.chain.conftest import ROOT, Deployed
from tests.backend.chain.reading import (
    content_hash,
    count,
    cursor,
    indexer_of,
    known,
    other_context,
    register,
    rows_of,
    send_unlocked,
)

# ---- following ---------------------------------------------------------------------------------------------


def test_follows_the_chain_and_applies_each_event_once(context: Context, indexer: Indexer) -> None:
    assert indexer.run_once() >= 21  # the deployment's own events
    assert indexer.run_once() == 0
    work = register(context, "one")
    assert not known(context, work)
    assert indexer.run_once() == 1
    assert known(context, work)
    assert cursor(context).block_number == context.client.block_number()


def test_only_headers_near_the_cursor_are_kept(deployed: Deployed, tmp_path: Path) -> None:
    context = other_context(deployed, tmp_path, indexer_max_rewind=4)
    context.client.rpc("anvil_mine", hex(20))
    indexer_of(context).run_once()
    assert count(context, ChainBlock) == 5


def test_a_refusing_node_gets_shorter_ranges(
    deployed: Deployed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = other_context(deployed, tmp_path, indexer_max_rewind=1, indexer_span=64)
    asked: list[int] = []
    real = ChainClient.rpc

    def limited(self: ChainClient, method: str, *params: Any) -> Any:
        if method == "eth_getLogs" and "fromBlock" in params[0]:
            asked.append(int(params[0]["toBlock"], 16) - int(params[0]["fromBlock"], 16) + 1)
            if asked[-1] > 3:
                raise RpcError(method, -32005, "query returned more than 10000 results")
        return real(self, method, *params)

    monkeypatch.setattr(ChainClient, "rpc", limited)
    indexer_of(context).run_once()
    assert max(asked) > 3 and cursor(context).block_number == context.client.block_number()
    monkeypatch.undo()
    plain = other_context(deployed, tmp_path / "plain")
    indexer_of(plain).run_once()
    assert rows_of(plain.engine) == rows_of(context.engine)


def test_nodes_without_block_times_in_logs(
    deployed: Deployed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = other_context(deployed, tmp_path, indexer_max_rewind=1)
    real = ChainClient.rpc

    def plain_logs(self: ChainClient, method: str, *params: Any) -> Any:
        result = real(self, method, *params)
        if method == "eth_getLogs":
            for entry in result:
                entry.pop("blockTimestamp", None)
        return result

    monkeypatch.setattr(ChainClient, "rpc", plain_logs)
    indexer_of(context).run_once()
    with context.sessions() as session:
        first = session.scalars(select(ChainEvent).order_by(ChainEvent.block_number).limit(1)).one()
    header = context.client.block(first.block_number)
    assert header is not None and first.block_time == int(header["timestamp"], 16)


def far_logs_changed(monkeypatch: pytest.MonkeyPatch, change: Callable[[list[dict[str, Any]]], None]) -> None:
    """Every answer of eth_getLogs goes through `change` first."""
    real = ChainClient.rpc

    def changed(self: ChainClient, method: str, *params: Any) -> Any:
        result = real(self, method, *params)
        if method == "eth_getLogs":
            change(result)
        return result

    monkeypatch.setattr(ChainClient, "rpc", changed)


def test_a_block_that_vanishes_while_it_is_read_has_no_time(
    deployed: Deployed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its events would stand in the tables with the year 1970, for ever."""
    context = other_context(deployed, tmp_path, indexer_max_rewind=1)

    def other_blocks(logs: list[dict[str, Any]]) -> None:
        for entry in logs:
            entry.pop("blockTimestamp", None)
            entry["blockHash"] = "0x" + "55" * 32

    far_logs_changed(monkeypatch, other_blocks)
    with pytest.raises(ChainUnavailable, match="changed at .* while it was read"):
        indexer_of(context).run_once()
    assert count(context, ChainEvent) == 0
    monkeypatch.undo()
    assert indexer_of(context).run_once() > 0


@pytest.mark.parametrize("max_rewind", [1, 10_000])
def test_a_node_that_garbles_a_log_is_named_and_nothing_is_written(
    deployed: Deployed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, max_rewind: int
) -> None:
    context = other_context(deployed, tmp_path, indexer_max_rewind=max_rewind)
    far_logs_changed(monkeypatch, lambda logs: [entry.update(data="0x01") for entry in logs])
    with pytest.raises(IndexerHalted, match="cannot be read"):
        indexer_of(context).run_once()
    assert count(context, ChainEvent) == 0


def test_a_node_that_repeats_a_log_is_named_and_nothing_is_written(
    deployed: Deployed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = other_context(deployed, tmp_path, indexer_max_rewind=1)
    far_logs_changed(monkeypatch, lambda logs: logs.extend(logs[:1]))
    with pytest.raises(IndexerHalted, match="twice"):
        indexer_of(context).run_once()
    assert count(context, ChainEvent) == 0


def test_a_head_that_cannot_be_read_is_waited_for(
    context: Context, indexer: Indexer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind one address there may be several nodes, of which one lags: no reason to turn in a circle."""
    indexer.run_once()
    head = context.client.block_number()
    monkeypatch.setattr(ChainClient, "block_number", lambda self: head + 1)
    with pytest.raises(ChainUnavailable, match=f"does not show the blocks after {head}"):
        indexer.run_once()


def test_waits_while_the_database_is_away(
    context: Context, indexer: Indexer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.chain.indexer.RETRY_S", 0.01)
    real, away = handlers.apply, [1, 1]

    def sometimes(session: Any, event: Any) -> None:
        if away:
            away.pop()
            raise OperationalError("INSERT", {}, Exception("server closed the connection"))
        real(session, event)

    monkeypatch.setattr(handlers, "apply", sometimes)
    stop = threading.Event()
    thread = threading.Thread(target=indexer.run, args=(stop,))
    thread.start()
    wait_until_indexed(context.sessions, context.client.block_number(), 60)
    stop.set()
    thread.join(30)
    assert not away and count(context, ChainEvent) > 0


# ---- failures and rivals -----------------------------------------------------------------------------------


def test_a_failing_handler_writes_nothing(
    context: Context, indexer: Indexer, monkeypatch: pytest.MonkeyPatch
) -> None:
    indexer.run_once()
    before, events = cursor(context), count(context, ChainEvent)
    work = register(context, "failing")

    def fail(session: Any, event: Any) -> None:
        work_handlers.work_registered(session, event)
        raise KeyError("artist")

    monkeypatch.setitem(handlers.HANDLERS, ("ArtworkRegistry", "WorkRegistered"), fail)
    with pytest.raises(IndexerHalted, match=r"ArtworkRegistry\.WorkRegistered"):
        indexer.run_once()
    assert (cursor(context).block_hash, count(context, ChainEvent)) == (before.block_hash, events)
    assert not known(context, work)
    monkeypatch.undo()
    assert indexer.run_once() == 1 and known(context, work)


def test_two_indexers_on_one_database(context: Context, deployed: Deployed, tmp_path: Path) -> None:
    rivals = [indexer_of(context), indexer_of(Context(deployed.settings(tmp_path)))]
    applied: list[int] = []
    failures: list[Exception] = []

    def follow(indexer: Indexer) -> None:
        try:
            for _ in range(20):
                applied.append(indexer.run_once())
        except Exception as error:
            failures.append(error)

    context.sessions  # the schema is made before the race  # noqa: B018
    threads = [threading.Thread(target=follow, args=(rival,)) for rival in rivals]
    for thread in threads:
        thread.start()
    for i in range(5):
        register(context, f"rival {i}")
    for thread in threads:
        thread.join(60)
    rivals[0].run_once()
    assert failures == []
    fresh = other_context(deployed, tmp_path / "fresh")
    indexer_of(fresh).run_once()
    assert rows_of(fresh.engine) == rows_of(context.engine)


def test_waits_while_the_chain_is_away(
    context: Context, indexer: Indexer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.chain.indexer.RETRY_S", 0.05)
    indexer.run_once()
    real, away = ChainClient.block, [1, 1]

    def sometimes(self: ChainClient, which: int | str = "latest") -> Any:
        if away:
            away.pop()
            raise ChainUnavailable("No chain answers.")
        return real(self, which)

    monkeypatch.setattr(ChainClient, "block", sometimes)
    stop = threading.Event()
    thread = threading.Thread(target=indexer.run, args=(stop,))
    thread.start()
    work = register_raw(context)
    wait_until_indexed(context.sessions, context.client.block_number(), 60)
    stop.set()
    thread.join(30)
    assert not thread.is_alive() and known(context, work)


def register_raw(context: Context) -> str:
    """As `register`, by the node's own key: the patched client has no part in it."""
    work = (content_hash("raw"), b"\x01" * 32, b"\x02" * 32, 1)
    call = context.contracts.registry.functions.register([work])
    send_unlocked(context, context.client.rpc("eth_accounts")[0], call)
    return "0x" + work[0].hex()


def test_waiting_ends_with_an_error(context: Context, indexer: Indexer) -> None:
    with pytest.raises(IndexerBehind, match="no block"):
        wait_until_indexed(context.sessions, 1, timeout_s=0)
    indexer.run_once()
    wait_until_indexed(context.sessions, context.client.block_number(), timeout_s=0)
    with pytest.raises(IndexerBehind, match="it is at"):
        wait_until_indexed(context.sessions, context.client.block_number() + 1, timeout_s=0)


def test_as_a_process(context: Context) -> None:
    settings = context.settings
    environment = {
        **os.environ,
        "MELTINGPOT_CHAIN_RPC_URL": settings.chain_rpc_url,
        "MELTINGPOT_DEPLOYMENT": str(settings.deployment),
        "MELTINGPOT_DATABASE_URL": settings.database_url,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "backend.chain.indexer"],
        cwd=ROOT,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        work = register(context, "process")
        wait_until_indexed(context.sessions, context.client.block_number(), 90)
        assert known(context, work)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    finally:
        process.kill()
