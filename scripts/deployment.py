"""Deploy and wire all contracts, so that from the first block on only the timelock administers anything.

The contracts know each other by immutables, in circles (stake token, pool, market, rounds). Their addresses
follow from the deployer's address and nonce, so each constructor is given the addresses of those that come
later; afterwards every address and every role is checked. There is no setter to lock and no role to give up.
"""

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import rlp
from brownie import Contract
from eth_utils import is_checksum_address, keccak, to_canonical_address, to_checksum_address

from scripts.export_abis import DEPLOYED_AS

DEVELOPMENT_CHAIN_ID = 31337
TIMELOCK_DELAY_S = 2 * 86_400
DAY_S = 86_400
# Of the settlement token: the amounts of version 1 count in millionths.
DECIMALS = 6
# What all constructors together use is below this (30,300,000 when last measured).
DEPLOYMENT_GAS = 34_000_000
# Version 1 of the compensation rules; the order of the fields is that of the Solidity struct.
FIRST_RULES = {
    "artistsBps": 4_000,
    "holdersBps": 3_500,
    "platformBps": 1_500,
    "networkBps": 500,
    "learningBps": 500,
    "learningMintBps": 500,
    "maxCredits": 16,
    "challengeWindow": 3 * DAY_S,
    "streamPeriod": 7 * DAY_S,
    "maxOrderWindow": 7 * DAY_S,
    "mintInterval": DAY_S,
    "pricePerGeneration": 10**6,
    "proposalBond": 100 * 10**6,
    "challengeBond": 100 * 10**6,
    "mintPerRound": 100_000 * 10**18,
}
# Of a resale of a generation's token; goes to the holders of stake.
FIRST_ROYALTY_BPS = 500
# In the order of deployment: the governor's constructor asks the stake token for its clock, which must be
# there.
ORDER = (
    "TimelockController",
    "CompensationRules",
    "ArtworkRegistry",
    "WorkDisputes",
    "StakeToken",
    "RevenuePool",
    "GenerationMarket",
    "PrepaidSales",
    "GenerationToken",
    "TrainingRounds",
    "MeltingPotGovernor",
    "Charter",
)


class DeploymentFailed(Exception):
    """The deployment is not what it should be; the message says what differs and what to do."""


@dataclass(frozen=True)
class Roles:
    """Addresses that hold a role or are paid, besides the timelock."""

    operator: str
    proposer: str
    platform: str
    network: str
    learning: str
    guardian: str
    resolver: str


def address_at(deployer: str, nonce: int) -> str:
    """The address of the contract that `deployer` creates with this nonce."""
    return to_checksum_address(keccak(rlp.encode([to_canonical_address(str(deployer)), nonce]))[12:])


