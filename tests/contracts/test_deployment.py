"""The deployment: every circle closed, the timelock administers everything, the deployer nothing."""

import json
from dataclasses import fields, replace
from types import SimpleNamespace

import pytest
from brownie import web3

from scripts.deploy import check_same_token, deployer_from, describes_chain, document
from scripts.deployment import DeploymentFailed, Roles, check_addresses, check_roles, check_token, deploy
from scripts.export_abis import DEPLOYED_AS, export_abis, export_code
from tests.contracts.signing import MNEMONIC

ADMIN = "0x" + "00" * 32
NOBODY = "0x" + "00" * 20


def test_contracts_know_each_other(system):
    at = {name: contract.address for name, contract in system.contracts.items()}
    assert system.stake.rounds() == system.rounds and system.rounds.stakeToken() == system.stake
    assert system.stake.pool() == system.pool and system.pool.stakeToken() == system.stake
    assert system.market.pool() == system.pool and system.pool.market() == system.market
    assert system.registry.disputes() == system.disputes and system.disputes.registry() == system.registry
    assert system.charter.governor() == system.governor
    for contract in (system.pool, system.market, system.rounds, system.prepaid, system.disputes):
        assert contract.rules() == at["CompensationRules"]
    for contract in (system.market, system.rounds, system.prepaid, system.disputes):
        assert contract.settlementToken() == at["SettlementToken"]
    for contract in (system.market, system.prepaid):
        assert contract.registry() == at["ArtworkRegistry"]
    for contract in (system.prepaid, system.generation_token):
        assert contract.market() == system.market
        assert system.token.allowance(contract, system.market) == 2**256 - 1
    assert system.governor.token() == system.stake and system.governor.timelock() == system.timelock
    assert system.charter.governor() == system.governor


def test_no_contract_of_the_project_may_hold_stake(system, who):
    assert all(system.stake.isRefused(contract) for contract in system.contracts.values())
    assert not any(system.stake.isRefused(account) for account in vars(who).values())


def test_timelock_administers_everything(system):
    for contract in (system.timelock, system.market, system.rounds, system.disputes):
        assert contract.hasRole(ADMIN, system.timelock)
    for contract in (system.rules, system.charter, system.generation_token):
        assert contract.owner() == system.timelock
    assert system.timelock.getMinDelay() == 2 * 86_400


def test_every_role_has_exactly_its_holders(system, who):
    """Over every contract, every role that its ABI names and every grant since its deployment: nobody else,
    and the deployer, whom nothing was ever granted, least of all."""
    timelock, governor = system.timelock.address, system.governor.address
    wanted = {
        ("TimelockController", "DEFAULT_ADMIN_ROLE"): {timelock},
        ("TimelockController", "PROPOSER_ROLE"): {governor},
        ("TimelockController", "CANCELLER_ROLE"): {governor},
        ("TimelockController", "EXECUTOR_ROLE"): {NOBODY},  # open to all
        ("GenerationMarket", "DEFAULT_ADMIN_ROLE"): {timelock},
        ("GenerationMarket", "OPERATOR_ROLE"): {who.operator.address},
        ("GenerationMarket", "GUARDIAN_ROLE"): {who.guardian.address},
        ("TrainingRounds", "DEFAULT_ADMIN_ROLE"): {timelock},
        ("TrainingRounds", "PROPOSER_ROLE"): {who.proposer.address},
        ("TrainingRounds", "RESOLVER_ROLE"): {timelock},
        ("WorkDisputes", "DEFAULT_ADMIN_ROLE"): {timelock},
        ("WorkDisputes", "RESOLVER_ROLE"): {timelock},
    }
    found = {}
    for name, contract in system.contracts.items():
        names = {entry.get("name") for entry in contract.abi if entry["type"] == "function"}
        if "hasRole" not in names:
            continue
        holders = granted(contract)
        roles = {str(getattr(contract, role)()): role for role in sorted(names) if role.endswith("_ROLE")}
        assert holders.keys() <= roles.keys(), f"{name} granted a role that it does not name"
        found |= {(name, role): holders.get(identifier, set()) for identifier, role in roles.items()}
    assert found == wanted
    assert who.deployer.address not in set().union(*found.values())


