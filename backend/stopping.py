"""Ending a process that waits: SIGTERM and SIGINT become an event that its loops look at."""

from __future__ import annotations

import signal
import threading


def stop_on_signals(stop: threading.Event) -> None:
    """From now on SIGTERM and SIGINT set `stop`.

    A thread sets it, not the handler: the handler runs in the main thread, which may be inside `stop.wait()`
    at that moment and hold the lock that `stop.set()` needs. It would wait for itself for ever.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=stop.set, daemon=True).start())
