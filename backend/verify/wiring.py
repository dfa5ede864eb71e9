"""Who may do what: the contracts know each other, and no key but the timelock administers any of them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from backend.verify.checks import Findings
from backend.verify.facts import Facts

if TYPE_CHECKING:
    from web3.contract import Contract

    from backend.chain.contracts import Contracts

ADMIN_ROLE = "0x" + "00" * 32


def check_wiring(facts: Facts, findings: Findings) -> None:
    """Addresses fixed at deployment, owners, and the holders of every role by the events."""
    wanted = _addresses(facts.ctx.contracts)
    problems = []
    for (contract, name), other in wanted.items():
        told = facts.call(contract.get_function_by_name(name)())
        if told != other.address:
            problems.append(f"{name} of {contract.address} is {told}, not {other.address}")
    findings.none_of("The contracts are wired to each other", problems, f"{len(wanted)} addresses")
    findings.expect(
        "Every event of the contracts is known",
        not facts.undecoded,
        f"{len(facts.events)} events read, {facts.undecoded} of a kind that the ABIs do not name",
    )
    _check_roles(facts, findings)


def _addresses(c: Contracts) -> dict[tuple[Contract, str], Contract]:
    """(contract, view) → the contract whose address it must give."""
    return {
        (c.rules, "owner"): c.timelock,
        (c.charter, "owner"): c.timelock,
        (c.registry, "disputes"): c.disputes,
        (c.disputes, "registry"): c.registry,
        (c.disputes, "rules"): c.rules,
        (c.disputes, "settlementToken"): c.token,
        (c.stake, "rounds"): c.rounds,
        (c.stake, "pool"): c.pool,
        (c.pool, "market"): c.market,
        (c.pool, "stakeToken"): c.stake,
        (c.pool, "rules"): c.rules,
        (c.market, "pool"): c.pool,
        (c.market, "registry"): c.registry,
        (c.market, "rules"): c.rules,
        (c.market, "settlementToken"): c.token,
        (c.prepaid, "market"): c.market,
        (c.prepaid, "registry"): c.registry,
        (c.prepaid, "rules"): c.rules,
        (c.prepaid, "settlementToken"): c.token,
        (c.generation_token, "market"): c.market,
        (c.generation_token, "owner"): c.timelock,
        (c.rounds, "stakeToken"): c.stake,
        (c.rounds, "rules"): c.rules,
        (c.rounds, "settlementToken"): c.token,
        (c.governor, "token"): c.stake,
        (c.governor, "timelock"): c.timelock,
        (c.charter, "governor"): c.governor,
    }


def role_holders(facts: Facts, contract: str) -> dict[str, set[str]]:
    """Role (0x hex) → accounts that hold it, by the grants and revocations since deployment."""
    holders: dict[str, set[str]] = defaultdict(set)
    for event in facts.of(contract, "RoleGranted", "RoleRevoked"):
        change = (
            holders[event.args["role"]].add
            if event.name == "RoleGranted"
            else holders[event.args["role"]].discard
        )
        change(event.args["account"])
    return holders


def _check_roles(facts: Facts, findings: Findings) -> None:
    c = facts.ctx.contracts
    resolver = "0x" + facts.call(c.rounds.functions.RESOLVER_ROLE()).hex()
    proposer = "0x" + facts.call(c.timelock.functions.PROPOSER_ROLE()).hex()
    canceller = "0x" + facts.call(c.timelock.functions.CANCELLER_ROLE()).hex()
    wanted = {
        ("market", ADMIN_ROLE): c.timelock,
        ("rounds", ADMIN_ROLE): c.timelock,
        ("disputes", ADMIN_ROLE): c.timelock,
        ("timelock", ADMIN_ROLE): c.timelock,
        ("timelock", proposer): c.governor,
        ("timelock", canceller): c.governor,
    }
    problems = []
    for (contract, role), holder in wanted.items():
        told = role_holders(facts, contract)[role]
        if told != {holder.address}:
            problems.append(
                f"role {role[:10]} of {contract} is held by {sorted(told)}, not by {holder.address} alone"
            )
    problems += [
        f"{account} resolves for {contract}, and no vote made it so"
        for contract in ("rounds", "disputes")
        for account in role_holders(facts, contract)[resolver] - _voted(facts, contract, resolver)
        if account != c.timelock.address
    ]
    findings.none_of(
        "The timelock alone administers, the governor alone proposes and cancels there",
        problems,
        f"{len(wanted)} roles",
    )


def _voted(facts: Facts, contract: str, role: str) -> set[str]:
    """Accounts to which the timelock granted the role: the holders may name a resolver beside it."""
    return {
        event.args["account"]
        for event in facts.of(contract, "RoleGranted")
        if event.args["role"] == role and event.args["sender"] == facts.ctx.contracts.timelock.address
    }