def granted(contract):
    """Role (0x hex) → accounts that were granted it and still have it; nobody may ever have lost one."""
    topics = [[web3.keccak(text=f"Role{verb}(bytes32,address,address)") for verb in ("Granted", "Revoked")]]
    logs = web3.eth.get_logs({"fromBlock": 0, "address": contract.address, "topics": topics})
    holders = {}
    for log in logs:
        assert log["topics"][0] == topics[0][0], "a role was given up: it was granted to the wrong one before"
        account = web3.to_checksum_address(log["topics"][2][-20:])
        role = web3.to_hex(log["topics"][1])
        assert contract.hasRole(role, account)
        holders.setdefault(role, set()).add(account)
    return holders


def test_deployer_has_nothing(system, who):
    """No owner anywhere but the timelock, no post that any contract names by an address, no money, no stake."""
    for name, contract in system.contracts.items():
        for entry in contract.abi:
            outputs = [output["type"] for output in entry.get("outputs", ())]
            if entry["type"] == "function" and not entry["inputs"] and outputs == ["address"]:
                holder = getattr(contract, entry["name"])()
                assert holder != who.deployer, f"{name}.{entry['name']}"
                assert entry["name"] != "owner" or holder == system.timelock, name
    assert system.governor.guardian() == who.guardian
    assert system.rounds.bootstrapResolver() == who.resolver
    assert who.deployer.address not in system.market.payees()
    assert system.token.balanceOf(who.deployer) == system.stake.balanceOf(who.deployer) == 0


def test_wrong_roles_are_noticed(system, who):
    roles = Roles(*(getattr(who, field.name).address for field in fields(Roles)))
    check_roles(system.contracts, who.deployer.address, roles)
    with pytest.raises(DeploymentFailed, match="lacks PROPOSER_ROLE"):
        check_roles(system.contracts, who.deployer.address, replace(roles, proposer=who.other.address))
    with pytest.raises(DeploymentFailed, match="is not its bootstrapResolver"):
        check_roles(system.contracts, who.deployer.address, replace(roles, resolver=who.other.address))
    charter = who.deployer.deploy(system.project.Charter, who.deployer, system.governor)
    changed = {**system.contracts, "Charter": charter}
    with pytest.raises(DeploymentFailed, match="Charter is owned by"):
        check_roles(changed, who.deployer.address, roles)
    stranger = who.deployer.deploy(system.project.ArtworkRegistry, who.other)
    with pytest.raises(DeploymentFailed, match="may move works, not the disputes"):
        check_roles({**system.contracts, "ArtworkRegistry": stranger}, who.deployer.address, roles)


@pytest.mark.parametrize("role", ["operator", "proposer", "guardian", "resolver"])
def test_role_for_nobody(system, who, role):
    """Without a proposer no stake ever appears, and without stake no vote could name one."""
    roles = Roles(*(getattr(who, field.name).address for field in fields(Roles)))
    before = who.deployer.nonce
    with pytest.raises(DeploymentFailed, match=f"The {role} is the zero address"):
        deploy(system.project, who.deployer, replace(roles, **{role: "0x" + "00" * 20}))
    assert who.deployer.nonce == before


@pytest.mark.parametrize("role", [field.name for field in fields(Roles)])
@pytest.mark.parametrize("wrong", ["operator.eth", "", "0x01", "70997970C51812dc3A010C7d01b50e0d17dc79C8",
                                   "0x70997970C51812dc3A010C7d01b50e0d17dc79c8"])
