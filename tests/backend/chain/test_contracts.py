"""Loading the deployment: the right contracts, or an error that says which file or chain is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from backend.chain.client import ChainClient
from backend.chain.contracts import NAMES, Contracts
from backend.context import Context
from backend.errors import NotDeployed, WalletUnavailable, WrongChain
from tests.backend.chain.conftest import Deployed


def test_roles_and_names(context: Context) -> None:
    contracts = context.contracts
    assert contracts.rules.functions.currentVersion().call() >= 1
    assert contracts.market.address == contracts.addresses["GenerationMarket"]
    assert {contracts.by_address(address.lower()) for address in contracts.addresses.values()} == set(NAMES)
    with pytest.raises(KeyError):
        contracts.by_address("0x" + "12" * 20)
    roles = "registry rules rounds stake pool market prepaid generation_token governor timelock charter token"
    assert {getattr(contracts, role).address for role in roles.split()} == set(contracts.addresses.values())


def load(deployed: Deployed, tmp_path: Path, **changes: object) -> Contracts:
    settings = deployed.settings(tmp_path, **changes)
    return Contracts.load(ChainClient(settings), settings)


def changed(deployed: Deployed, tmp_path: Path, **values: object) -> Path:
    """A deployment file with other values."""
    path = tmp_path / "changed.json"
    path.write_text(json.dumps({**json.loads(deployed.deployment.read_text()), **values}))
    return path


def test_no_deployment_file(deployed: Deployed, tmp_path: Path) -> None:
    with pytest.raises(NotDeployed, match="no deployment file at .*31337.json"):
        load(deployed, tmp_path, deployment=None, deployments_dir=tmp_path)


def test_no_abis(deployed: Deployed, tmp_path: Path) -> None:
    with pytest.raises(NotDeployed, match="no ABI at"):
        load(deployed, tmp_path, abi_dir=tmp_path)


def test_another_chains_file(deployed: Deployed, tmp_path: Path) -> None:
    with pytest.raises(WrongChain, match="is for chain 5, but chain 31337 answers"):
        load(deployed, tmp_path, deployment=changed(deployed, tmp_path, chainId=5))


def test_incomplete_file(deployed: Deployed, tmp_path: Path) -> None:
    with pytest.raises(NotDeployed, match="incomplete"):
        load(deployed, tmp_path, deployment=changed(deployed, tmp_path, contracts={}))
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(NotDeployed, match="cannot be read"):
        load(deployed, tmp_path, deployment=tmp_path / "broken.json")


def test_a_chain_that_was_started_anew(deployed: Deployed, tmp_path: Path, bare_chain: str) -> None:
    with pytest.raises(WrongChain, match="has no contract"):
        load(deployed, tmp_path, chain_rpc_url=bare_chain)


def test_known_keys_are_refused_where_money_is_real(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(context.client.__dict__, "is_development", False)
    with pytest.raises(WalletUnavailable, match="everybody knows"):
        context.sender("operator")
