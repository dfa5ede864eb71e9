"""The deployed contracts: the only place that reads ABIs and addresses."""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import Any

from eth_utils import to_checksum_address
from web3.contract import Contract

from backend.chain.client import ChainClient
from backend.config import Settings
from backend.errors import NotDeployed, WrongChain

NAMES = (
    "ArtworkRegistry",
    "CompensationRules",
    "WorkDisputes",
    "TrainingRounds",
    "StakeToken",
    "RevenuePool",
    "GenerationMarket",
    "PrepaidSales",
    "GenerationToken",
    "MeltingPotGovernor",
    "TimelockController",
    "Charter",
    "SettlementToken",
)


class Contracts:
    """web3 contracts by role, and what the deployment file says about them."""

    def __init__(
        self, client: ChainClient, deployment: dict[str, Any], abis: dict[str, list[dict[str, Any]]]
    ) -> None:
        self._client = client
        self.abis = abis
        self.code_dir = client.settings.abi_dir.parent / "code"
        self.addresses = {name: to_checksum_address(deployment["contracts"][name]) for name in NAMES}
        self.chain_id = int(deployment["chainId"])
        self.start_block = int(deployment["block"])
        self.deployment_hash: str = deployment["blockHash"].lower()
        self._names = {address: name for name, address in self.addresses.items()}
        for abi in abis.values():
            client.reverts.learn(abi)

    @classmethod
    def load(cls, client: ChainClient, settings: Settings) -> Contracts:
        """Reads deployment file and ABIs. Raises NotDeployed, WrongChain or ChainUnavailable."""
        path = settings.deployment_file(client.chain_id)
        deployment = _read(path, "deployment file")
        try:
            found = int(deployment["chainId"])
            if found != client.chain_id:
                raise WrongChain(
                    f"The deployment file {path} is for chain {found}, but chain {client.chain_id} "
                    f"answers at {client.url}."
                )
            abis = {name: _read(settings.abi_dir / f"{name}.json", "ABI") for name in NAMES}
            contracts = cls(client, deployment, abis)
        except (KeyError, TypeError, ValueError) as error:
            raise NotDeployed(
                f"The deployment file {path} is incomplete or malformed ({error!r})."
            ) from error
        contracts._check_code(path)
        return contracts

    def _check_code(self, path: Path) -> None:
        address = self.addresses["GenerationMarket"]
        if self._client.rpc("eth_getCode", address, "latest") in ("0x", None):
            raise WrongChain(
                f"The chain at {self._client.url} has no contract at {address}, where {path} says the "
                "market is: it was started anew after the deployment, or is another chain.",
                "Deploy again with `python scripts/deploy.py`, or point to the chain that the file is for.",
            )

    def compiled_code(self, name: str) -> bytes:
        """The runtime code that the source here compiles to, immutables as zeros. Raises NotDeployed."""
        path = self.code_dir / f"{name}.hex"
        try:
            return bytes.fromhex(path.read_text().strip())
        except (OSError, ValueError) as error:
            raise NotDeployed(f"There is no compiled code at {path}.", "Run `make compile`.") from error

    def by_address(self, address: str) -> str:
        """The name of a contract of ours. Raises KeyError for any other address."""
        return self._names[to_checksum_address(address)]

    def _contract(self, name: str) -> Contract:
        return self._client.w3.eth.contract(address=self.addresses[name], abi=self.abis[name])

    @cached_property
    def registry(self) -> Contract:
        return self._contract("ArtworkRegistry")

    @cached_property
    def rules(self) -> Contract:
        return self._contract("CompensationRules")

    @cached_property
    def rounds(self) -> Contract:
        return self._contract("TrainingRounds")

    @cached_property
    def disputes(self) -> Contract:
        return self._contract("WorkDisputes")

    @cached_property
    def stake(self) -> Contract:
        return self._contract("StakeToken")

    @cached_property
    def pool(self) -> Contract:
        return self._contract("RevenuePool")

    @cached_property
    def market(self) -> Contract:
        return self._contract("GenerationMarket")

    @cached_property
    def prepaid(self) -> Contract:
        return self._contract("PrepaidSales")

    @cached_property
    def generation_token(self) -> Contract:
        return self._contract("GenerationToken")

    @cached_property
    def governor(self) -> Contract:
        return self._contract("MeltingPotGovernor")

    @cached_property
    def timelock(self) -> Contract:
        return self._contract("TimelockController")

    @cached_property
    def charter(self) -> Contract:
        return self._contract("Charter")

    @cached_property
    def token(self) -> Contract:
        """The settlement token."""
        return self._contract("SettlementToken")


def _read(path: Path, what: str) -> Any:
    try:
        content = json.loads(path.read_text())
    except FileNotFoundError as error:
        raise NotDeployed(f"There is no {what} at {path}.") from error
    except (OSError, ValueError) as error:
        raise NotDeployed(f"The {what} at {path} cannot be read: {error}.") from error
    # A compiler's artifact holds the ABI under "abi"; the exported files are the bare list.
    return content["abi"] if what == "ABI" and isinstance(content, dict) and "abi" in content else content