def test_role_that_is_no_address(system, who, role, wrong):
    """Refused before anything is sent; a mistyped capital (EIP-55) would give the role to nobody."""
    roles = Roles(*(getattr(who, field.name).address for field in fields(Roles)))
    before = who.deployer.nonce
    with pytest.raises(DeploymentFailed, match=f"The {role} '{wrong}' is no address"):
        deploy(system.project, who.deployer, replace(roles, **{role: wrong}))
    assert who.deployer.nonce == before
    check_addresses(replace(roles, **{role: getattr(roles, role).lower()}))


@pytest.mark.parametrize("missing", ["nonces", "DOMAIN_SEPARATOR", "authorizationState"])
def test_token_without_permit_or_erc3009(system, who, missing):
    class Token:
        address = system.token.address

        def __getattr__(self, name):
            return getattr(system.rules if name == missing else system.token, name)

    check_token(system.token, who.deployer.address)
    with pytest.raises(DeploymentFailed, match=f"does not answer {missing}"):
        check_token(Token(), who.deployer.address)


def test_address_that_is_no_token(system, who):
    roles = Roles(*(getattr(who, field.name).address for field in fields(Roles)))
    # One of its own: brownie from now on reads this address's events as a token's.
    charter = who.deployer.deploy(system.project.Charter, system.timelock, system.governor)
    before = who.deployer.nonce
    with pytest.raises(DeploymentFailed, match=r"does not answer decimals\(\)"):
        deploy(system.project, who.deployer, roles, settlement_token=charter.address)
    assert who.deployer.nonce == before


def test_token_with_other_decimals(system, who):
    """Version 1's price and bonds count in millionths; a vote can only double them."""
    roles = Roles(*(getattr(who, field.name).address for field in fields(Roles)))
    with pytest.raises(DeploymentFailed, match="18 decimals"):
        deploy(system.project, who.deployer, roles, settlement_token=system.stake.address)


def test_file_is_recognised_on_its_own_chain_only(system, who, tmp_path):
    content = document(web3, 31337, 1, who.deployer.address, system.contracts)
    file = tmp_path / "31337.json"
    file.write_text(json.dumps(content))
    assert describes_chain(file, web3)
    assert set(content["contracts"]) == set(DEPLOYED_AS)
    for changed in ({**content, "blockHash": "0x" + "11" * 32}, {**content, "block": 10**9},
                    {**content, "contracts": {**content["contracts"], "Charter": who.other.address}}):
        file.write_text(json.dumps(changed))
        assert not describes_chain(file, web3)
    assert not describes_chain(tmp_path / "none.json", web3)


def test_file_with_another_token_is_not_taken_for_the_one_asked_for(system, who, tmp_path):
    file = tmp_path / "31337.json"
    file.write_text(json.dumps(document(web3, 31337, 1, who.deployer.address, system.contracts)))
    check_same_token(file, None)
    check_same_token(file, system.token.address.lower())
    with pytest.raises(SystemExit, match="settles in"):
        check_same_token(file, system.stake.address)


def test_deployer_that_cannot_deploy(system, who):
    assert deployer_from(MNEMONIC, web3) == who.deployer
    with pytest.raises(SystemExit, match="no BIP-39 phrase"):
        deployer_from("hello world", web3)
    poor = "legal winner thank year wave sausage worth useful legal winner thank yellow"
    dear = SimpleNamespace(eth=SimpleNamespace(gas_price=1, chain_id=31337))  # this chain's own price is 0
    with pytest.raises(SystemExit, match="has 0 wei on chain 31337"):
        deployer_from(poor, dear)


def test_abis(system, tmp_path):
    files = export_abis(system.project, tmp_path)
    assert {f.stem for f in files} == set(DEPLOYED_AS)
    abi = json.loads((tmp_path / "GenerationMarket.json").read_text())
    assert {"CreditsExceedShare", "fulfil", "OrderRequested"} <= {entry.get("name") for entry in abi}


def test_codes_are_what_is_deployed(system, tmp_path):
    files = export_code(system.project, tmp_path)
    assert {f.stem for f in files} == set(DEPLOYED_AS) - {"SettlementToken"}
    assert all(len(bytes.fromhex(f.read_text())) > 1_000 for f in files)
