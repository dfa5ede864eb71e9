"""`LocalStack`: everything `meltingpot up`, `meltingpot demo` and the tests start on loopback."""
from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from backend.config import DEVELOPMENT_MNEMONIC, PROJECT_DIR, Settings
from backend.stack.ports import choose
from backend.stack.processes import Service, ServiceFailed

CHAIN_ID = 31337
MARK = ".meltingpot-stack"  # only a folder with this file is ever emptied
SENDERS = ("operator", "relayer", "proposer", "trainer", "challenger", "guardian", "resolver")
SERVICES = ("chain", "ipfs", "indexer", "worker", "api")
LOCK_PATIENCE_S = 1.0  # whoever asks whether a stack owns the folder holds its lock for a moment


def _answers(url: str, body: bytes | None = None) -> Callable[[], bool]:
    def ready() -> bool:
        try:
            request = Request(url, data=body, headers={"Content-Type": "application/json"})
            with urlopen(request, timeout=2) as response:
                return response.status == 200
        except URLError as error:
            raise OSError(str(error)) from error
    return ready


def lock_path(data_dir: Path) -> Path:
    """The file that the stack which owns `data_dir` holds locked for as long as it lives."""
    return data_dir.with_name(data_dir.name + ".lock")


def is_owned(data_dir: Path) -> bool:
    """Whether a living stack owns `data_dir`. A process id would not tell: the system gives it to others again."""
    try:
        lock = os.open(lock_path(data_dir), os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        return not _locked(lock)
    finally:
        os.close(lock)


def _locked(lock: int, patience_s: float = 0.0) -> bool:
    """Takes the open lock file for this process; False when another holds it for longer than `patience_s`."""
    give_up = time.monotonic() + patience_s
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() >= give_up:
                return False
            time.sleep(0.02)


@dataclass
class LocalStack:
    """Services on loopback with their data under `data_dir`.

    Only one stack at a time owns a `data_dir`. With `fresh`, what an earlier one left there is removed first; with
    `keep`, the chain is written to it as well, so that a later stack goes on.
    """

    data_dir: Path
    fresh: bool = True
    keep: bool = False
    say: Callable[[str], None] = lambda text: None
    ports: dict[str, int] = field(default_factory=dict)
    services: dict[str, Service] = field(default_factory=dict)
    _lock: int | None = None

    @property
    def environment(self) -> dict[str, str]:
        """The settings that lead any `meltingpot` command to this stack, as environment variables."""
        return {
            "MELTINGPOT_ENVIRONMENT": "development",
            "MELTINGPOT_CHAIN_RPC_URL": f"http://127.0.0.1:{self.ports['chain']}",
            "MELTINGPOT_DEPLOYMENT": str(self.data_dir / "deployments" / f"{CHAIN_ID}.json"),
            "MELTINGPOT_ABI_DIR": str(PROJECT_DIR / "build" / "abis"),
            "MELTINGPOT_DATABASE_URL": f"sqlite:///{self.data_dir / 'meltingpot.db'}",
            "MELTINGPOT_IPFS_API": f"/ip4/127.0.0.1/tcp/{self.ports['ipfs']}/http",
            "MELTINGPOT_IPFS_GATEWAY_URL": f"http://127.0.0.1:{self.ports['gateway']}",
            "MELTINGPOT_DATA_DIR": str(self.data_dir),
            "MELTINGPOT_API_HOST": "127.0.0.1",
            "MELTINGPOT_API_PORT": str(self.ports["api"]),
            "MELTINGPOT_CONFIRMATIONS": "1",  # the development chain makes a block a transaction and none in between
            "MELTINGPOT_MNEMONIC": DEVELOPMENT_MNEMONIC,
        }

    def settings(self) -> Settings:
        """The same settings for use in this process."""
        prefix = "MELTINGPOT_"
        return Settings(**{name.removeprefix(prefix).lower(): value for name, value in self.environment.items()})

    def start(self, only: tuple[str, ...] = SERVICES) -> Settings:
        """Starts chain and IPFS node, deploys where nothing is deployed, then the rest; returns their settings."""
        self.data_dir = self.data_dir.resolve()
        self._take_data_dir()
        try:
            self._choose_ports()
            self._launch([name for name in ("chain", "ipfs") if name in only])
            if "chain" in only:
                self._continue_time()
                if not self._deployed():
                    self._deploy()
                    self._fund()
            self._launch([name for name in ("indexer", "worker", "api") if name in only])
        except BaseException:
            self.stop()
            raise
        return self.settings()

    def stop(self) -> None:
        """Stops all services, the last started first."""
        for name in reversed(list(self.services)):
            self.services.pop(name).stop()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def check(self) -> None:
        """ServiceFailed when a service has died."""
        for service in self.services.values():
            service.check()

    def restart(self, name: str) -> None:
        """Starts a service again that has died. Raises ServiceFailed when it does not answer."""
        service = self.services[name]
        service.start()
        service.wait_ready(60)
        if name == "chain":
            self._continue_time()

    def __enter__(self) -> LocalStack:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # -- steps of start() ------------------------------------------------------------------------------------------

    def _take_data_dir(self) -> None:
        self.data_dir.parent.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(lock_path(self.data_dir), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if not _locked(self._lock, LOCK_PATIENCE_S):
            os.close(self._lock)
            self._lock = None
            raise ServiceFailed(f"another meltingpot already runs in {self.data_dir}",
                                "Stop it (Ctrl-C in its terminal) or choose another folder with --data-dir.")
        if self.data_dir.exists() and any(self.data_dir.iterdir()) and not (self.data_dir / MARK).exists():
            self.stop()
            raise ServiceFailed(f"{self.data_dir} holds files that are not a stack's, and would be emptied or mixed up",
                                "Choose an empty or new folder with --data-dir.")
        if self.fresh and self.data_dir.exists():
            shutil.rmtree(self.data_dir)
        self.data_dir.mkdir(parents=True, exist_ok=True)
        (self.data_dir / MARK).touch()

    def _choose_ports(self) -> None:
        taken: set[int] = set()
        for name, preferred in (("chain", 8545), ("ipfs", 5001), ("gateway", 8080), ("api", 8000)):
            wanted = self.ports.get(name, preferred)
            self.ports[name] = choose(wanted, taken)
            if self.ports[name] != wanted:
                self.say(f"port {wanted} is busy: {name} uses {self.ports[name]}")

    def _launch(self, names: list[str]) -> None:
        for name in names:
            argv, ready = getattr(self, f"_{name}")()
            service = Service(name, argv, ready, self.data_dir / "logs" / f"{name}.log",
                              {**self.environment, "PYTHONUNBUFFERED": "1"}, PROJECT_DIR, self.ports.get(name))
            self.services[name] = service
            service.start()
        for name in names:
            self.services[name].wait_ready(60)
            self.say(f"{name} is up")

    def _chain(self) -> tuple[list[str], Callable[[], bool]]:
        port = self.ports["chain"]
        anvil = PROJECT_DIR / "node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil"
        if not anvil.exists():
            raise ServiceFailed("anvil, the development chain, is not installed", "Run `make install` in the project.")
        state = ["--state", str(self.data_dir / "chain.json"), "--state-interval", "5"] if self.keep else []
        call = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []}).encode()
        return ([str(anvil), "--host", "127.0.0.1", "--port", str(port), "--chain-id", str(CHAIN_ID), "--hardfork", "cancun",
                 "--gas-limit", "60000000", "--quiet", "--mnemonic", DEVELOPMENT_MNEMONIC, *state], _answers(f"http://127.0.0.1:{port}", call))

    def _ipfs(self) -> tuple[list[str], Callable[[], bool]]:
        port = self.ports["ipfs"]
        return ([sys.executable, "-m", "backend.storage.node", "--repo", str(self.data_dir / "ipfs"), "--api-port", str(port),
                 "--gateway-port", str(self.ports["gateway"])], _answers(f"http://127.0.0.1:{port}/api/v0/version", b""))

    def _indexer(self) -> tuple[list[str], Callable[[], bool]]:
        return [sys.executable, "-m", "backend.chain.indexer"], lambda: True

    def _worker(self) -> tuple[list[str], Callable[[], bool]]:
        return [sys.executable, "-m", "backend.worker"], lambda: True

    def _api(self) -> tuple[list[str], Callable[[], bool]]:
        port = self.ports["api"]
        return ([sys.executable, "-m", "uvicorn", "--factory", "backend.app:create_app", "--host", "127.0.0.1", "--port", str(port),
                 "--log-level", "warning"], _answers(f"http://127.0.0.1:{port}/openapi.json"))

    def _fund(self) -> None:
        """Native coin for the wallets that send transactions for the service and its users."""
        from backend.context import Context

        context = Context(self.settings())
        for role in SENDERS:
            context.client.fund(context.wallets.address(role))

    def _deployed(self) -> bool:
        path = Path(self.environment["MELTINGPOT_DEPLOYMENT"])
        if not path.exists():
            return False
        registry = json.loads(path.read_text())["contracts"]["ArtworkRegistry"]
        return self._rpc("eth_getCode", registry, "latest") != "0x"

    def _continue_time(self) -> None:
        """A chain that was moved into the future goes on from there: anvil forgets, and time must never run back."""
        ahead = int(self._rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16) - int(time.time())
        if ahead > 0:
            self._rpc("evm_increaseTime", ahead + 1)

    def _rpc(self, method: str, *params: Any) -> Any:
        """One call to the chain, before there are settings and ABIs for the real client."""
        call = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        request = Request(self.environment["MELTINGPOT_CHAIN_RPC_URL"], data=call, headers={"Content-Type": "application/json"})
        with urlopen(request, timeout=5) as response:
            return json.load(response)["result"]

    def _deploy(self) -> None:
        from backend.wallets import Wallets  # imported late: web3 takes a second, and `--help` must not

        wallets = Wallets(self.settings())
        roles = [part for role in ("operator", "proposer", "platform", "network", "learning", "guardian",
                                      "resolver")
                 for part in (f"--{role}", wallets.account(role).address)]
        log = self.data_dir / "logs" / "deploy.log"
        with open(log, "ab") as out:
            done = subprocess.run([sys.executable, "scripts/deploy.py", "--rpc-url", self.environment["MELTINGPOT_CHAIN_RPC_URL"],
                                   "--mnemonic", DEVELOPMENT_MNEMONIC, *roles, "--out", str(self.data_dir / "deployments")],
                                  cwd=PROJECT_DIR, stdout=out, stderr=out, timeout=180, env={**os.environ, "SOLCX_BINARY_PATH": str(PROJECT_DIR / ".solcx")})
        if done.returncode:
            raise ServiceFailed("the contracts could not be deployed", f"The log is {log}:\n" + log.read_text()[-1500:])
        self.say("contracts are deployed")
