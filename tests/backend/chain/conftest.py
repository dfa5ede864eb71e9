"""A real anvil with the real contracts, deployed once a session, and a new database for each test."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from backend.chain.indexer import Indexer
from backend.config import DEVELOPMENT_MNEMONIC, Settings
from backend.context import Context
from backend.wallets import Wallets

ROOT = Path(__file__).resolve().parents[3]
ANVIL = ROOT / "node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil"
PORTS = range(18600, 18650)
ROLES = ("operator", "proposer", "platform", "network", "learning", "guardian", "resolver")


def free_port() -> int:
    """A port of this folder's range that nothing listens on."""
    for port in PORTS:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise RuntimeError(f"no free port in {PORTS}")


@dataclass
class Anvil:
    """A running anvil."""

    process: subprocess.Popen[bytes]
    url: str

    @classmethod
    def start(cls, *options: str) -> Anvil:
        port = free_port()
        arguments = [str(ANVIL), "--port", str(port), "--silent", "--base-fee", "0", *options]
        process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(600):
            if process.poll() is not None:  # somebody else took the port first; never attach to their chain
                return cls.start(*options)
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return cls(process, f"http://127.0.0.1:{port}")
            time.sleep(0.05)
        process.kill()
        raise RuntimeError("anvil did not start")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)


@pytest.fixture
def bare_chain() -> Iterator[str]:
    """The URL of an anvil without contracts, of this test alone."""
    anvil = Anvil.start()
    yield anvil.url
    anvil.stop()


@dataclass(frozen=True)
class Deployed:
    """Where the contracts are."""

    url: str
    deployment: Path
    abi_dir: Path

    def settings(self, folder: Path, **changes: object) -> Settings:
        values = {
            "chain_rpc_url": self.url,
            "deployment": self.deployment,
            "abi_dir": self.abi_dir,
            "data_dir": folder,
            "mnemonic": DEVELOPMENT_MNEMONIC,
            "indexer_poll_s": 0.05,
        }
        return Settings(_env_file=None, **{**values, **changes})


@contextmanager
def deployment(out: Path) -> Iterator[Deployed]:
    """All contracts on an anvil of their own, until the block ends; the deployment file in `out`."""
    anvil = Anvil.start()
    wallets = Wallets(Settings(_env_file=None))
    roles = [part for role in ROLES for part in (f"--{role}", wallets.address(role))]
    command = [
        sys.executable,
        "scripts/deploy.py",
        "--rpc-url",
        anvil.url,
        "--mnemonic",
        DEVELOPMENT_MNEMONIC,
        *roles,
        "--out",
        str(out),
    ]
    environment = {**os.environ, "SOLCX_BINARY_PATH": str(ROOT / ".solcx")}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)
    try:
        assert done.returncode == 0, done.stdout + done.stderr
        yield Deployed(anvil.url, next(out.glob("*.json")), ROOT / "build" / "abis")
    finally:
        anvil.stop()


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """All contracts on an anvil of this session."""
    with deployment(tmp_path_factory.mktemp("deployments")) as found:
        yield found


@pytest.fixture
def context(deployed: Deployed, tmp_path: Path) -> Context:
    """A context on the deployed contracts with a database of this test alone."""
    return Context(deployed.settings(tmp_path))


@pytest.fixture
def indexer(context: Context) -> Indexer:
    return Indexer(context.client, context.contracts, context.sessions)


@pytest.fixture(scope="session")
def abis() -> dict[str, list[dict]]:
    """The exported ABIs by contract."""
    return {path.stem: json.loads(path.read_text()) for path in (ROOT / "build" / "abis").glob("*.json")}
