"""Real embedded nodes, each a process of its own on free ports."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[3]
START_S = 30


def node_command(repo: Path, api_port: int = 0, gateway_port: int = 0) -> list[str]:
    return [
        sys.executable,
        "-m",
        "backend.storage.node",
        "--repo",
        str(repo),
        "--api-port",
        str(api_port),
        "--gateway-port",
        str(gateway_port),
    ]


@dataclass
class Node:
    """A node process; `api` is a multiaddr, `gateway` a URL."""

    repo: Path
    process: subprocess.Popen = field(init=False)
    ready: dict = field(init=False)

    def start(self, api_port: int = 0, gateway_port: int = 0) -> Node:
        self.process = subprocess.Popen(
            node_command(self.repo, api_port, gateway_port),
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the node did not start: {self.process.communicate(timeout=START_S)[1]}")
        self.ready = json.loads(line)
        return self

    @property
    def api(self) -> str:
        return self.ready["api"]

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.ready['api_port']}"

    @property
    def gateway(self) -> str:
        return self.ready["gateway"]

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=START_S)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=START_S)
        return self.process.returncode


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """One node for all tests that leave it running."""
    running = Node(tmp_path_factory.mktemp("ipfs") / "repo").start()
    yield running
    running.stop()


@pytest.fixture
def new_node(tmp_path: Path) -> Iterator[Callable[..., Node]]:
    """Makes a node on a folder of its own, which the test may stop or kill."""
    nodes: list[Node] = []

    def make(repo: Path = tmp_path / "repo", **ports: int) -> Node:
        nodes.append(Node(repo).start(**ports))
        return nodes[-1]

    yield make
    for one in nodes:
        if one.process.poll() is None:
            one.kill()


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict:
        return json.loads(self.body)


def http(
    url: str, method: str = "GET", headers: dict[str, str] | None = None, body: bytes | None = None
) -> Answer:
    """One request as it is, errors as answers."""
    request = urllib.request.Request(url, method=method, headers=headers or {}, data=body)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return Answer(response.status, dict(response.headers), response.read())
    except urllib.error.HTTPError as error:
        return Answer(error.code, dict(error.headers), error.read())


def rpc(node: Node, command: str, **headers: str) -> Answer:
    """A command of the node's API."""
    return http(f"{node.api_url}/api/v0/{command}", "POST", headers=headers)
