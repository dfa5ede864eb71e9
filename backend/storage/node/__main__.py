"""Run the embedded IPFS node: `python -m backend.storage.node --repo DIR --api-port N --gateway-port M`.

Prints one line of JSON when ready, and serves until SIGTERM, SIGINT or the RPC's `shutdown`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import socket
import sys
from pathlib import Path

from aiohttp import web

from backend.storage.node.gateway import Gateway
from backend.storage.node.library import LibraryError
from backend.storage.node.repository import Repository, RepositoryLocked
from backend.storage.node.rpc import Rpc

_LOOPBACK = "127.0.0.1"
# Requests under way get this long when the node is told to stop.
_GRACE_S = 3.0


class PortBusy(RuntimeError):
    """A port is taken by another program."""


def listen(port: int, use: str) -> socket.socket:
    """A listening loopback socket; port 0 takes a free one. Raises PortBusy."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((_LOOPBACK, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise PortBusy(
            f"port {port} for the {use} cannot be used ({error.strerror}): "
            f"stop what listens there or choose another with --{use}-port"
        ) from error
    return listener


def keep_stdout_for_the_ready_line() -> int:
    """Send everything that the library prints to stderr; gives the descriptor of the real stdout."""
    real = os.dup(1)
    os.dup2(2, 1)
    return real


async def serve(repo: Path, api: socket.socket, gateway: socket.socket, stdout: int) -> None:
    """Run until told to stop."""
    repository = Repository(repo)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)  # after the library has set its own
    rpc = Rpc(repository, stopping.set)
    runners = []
    for application, listener in (
        (rpc.application(), api),
        (Gateway(repository.blocks, rpc.run).application(), gateway),
    ):
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=_GRACE_S)
        await runner.setup()
        await web.SockSite(runner, listener).start()
        runners.append(runner)
    api_port, gateway_port = api.getsockname()[1], gateway.getsockname()[1]
    ready = {
        "ready": True,
        "pid": os.getpid(),
        "api": f"/ip4/{_LOOPBACK}/tcp/{api_port}/http",
        "gateway": f"http://{_LOOPBACK}:{gateway_port}",
        "api_port": api_port,
        "gateway_port": gateway_port,
    }
    os.write(stdout, json.dumps(ready).encode() + b"\n")
    await stopping.wait()
    for runner in runners:
        await runner.cleanup()
    repository.close()


def main() -> int:
    """Exit code 0 after a clean stop, 1 when the node cannot start, with one line that says why."""
    parser = argparse.ArgumentParser(
        prog="python -m backend.storage.node", description="The embedded IPFS node (Kubo)."
    )
    parser.add_argument("--repo", type=Path, required=True, help="folder of the node; made when missing")
    parser.add_argument(
        "--api-port", type=int, default=5001, help="Kubo RPC on 127.0.0.1; 0 takes a free port"
    )
    parser.add_argument(
        "--gateway-port", type=int, default=8080, help="gateway on 127.0.0.1; 0 takes a free port"
    )
    arguments = parser.parse_args()
    stdout = keep_stdout_for_the_ready_line()
    try:
        api, gateway = listen(arguments.api_port, "api"), listen(arguments.gateway_port, "gateway")
        asyncio.run(serve(arguments.repo, api, gateway, stdout))
    except (PortBusy, RepositoryLocked, LibraryError, OSError) as error:
        print(f"The IPFS node cannot start: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
