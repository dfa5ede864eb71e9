"""`python -m backend.worker` as a process of its own: SIGTERM gives the lease back, kill -9 loses nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from backend.generations import service
from backend.generations.tables import Job
from tests.backend.sales_world import World

ROOT = Path(__file__).resolve().parents[3]
LEASE_S = 3


@pytest.fixture
def start(world: World) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Starts workers that hold a lease for three seconds; an indexer runs beside them."""
    ended = threading.Event()

    def index() -> None:
        while not ended.wait(0.05):
            world.index()

    thread = threading.Thread(target=index)
    thread.start()
    environment = {
        **os.environ,
        **world.stack.environment,
        "MELTINGPOT_WORKER_LEASE_S": str(LEASE_S),
        "MELTINGPOT_WORKER_HEARTBEAT_S": "0.5",
        "MELTINGPOT_WORKER_POLL_S": "0.1",
        "OMP_NUM_THREADS": "1",
    }
    started: list[subprocess.Popen[bytes]] = []

    def launch() -> subprocess.Popen[bytes]:
        started.append(
            subprocess.Popen(
                [sys.executable, "-m", "backend.worker"], cwd=ROOT, env=environment, stderr=subprocess.PIPE
            )
        )
        return started[-1]

    yield launch
    for process in started:
        process.kill()
        process.wait()
    ended.set()
    thread.join()


def wait_for(what: Callable[[], bool], timeout_s: float = 120) -> None:
    end = time.monotonic() + timeout_s
    while not what():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def job(world: World, order_id: str) -> Job | None:
    with world.ctx.sessions() as session:
        return session.get(Job, order_id)


def is_running(world: World, order_id: str) -> bool:
    found = job(world, order_id)
    return found is not None and found.state == "running"


def is_fulfilled(world: World, order_id: str) -> bool:
    return service.find_order(world.ctx, order_id).state == "fulfilled"


def test_sigterm_gives_the_order_back_and_kill_loses_nothing(world: World, start) -> None:
    first = start()
    order_id = world.pay(31)
    wait_for(lambda: is_running(world, order_id))
    first.send_signal(signal.SIGTERM)
    assert first.wait(60) == 0, first.stderr.read().decode()
    found = job(world, order_id)
    if found.state != "done":  # it may have been faster than the signal
        assert (found.state, found.attempts, found.lease_owner) == ("queued", 0, None)

    second = start()
    another = world.pay(32)
    wait_for(
        lambda: is_running(world, order_id) or is_running(world, another) or is_fulfilled(world, another)
    )
    second.kill()
    second.wait()

    heir = world.worker()
    wait_for(
        lambda: (heir.run_once() or True) and is_fulfilled(world, order_id) and is_fulfilled(world, another)
    )
    fulfilled = world.ctx.contracts.market.events.OrderFulfilled().get_logs(
        from_block=world.ctx.contracts.start_block
    )
    for identifier in (order_id, another):
        assert sum("0x" + log["args"]["orderId"].hex() == identifier for log in fulfilled) == 1
