"""Stake by the only way there is: a round proposed, its window waited for, finalised, claimed."""

from types import SimpleNamespace
from typing import Any

from eth_abi import encode
from eth_utils import keccak

from tests.contracts.clock import DAY, forward
from tests.contracts.merkle import Tree

TOKEN = 10**18
BOND = 100 * 10**6
Allocations = list[tuple[Any, int]]  # account, stake in its smallest unit


def leaf(round_id: int, account: Any, amount: int) -> bytes:
    account = str(getattr(account, "address", account))
    return keccak(keccak(encode(["uint256", "address", "uint256"], [round_id, account, amount])))


def proposal(root: bytes, **changes: Any) -> tuple[Any, ...]:
    fields = {"modelDigest": b"\x01" * 32, "datasetRoot": b"\x02" * 32, "reportDigest": b"\x03" * 32,
              "allocationsRoot": root, "settingsHash": b"\x04" * 32, "seed": 7}
    return tuple({**fields, **changes}.values())


def fund(system: SimpleNamespace, account: Any, amount: int, spender: Any) -> None:
    """Settlement tokens for `account`, approved for `spender`."""
    system.token.mint(account, amount, {"from": account})
    system.token.approve(spender, amount, {"from": account})


def propose(system: SimpleNamespace, who: SimpleNamespace, allocations: Allocations) -> tuple[int, Tree]:
    """A proposed round with these allocations; its id and tree."""
    round_id = system.rounds.nextRoundId()
    tree = Tree([leaf(round_id, a, n) for a, n in allocations])
    fund(system, who.proposer, BOND, system.rounds)
    system.rounds.propose(round_id, proposal(tree.root), {"from": who.proposer})
    return round_id, tree


def finalised(system: SimpleNamespace, who: SimpleNamespace, allocations: Allocations) -> tuple[int, Tree]:
    round_id, tree = propose(system, who, allocations)
    forward(3 * DAY + 1)
    system.rounds.finalise(round_id, {"from": who.other})
    return round_id, tree


def mint(system: SimpleNamespace, who: SimpleNamespace, allocations: Allocations) -> int:
    """Stake in the accounts' hands; the round's id."""
    round_id, tree = finalised(system, who, allocations)
    accounts, amounts = zip(*allocations)
    proofs = [tree.proof(leaf(round_id, a, n)) for a, n in allocations]
    system.rounds.claimMany(round_id, accounts, amounts, proofs, {"from": who.relayer})
    return round_id