def deploy(
    project: Any,
    deployer: Any,
    roles: Roles,
    settlement_token: str | None = None,
    progress: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Deploy everything from the brownie account `deployer`; returns contracts by their deployed name.

    Without `settlement_token` the development mock is deployed. Raises DeploymentFailed.
    """
    check_addresses(roles, settlement_token)
    if settlement_token is None:
        token = deployer.deploy(project.SettlementTokenMock, silent=True)
    else:
        abi = project.SettlementTokenMock.abi
        token = Contract.from_abi("SettlementToken", settlement_token, abi, persist=False)
    check_token(token, deployer.address)
    nonce = deployer.nonce
    at = {name: address_at(deployer.address, nonce + i) for i, name in enumerate(ORDER)}
    arguments = constructor_arguments(at, token.address, roles)
    contracts: dict[str, Any] = {"SettlementToken": token}
    for name in ORDER:
        contract = deployer.deploy(project[DEPLOYED_AS[name]], *arguments[name], silent=True)
        if contract.address != at[name]:
            raise DeploymentFailed(
                f"{name} is at {contract.address}, not at {at[name]} where the others look for it: another "
                f"transaction of {deployer.address} came between. Deploy again while nothing else uses it."
            )
        contracts[name] = contract
        progress(f"{name} {contract.address}")
    check_roles(contracts, deployer.address, roles)
    return contracts


def check_addresses(roles: Roles, settlement_token: str | None = None) -> None:
    """Raise DeploymentFailed unless every role and the token is an address, well written, and not zero."""
    named = asdict(roles) | ({} if settlement_token is None else {"settlement token": settlement_token})
    for name, address in named.items():
        well_formed = re.fullmatch("0x[0-9a-fA-F]{40}", address)
        one_case = address[2:] in (address[2:].lower(), address[2:].upper())
        if not well_formed or not (one_case or is_checksum_address(address)):
            raise DeploymentFailed(
                f"The {name} {address!r} is no address, or its capitals do not fit its checksum (EIP-55): a "
                "letter may be wrong. Copy it again from the wallet."
            )
        if int(address, 16) == 0:
            raise DeploymentFailed(f"The {name} is the zero address: name one that somebody has the key of.")


def check_token(token: Any, holder: str) -> None:
    """Raise DeploymentFailed unless the token has what the market needs: permit, ERC-3009, six decimals.

    A token without them would leave orders by signature impossible for ever: no contract here can be changed.
    """
    questions = {"decimals": (), "balanceOf": (holder,), "nonces": (holder,), "DOMAIN_SEPARATOR": (),
                 "authorizationState": (holder, b"\0" * 32)}
    for function, arguments in questions.items():
        try:
            answer = getattr(token, function)(*arguments)
        except Exception as error:  # brownie raises several kinds for a function that is not there
            raise DeploymentFailed(
                f"The token {token.address} does not answer {function}(): it must be an ERC-20 with permit "
                f"(ERC-2612) and ERC-3009, as USDC. Name another token. ({error})"
            ) from error
        if function == "decimals" and answer != DECIMALS:
            raise DeploymentFailed(
                f"The token {token.address} has {answer} decimals; prices and bonds of the first rules are "
                f"made for {DECIMALS}. Name another token or change FIRST_RULES in scripts/deployment.py."
            )


def constructor_arguments(at: dict[str, str], token: str, roles: Roles) -> dict[str, tuple[Any, ...]]:
    """What each constructor is given; `at` holds the addresses that all of them will have."""
    timelock, rules, stake = at["TimelockController"], at["CompensationRules"], at["StakeToken"]
    pool, market, rounds = at["RevenuePool"], at["GenerationMarket"], at["TrainingRounds"]
    registry = at["ArtworkRegistry"]
    payees = (roles.platform, roles.network, roles.learning)
    return {
        "TimelockController": (at["MeltingPotGovernor"], TIMELOCK_DELAY_S),
        "CompensationRules": (timelock, tuple(FIRST_RULES.values())),
        "ArtworkRegistry": (at["WorkDisputes"],),
        "WorkDisputes": (token, rules, registry, timelock),
        "StakeToken": (rounds, pool, [at[name] for name in ORDER if name != "StakeToken"] + [token]),
        "RevenuePool": (stake, rules, market),
        "GenerationMarket": (token, rules, pool, registry, timelock, roles.operator, roles.guardian, payees),
        "PrepaidSales": (token, rules, market, registry),
        "GenerationToken": (market, timelock, FIRST_ROYALTY_BPS),
        "TrainingRounds": (token, stake, rules, timelock, roles.proposer, roles.resolver),
        "MeltingPotGovernor": (stake, timelock, roles.guardian),
        "Charter": (timelock, at["MeltingPotGovernor"]),
    }


def check_roles(contracts: dict[str, Any], deployer: str, roles: Roles) -> None:
    """Raise DeploymentFailed unless the timelock administers everything and the deployer nothing."""
    timelock, market = contracts["TimelockController"], contracts["GenerationMarket"]
    rounds, governor = contracts["TrainingRounds"], contracts["MeltingPotGovernor"]
    registry, disputes = contracts["ArtworkRegistry"], contracts["WorkDisputes"]
    nobody = "0x" + "00" * 20
    wanted = {
        timelock: {"DEFAULT_ADMIN_ROLE": timelock, "PROPOSER_ROLE": governor, "CANCELLER_ROLE": governor,
                   "EXECUTOR_ROLE": nobody},
        market: {"DEFAULT_ADMIN_ROLE": timelock, "OPERATOR_ROLE": roles.operator,
                 "GUARDIAN_ROLE": roles.guardian},
        rounds: {"DEFAULT_ADMIN_ROLE": timelock, "RESOLVER_ROLE": timelock, "PROPOSER_ROLE": roles.proposer},
        disputes: {"DEFAULT_ADMIN_ROLE": timelock, "RESOLVER_ROLE": timelock},
    }
    for contract, holders in wanted.items():
        for role, holder in holders.items():
            identifier = getattr(contract, role)()
            if not contract.hasRole(identifier, holder):
                raise DeploymentFailed(f"{contract._name}: {holder} lacks {role}")
            if contract.hasRole(identifier, deployer) and deployer != holder:
                raise DeploymentFailed(f"{contract._name}: the deployer {deployer} holds {role}")
    for contract, getter, holder in ((governor, "guardian", roles.guardian),
                                     (rounds, "bootstrapResolver", roles.resolver)):
        if getattr(contract, getter)() != to_checksum_address(holder):
            raise DeploymentFailed(f"{contract._name}: {holder} is not its {getter}")
    if registry.disputes() != disputes.address:
        raise DeploymentFailed(f"ArtworkRegistry: {registry.disputes()} may move works, not the disputes")
    for name in ("CompensationRules", "Charter", "GenerationToken"):
        if contracts[name].owner() != timelock.address:
            raise DeploymentFailed(f"{name} is owned by {contracts[name].owner()}, not by the timelock")
