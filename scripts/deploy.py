"""Deploy all contracts to a running chain and write deployments/<chainId>.json.

    .venv/bin/python scripts/deploy.py --rpc-url http://127.0.0.1:8545 --mnemonic "test test ... junk" \\
        --operator 0x.. --proposer 0x.. --platform 0x.. --network 0x.. --learning 0x.. --guardian 0x.. \\
        --resolver 0x..

Run from the project root. Does nothing when the file already describes this chain,
unless --force is given. Outside the development chain (31337) --settlement-token must name an ERC-20 with
permit and ERC-3009.
"""

import argparse
import json
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts.export_abis import export_abis, export_code, load_project, write_whole  # noqa: E402

NETWORK_ID = "meltingpot-deploy"


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--rpc-url", required=True, help="JSON-RPC address of a running chain")
    parser.add_argument("--mnemonic", required=True, help="words of the deployer; - reads standard input")
    for role in ("operator", "proposer", "platform", "network", "learning", "guardian", "resolver"):
        parser.add_argument(f"--{role}", required=True, help=f"address of the {role}")
    parser.add_argument("--settlement-token", help="ERC-20 to settle in; left out on 31337: a mock")
    parser.add_argument("--out", default="deployments", help="folder of the result (default: deployments)")
    parser.add_argument("--force", action="store_true", help="deploy again over a file that fits")
    return parser.parse_args(arguments)


def connect(rpc_url: str) -> Any:
    """Connect brownie to a running chain, without its network file and launching nothing; its web3."""
    from brownie import network
    from brownie._config import CONFIG

    import scripts.brownie_fixes  # noqa: F401

    # With a `cmd` brownie treats the chain as a development one: no artefacts of deployments in build/.
    CONFIG.networks[NETWORK_ID] = {"id": NETWORK_ID, "host": rpc_url, "cmd": "anvil", "cmd_settings": {}}
    network.connect(NETWORK_ID, launch_rpc=False)
    if not network.is_connected():
        raise SystemExit(f"No chain answers at {rpc_url}. Start one (make up) or correct --rpc-url.")
    network.gas_limit("auto")
    network.gas_price("auto")
    return network.web3


def describes_chain(file: Path, web3: Any) -> bool:
    """Whether the file's deployment is on this chain: same block, code at every address."""
    try:
        known = json.loads(file.read_text())
        block = web3.eth.get_block(known["block"])
        return web3.to_hex(block["hash"]) == known["blockHash"] and all(
            web3.eth.get_code(address) for address in known["contracts"].values()
        )
    except Exception:  # no such file, another format, or no such block: nothing known about this chain
        return False


def check_same_token(file: Path, token: str | None) -> None:
    """Exit when the deployment in the file settles in another token than the one asked for."""
    deployed = json.loads(file.read_text())["contracts"]["SettlementToken"]
    if token is not None and token.lower() != deployed.lower():
        raise SystemExit(
            f"{file} describes a deployment that settles in {deployed}, not in {token}. Leave "
            "--settlement-token out to keep it, or deploy anew with --force."
        )


def deployer_from(words: str, web3: Any) -> Any:
    """The first account of the mnemonic, which can pay for the deployment; exits when there is none."""
    from brownie import accounts
    from eth_utils import ValidationError

    from scripts.deployment import DEPLOYMENT_GAS

    try:
        deployer = accounts.from_mnemonic(words, count=1)
    except ValidationError:
        raise SystemExit("--mnemonic is no BIP-39 phrase: check its words and their order.") from None
    needed = DEPLOYMENT_GAS * web3.eth.gas_price
    if deployer.balance() < needed:
        raise SystemExit(
            f"The deployer {deployer.address} has {deployer.balance()} wei on chain {web3.eth.chain_id}; the "
            f"deployment may cost {needed} wei at the present gas price. Send it the native coin."
        )
    return deployer


def main() -> int:
    options = parse()
    project = load_project()
    export_abis(project)
    export_code(project)
    web3 = connect(options.rpc_url)
    chain_id = web3.eth.chain_id
    file = Path(options.out) / f"{chain_id}.json"
    if not options.force and describes_chain(file, web3):
        check_same_token(file, options.settlement_token)
        print(f"{file} already describes this chain; nothing to do, whatever roles were named "
              "(--force deploys again)")
        return 0

    from scripts.deployment import DEVELOPMENT_CHAIN_ID, DeploymentFailed, Roles, check_addresses, deploy

    token = options.settlement_token
    if token is None and chain_id != DEVELOPMENT_CHAIN_ID:
        raise SystemExit(f"Chain {chain_id} is no development chain: name the token with --settlement-token.")
    roles = Roles(**{field.name: getattr(options, field.name) for field in fields(Roles)})
    words = sys.stdin.readline().strip() if options.mnemonic == "-" else options.mnemonic
    try:
        check_addresses(roles, token)
        if token is not None and not web3.eth.get_code(web3.to_checksum_address(token)):
            raise SystemExit(f"There is no contract at --settlement-token {token} on chain {chain_id}.")
        deployer = deployer_from(words, web3)
        first_block = web3.eth.block_number + 1
        contracts = deploy(project, deployer, roles, token, progress=print)
    except DeploymentFailed as failure:
        raise SystemExit(str(failure)) from failure
    file.parent.mkdir(parents=True, exist_ok=True)
    result = document(web3, chain_id, first_block, deployer.address, contracts)
    write_whole(file, json.dumps(result, indent=2) + "\n")
    print(f"Wrote {file}")
    return 0


def document(
    web3: Any, chain_id: int, block: int, deployer: str, contracts: dict[str, Any]
) -> dict[str, Any]:
    """What deployments/<chainId>.json says; `block` is the first that can hold an event of theirs."""
    return {
        "chainId": chain_id,
        "block": block,
        "blockHash": web3.to_hex(web3.eth.get_block(block)["hash"]),
        "deployer": deployer,
        "contracts": {name: contract.address for name, contract in sorted(contracts.items())},
    }


if __name__ == "__main__":
    sys.exit(main())
