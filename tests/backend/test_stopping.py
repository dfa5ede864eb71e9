"""A signal ends a process whatever its main thread is doing."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

# The main thread holds the event's lock when the signal comes, as it does for a moment in each `stop.wait()`.
PROCESS = """
import os, threading
from backend.stopping import stop_on_signals
stop = threading.Event()
stop_on_signals(stop)
with stop._cond:
    os.kill(os.getpid(), {number})
    for _ in range(1000):
        pass
stop.wait()
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_while_the_event_is_locked(number: int) -> None:
    script = PROCESS.format(number=int(number))
    assert subprocess.run([sys.executable, "-c", script], timeout=60).returncode == 0
