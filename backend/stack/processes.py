"""Child processes that are ready before they are used and gone when their parent is."""
from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from backend.errors import MeltingPotError
from backend.stack.ports import listens

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


class ServiceFailed(MeltingPotError):
    """A local service did not start, or stopped by itself."""

    code = "service_failed"
    status = 503
    exit_code = 4


def _die_with_parent() -> None:
    # A killed `meltingpot demo` must leave nothing that holds a port or a lock.
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Service:
    """One child process with its own log file.

    `ready` is asked until it answers True; it may raise OSError while nobody listens yet. With a `port` the answer counts
    once it is this process that listens there.
    """

    def __init__(self, name: str, argv: Sequence[str], ready: Callable[[], bool], log: Path,
                 environment: Mapping[str, str] | None = None, cwd: Path | None = None, port: int | None = None) -> None:
        self.name, self.argv, self.ready, self.log, self.port = name, list(argv), ready, log, port
        self.environment, self.cwd = dict(environment or {}), cwd
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts the process without waiting for it."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.argv, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.cwd,
                                            env={**os.environ, **self.environment}, start_new_session=True,
                                            preexec_fn=_die_with_parent)

    def wait_ready(self, timeout_s: float) -> None:
        """Returns when the service answers; ServiceFailed with the end of its log when it does not."""
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            self.check()
            try:
                if self.ready() and (self.port is None or listens(self.process.pid, self.port)):
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise ServiceFailed(f"{self.name} did not answer within {timeout_s:.0f} s", f"Its log is {self.log}:\n{self.tail()}")

    def check(self) -> None:
        """ServiceFailed when the process has ended by itself."""
        if self.process is not None and self.process.poll() is not None:
            raise ServiceFailed(f"{self.name} stopped with exit status {self.process.returncode}",
                                f"The end of its log, {self.log}:\n{self.tail()}")

    def stop(self, timeout_s: float = 10) -> None:
        """Asks the process to end, and ends it after `timeout_s`."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def tail(self, lines: int = 12) -> str:
        """The last lines of the log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:]) if self.log.exists() else ""
