"""Ports on loopback: which are free, and who listens."""
from __future__ import annotations

import os
import socket
from contextlib import suppress
from pathlib import Path

LISTENING = "0A"  # in the table of the kernel, proc_net(5)


def is_free(port: int) -> bool:
    """True when this machine lets us listen on 127.0.0.1:`port`."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def choose(preferred: int, taken: set[int]) -> int:
    """`preferred` when it is free, else the next free port above it; adds the answer to `taken`."""
    for port in range(preferred, preferred + 200):
        if port not in taken and is_free(port):
            taken.add(port)
            return port
    raise OSError(f"no free port between {preferred} and {preferred + 199}")


def listens(pid: int, port: int) -> bool:
    """Whether it is process `pid` that listens on TCP `port`: a port that was free may be another's by the time we start."""
    ours = set()
    with suppress(FileNotFoundError):  # the process, or one of its files, is gone
        for file in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(FileNotFoundError):
                ours.add(os.readlink(file))
        for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]:
            _, local, _, state, _, _, _, _, _, inode, *_ = line.split()
            if state == LISTENING and int(local.rpartition(":")[2], 16) == port and f"socket:[{inode}]" in ours:
                return True
    return False
