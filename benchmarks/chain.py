"""A development chain of its own with the whole system on it, for measurements.

Nothing here is shared with the backend's clients: transactions go to the node as they are, and what they cost
stands in their receipts.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils import keccak, to_checksum_address
from web3 import Web3

from backend.training.merkle import Leaf, StandardTree
from tests.contracts import signing
from tests.contracts.conftest import ANVIL, SHORT, free_port
from tests.contracts.stake import BOND, proposal

ROOT = Path(__file__).resolve().parents[1]
HARDFORK = "prague"
ACCOUNTS = 80
ROLES = (
    "deployer",
    "operator",
    "proposer",
    "platform",
    "network",
    "learning",
    "guardian",
    "resolver",
    "relayer",
    "artist",
    "artist2",
    "artist3",
    "buyer",
)
BUYERS = 50
# Mints per transaction, so that one fits a block.
BATCH = 100
GAS_LIMIT = 30_000_000
DAY_S = 86_400
ARTISTS = 0  # ITrainingRounds.Part


class World:
    """The contracts and the accounts. `send` returns what a transaction used, with everything in it."""

    def __init__(self, w3: Web3, contracts: dict[str, Any], keys: list[LocalAccount]) -> None:
        self.w3 = w3
        self.__dict__.update({short: contracts[name] for short, name in SHORT.items()})
        self.keys = {key.address: key for key in keys}
        addresses = [key.address for key in keys]
        self.__dict__.update(zip(ROLES, addresses))
        # Fifty who buy, besides `buyer`; their keys are in `keys`.
        self.buyers = addresses[len(ROLES) : len(ROLES) + BUYERS]
        self.holders: list[str] = []
        self._last = b""

    def send(self, sender: str, call: Any) -> int:
        """Gas that the whole transaction used. Raises AssertionError when it reverted."""
        self._last = call.transact({"from": sender, "gas": GAS_LIMIT})
        receipt = self.w3.eth.wait_for_transaction_receipt(self._last, poll_latency=0.005)
        assert receipt["status"] == 1, f"{call.fn_name} reverted"
        return receipt["gasUsed"]

    def storage_of_last(self) -> dict[str, dict[str, int]]:
        """What the last transaction left changed in storage: {contract: {slots set, changed, cleared}}."""
        tracer = {"tracer": "prestateTracer", "tracerConfig": {"diffMode": True}}
        diff = self.rpc("debug_traceTransaction", self.w3.to_hex(self._last), tracer)
        names = {getattr(self, short).address.lower(): name for short, name in SHORT.items()}
        found: dict[str, dict[str, int]] = {}
        for address in diff["pre"]:
            pre, post = (diff[side].get(address, {}).get("storage", {}) for side in ("pre", "post"))
            pre, post = ({slot for slot, value in side.items() if int(value, 16)} for side in (pre, post))
            counts = {"set": len(post - pre), "changed": len(post & pre), "cleared": len(pre - post)}
            if any(counts.values()):
                found[names.get(address.lower(), address)] = {k: n for k, n in counts.items() if n}
        return found

    def rpc(self, method: str, *arguments: Any) -> Any:
        answer = self.w3.provider.make_request(method, list(arguments))
        assert "error" not in answer, answer
        return answer["result"]

    def forward(self, seconds: int) -> None:
        self.rpc("evm_increaseTime", seconds)
        self.rpc("evm_mine")

    def now(self) -> int:
        return self.w3.eth.get_block("latest")["timestamp"]

    def sign(self, signer: str, contract: str, kind: str, message: dict[str, Any]) -> Any:
        """An EIP-712 signature over a message of tests/contracts/signing.py in the domain of a contract."""
        at = SimpleNamespace(_name=contract, address=self._address(contract))
        return self.keys[signer].sign_message(signing.typed(at, kind, message))

    def fund(self, account: str, amount: int, spender: Any = None) -> None:
        """Settlement tokens, approved for the spender if there is one."""
        self.send(account, self.token.functions.mint(account, amount))
        if spender is not None:
            self.send(account, self.token.functions.approve(spender.address, amount))

    def finalised(self, allocations: list[tuple[str, int]]) -> tuple[int, StandardTree]:
        """A finalised round with these allocations; its id and tree."""
        number = self.rounds.functions.nextRoundId().call()
        tree = StandardTree(number, [Leaf(account, amount) for account, amount in allocations])
        self.fund(self.proposer, BOND, self.rounds)
        self.send(self.proposer, self.rounds.functions.propose(number, proposal(tree.root)))
        self.forward(3 * DAY_S + 1)
        self.send(self.relayer, self.rounds.functions.finalise(number))
        return number, tree

    def mint_to(self, count: int) -> None:
        """`count` holders with equal stake, who are strangers to every other role."""
        self.holders = [to_checksum_address(keccak(text=f"holder {i}")[12:]) for i in range(count)]
        each = 95_000 * 10**18 // count  # the artists' part
        number, tree = self.finalised([(holder, each) for holder in self.holders])
        for start in range(0, count, BATCH):
            chosen = self.holders[start : start + BATCH]
            proofs = [tree.proof(i) for i in range(start, start + len(chosen))]
            claim = self.rounds.functions.claimMany(number, ARTISTS, chosen, [each] * len(chosen), proofs)
            self.send(self.relayer, claim)
        assert self.stake.functions.totalSupply().call() == each * count

    def unlock(self, account: str) -> None:
        """Lets an account without a key on the node send transactions."""
        self.rpc("anvil_impersonateAccount", account)
        self.rpc("anvil_setBalance", account, hex(10**20))

    def _address(self, contract: str) -> str:
        name = "SettlementToken" if contract == "SettlementTokenMock" else contract
        return next(getattr(self, short).address for short, known in SHORT.items() if known == name)


@contextmanager
def deployed_world() -> Iterator[World]:
    """The system as scripts/deploy.py deploys it, on an anvil that ends with the block."""
    port = free_port()
    command = [
        str(ANVIL / "anvil"),
        "--silent",
        "--port",
        str(port),
        "--accounts",
        str(ACCOUNTS),
        "--mnemonic",
        signing.MNEMONIC,
        "--hardfork",
        HARDFORK,
        "--gas-limit",
        "60000000",
    ]
    with subprocess.Popen(command) as anvil, tempfile.TemporaryDirectory() as folder:
        try:
            w3 = Web3(Web3.HTTPProvider(f"http://127.0.0.1:{port}"))
            _wait_for(w3)
            keys = _keys()
            yield World(w3, _deploy(w3, port, keys, Path(folder)), keys)
        finally:
            anvil.terminate()


def _keys() -> list[LocalAccount]:
    Account.enable_unaudited_hdwallet_features()
    paths = [f"m/44'/60'/0'/0/{i}" for i in range(ACCOUNTS)]
    return [Account.from_mnemonic(signing.MNEMONIC, account_path=path) for path in paths]


def _wait_for(w3: Web3, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not w3.is_connected():
        if time.monotonic() > end:
            raise RuntimeError("anvil does not answer")
        time.sleep(0.05)


def _deploy(w3: Web3, port: int, keys: list[LocalAccount], folder: Path) -> dict[str, Any]:
    roles = dict(zip(ROLES, (key.address for key in keys)))
    command = [
        sys.executable,
        "scripts/deploy.py",
        "--rpc-url",
        f"http://127.0.0.1:{port}",
        "--mnemonic",
        signing.MNEMONIC,
        "--out",
        str(folder),
    ]
    for role in ROLES[1:ROLES.index("relayer")]:
        command += [f"--{role}", roles[role]]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    at = json.loads((folder / "31337.json").read_text())["contracts"]
    abis = ROOT / "build" / "abis"
    return {
        name: w3.eth.contract(address, abi=json.loads((abis / f"{name}.json").read_text()))
        for name, address in at.items()
    }
