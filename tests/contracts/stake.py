"""Stake by the only way there is: a round proposed, its window waited for, finalised, claimed."""

from types import SimpleNamespace
from typing import Any

from eth_abi import encode
from eth_utils import keccak

from tests.contracts.clock import DAY, forward, mine_at, now
from tests.contracts.merkle import Tree

TOKEN = 10**18
BOND = 100 * 10**6
ARTISTS, LEARNING = 0, 1  # ITrainingRounds.Part
PROPOSED, FINALISED, REJECTED = 1, 2, 3  # ITrainingRounds.State
OPEN, UPHELD, REFUSED, LAPSED, CLOSED = 1, 2, 3, 4, 5  # ITrainingRounds.ChallengeState
NOTHING = b"\0" * 32
EVIDENCE = b"\x66" * 32
Allocations = list[tuple[Any, int]]  # account, stake in its smallest unit


def leaf(round_id: int, account: Any, amount: int) -> bytes:
    account = str(getattr(account, "address", account))
    return keccak(keccak(encode(["uint256", "address", "uint256"], [round_id, account, amount])))


def proposal(root: bytes, **changes: Any) -> tuple[Any, ...]:
    fields = {"modelDigest": b"\x01" * 32, "datasetRoot": b"\x02" * 32, "reportDigest": b"\x03" * 32,
              "allocationsRoot": root, "learningRoot": NOTHING, "settingsHash": b"\x04" * 32, "seed": 7}
    return tuple({**fields, **changes}.values())


def fund(system: SimpleNamespace, account: Any, amount: int, spender: Any) -> None:
    """Settlement tokens for `account`, approved for `spender`."""
    system.token.mint(account, amount, {"from": account})
    system.token.approve(spender, amount, {"from": account})


def tree_of(round_id: int, allocations: Allocations) -> Tree:
    return Tree([leaf(round_id, account, amount) for account, amount in allocations])


def await_interval(system: SimpleNamespace) -> None:
    """Move the time on until the next round may be proposed."""
    latest = system.rounds.nextRoundId() - 1
    view = system.rounds.rounds(latest).dict()
    earliest = view["proposedAt"] + system.rules.current()[10]
    if latest and view["state"] != REJECTED and now() < earliest:
        mine_at(earliest)


def propose(
    system: SimpleNamespace, who: SimpleNamespace, allocations: Allocations, learning: Allocations = ()
) -> tuple[int, Tree]:
    """A proposed round with these allocations, once the mint interval lets it; its id and the artists' tree."""
    await_interval(system)
    round_id = system.rounds.nextRoundId()
    tree = tree_of(round_id, allocations)
    fund(system, who.proposer, BOND, system.rounds)
    changes = {"learningRoot": tree_of(round_id, learning).root} if learning else {}
    system.rounds.propose(round_id, proposal(tree.root, **changes), {"from": who.proposer})
    return round_id, tree


def challenge(
    system: SimpleNamespace, who: SimpleNamespace, round_id: int, challenger: Any = None
) -> int:
    """A challenge of the round's leaf of who.artist; its id."""
    challenger = challenger or who.challenger
    fund(system, challenger, BOND, system.rounds)
    tx = system.rounds.challenge(round_id, who.artist, TOKEN, EVIDENCE, {"from": challenger})
    return tx.events["RoundChallenged"]["challengeId"]


def finalised(
    system: SimpleNamespace, who: SimpleNamespace, allocations: Allocations, learning: Allocations = ()
) -> tuple[int, Tree]:
    round_id, tree = propose(system, who, allocations, learning)
    forward(3 * DAY + 1)
    system.rounds.finalise(round_id, {"from": who.other})
    return round_id, tree


def mint(system: SimpleNamespace, who: SimpleNamespace, allocations: Allocations) -> int:
    """Stake in the accounts' hands; the round's id."""
    round_id, tree = finalised(system, who, allocations)
    accounts, amounts = zip(*allocations)
    proofs = [tree.proof(leaf(round_id, a, n)) for a, n in allocations]
    system.rounds.claimMany(round_id, ARTISTS, accounts, amounts, proofs, {"from": who.relayer})
    return round_id
