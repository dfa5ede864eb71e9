"""Finding ports on loopback that nobody listens on."""
from __future__ import annotations

import socket


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
