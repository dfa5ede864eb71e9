"""Brownie on an anvil of its own: a free port, and a network kept in memory instead of ~/.brownie.

Every test starts from the same freshly deployed system (scripts/deployment.py, as in production) and leaves
no trace.
"""

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).resolve().parents[2]
# What the tests call each contract.
SHORT = {
    "token": "SettlementToken", "registry": "ArtworkRegistry", "rules": "CompensationRules",
    "rounds": "TrainingRounds", "stake": "StakeToken", "pool": "RevenuePool", "market": "GenerationMarket",
    "prepaid": "PrepaidSales", "generation_token": "GenerationToken",
    "governor": "MeltingPotGovernor", "timelock": "TimelockController", "charter": "Charter",
    "disputes": "WorkDisputes",
}
NETWORK_ID = "meltingpot-tests"
ANVIL = ROOT / "node_modules" / "@foundry-rs" / "anvil-linux-amd64" / "bin"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave the contract tests out where brownie's plugin is switched off (-p no:pytest-brownie)."""
    return None if config.pluginmanager.hasplugin("pytest-brownie") else True


def pytest_collection_modifyitems(config: pytest.Config) -> None:
    """Define the network and name it to brownie, which connects once the collection is finished."""
    from brownie._config import CONFIG

    import scripts.brownie_fixes  # noqa: F401
    from tests.contracts.signing import MNEMONIC

    os.environ["PATH"] = f"{ANVIL}{os.pathsep}{os.environ['PATH']}"
    settings = {
        "port": free_port(),
        "accounts": 20,
        "steps_tracing": False,
        "gas_limit": 60_000_000,
        "base_fee": 0,
        "evm_version": "cancun",
        "mnemonic": MNEMONIC,
    }
    CONFIG.networks[NETWORK_ID] = {
        "id": NETWORK_ID, "cmd": "anvil", "host": "http://127.0.0.1", "timeout": 60, "cmd_settings": settings,
    }
    CONFIG.argv["network"] = CONFIG.argv["network"] or NETWORK_ID


def free_port() -> int:
    """A port that nothing listens on: brownie would attach itself to whatever does."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def who() -> SimpleNamespace:
    """Accounts by what they do."""
    from brownie import accounts

    names = ("deployer operator proposer platform network learning guardian buyer other challenger "
             "artist artist2 artist3 relayer resolver").split()
    return SimpleNamespace(**dict(zip(names, accounts)))


@pytest.fixture(scope="session")
def system(who: SimpleNamespace) -> SimpleNamespace:
    """All contracts, deployed and wired once."""
    return deployed(who)


@pytest.fixture
def hostile(who: SimpleNamespace) -> SimpleNamespace:
    """The same contracts with a settlement token that charges fees, blacklists and calls back when told."""
    from brownie import project

    token = who.deployer.deploy(project.get_loaded_projects()[0].HostileTokenMock)
    system = deployed(who, token.address)
    return SimpleNamespace(**{**vars(system), "token": token})


@pytest.fixture
def naive_pool(who: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The same contracts around a pool that divides each deposit at once."""
    return replacing(who, monkeypatch, RevenuePool="NaivePoolMock")


def replacing(who: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, **mocks: str) -> SimpleNamespace:
    """A deployment in which mocks stand for some contracts."""
    from scripts import deployment

    for name, mock in mocks.items():
        monkeypatch.setitem(deployment.DEPLOYED_AS, name, mock)
    return deployed(who)


def deployed(who: SimpleNamespace, settlement_token: str | None = None) -> SimpleNamespace:
    from brownie import project

    from scripts.deployment import Roles, deploy

    loaded = project.get_loaded_projects()[0]
    roles = Roles(*(getattr(who, n).address for n in Roles.__dataclass_fields__))
    at = deploy(loaded, who.deployer, roles, settlement_token)
    return SimpleNamespace(project=loaded, contracts=at, **{short: at[name] for short, name in SHORT.items()})


@pytest.fixture(scope="session")
def libraries(system: SimpleNamespace, who: SimpleNamespace):
    """The pure libraries, opened."""
    return who.deployer.deploy(system.project.LibrariesMock)


@pytest.fixture(autouse=True)
def isolation(system: SimpleNamespace) -> Iterator[None]:
    """Take back everything a test did to the chain."""
    from brownie import chain

    chain.snapshot()
    ours = chain._snapshot_id
    yield
    # A stateful test takes snapshots of its own, and brownie remembers only the last one: with that, what the
    # machine was set up with would stay for all later tests.
    chain._snapshot_id = ours
    chain.revert()


@pytest.fixture
def timelock(system: SimpleNamespace):
    """The timelock as an account that tests can send from."""
    from brownie import accounts

    return accounts.at(system.timelock.address, force=True)
