"""Merkle tree of a round's allocations, the same tree as OpenZeppelin's StandardMerkleTree.

Leaf: keccak256(keccak256(abi.encode(uint256 roundId, address account, uint256 amount))), hashed twice so
that an inner node can never pass for a leaf. Pairs are hashed in sorted order, leaves are sorted by hash
and stand reversed at the end of an array heap of 2n - 1 nodes. `MerkleProof.verify` on the chain accepts
every proof made here.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from eth_abi import encode
from eth_utils import keccak


@dataclass(frozen=True)
class Leaf:
    """What one account may claim from a round: `amount` in the smallest unit of the stake token."""

    account: str
    amount: int


def leaf_hash(round_id: int, leaf: Leaf) -> bytes:
    """32 bytes: the double hash of (round, account, amount)."""
    return keccak(keccak(encode(["uint256", "address", "uint256"], [round_id, leaf.account, leaf.amount])))


def hash_pair(a: bytes, b: bytes) -> bytes:
    """OpenZeppelin's commutative pair hash."""
    return keccak(a + b if a < b else b + a)


def verify_proof(root: bytes, leaf: bytes, proof: Sequence[bytes]) -> bool:
    """Solidity's `MerkleProof.verify`."""
    node = leaf
    for sibling in proof:
        node = hash_pair(node, sibling)
    return node == root


class HashTree:
    """OpenZeppelin's StandardMerkleTree over leaves that are hashed already. Raises ValueError without any."""

    def __init__(self, hashes: Sequence[bytes]):
        if not hashes:
            raise ValueError("A tree needs at least one leaf.")
        order = sorted(range(len(hashes)), key=lambda i: hashes[i])
        self._nodes = _heap([hashes[i] for i in order])
        last = len(self._nodes) - 1
        self._position = {leaf_index: last - rank for rank, leaf_index in enumerate(order)}

    @property
    def root(self) -> bytes:
        """32 bytes that go on the chain."""
        return self._nodes[0]

    def proof(self, index: int) -> list[bytes]:
        """Siblings from leaf `index` (in the order given) up to the root."""
        position, siblings = self._position[index], []
        while position > 0:
            siblings.append(self._nodes[position + 1 if position % 2 else position - 1])
            position = (position - 1) // 2
        return siblings


class StandardTree(HashTree):
    """Tree over a round's leaves. Raises ValueError without leaves or when an account stands twice."""

    def __init__(self, round_id: int, leaves: Sequence[Leaf]):
        if not leaves:
            raise ValueError("A round needs at least one allocation: nobody would be able to claim anything.")
        accounts = [leaf.account.lower() for leaf in leaves]
        if len(set(accounts)) != len(accounts):
            raise ValueError("An account stands twice among the leaves: add its amounts up to one leaf.")
        self.round_id = round_id
        self.leaves = tuple(leaves)
        super().__init__([leaf_hash(round_id, leaf) for leaf in leaves])


def _heap(sorted_hashes: list[bytes]) -> list[bytes]:
    """Array heap: leaves reversed at the end, each inner node i over 2i + 1 and 2i + 2."""
    count = len(sorted_hashes)
    nodes = [b""] * (count - 1) + sorted_hashes[::-1]
    for i in range(count - 2, -1, -1):
        nodes[i] = hash_pair(nodes[2 * i + 1], nodes[2 * i + 2])
    return nodes
