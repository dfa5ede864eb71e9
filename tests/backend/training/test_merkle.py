"""Proofs of the tree pass Solidity's rule, nothing else does; roots equal those of @openzeppelin/merkle-
tree.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.training.merkle import Leaf, StandardTree, hash_pair, leaf_hash, verify_proof

LEAVES = st.lists(
    st.tuples(st.integers(1, 2**160 - 1), st.integers(0, 2**128)),
    min_size=1,
    max_size=40,
    unique_by=lambda pair: pair[0],
).map(lambda pairs: [Leaf(f"0x{account:040x}", amount) for account, amount in pairs])


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 2**64), LEAVES)
def test_every_proof_verifies_and_no_other_amount_does(round_id, leaves):
    tree = StandardTree(round_id, leaves)
    for i, leaf in enumerate(leaves):
        proof = tree.proof(i)
        assert verify_proof(tree.root, leaf_hash(round_id, leaf), proof)
        assert not verify_proof(tree.root, leaf_hash(round_id, Leaf(leaf.account, leaf.amount + 1)), proof)
        assert not verify_proof(tree.root, leaf_hash(round_id + 1, leaf), proof)


@settings(max_examples=30, deadline=None)
@given(LEAVES)
def test_root_does_not_depend_on_the_order_of_the_leaves(leaves):
    assert StandardTree(1, leaves).root == StandardTree(1, leaves[::-1]).root


def test_layout_is_the_standard_tree_of_openzeppelin():
    """Three leaves a < b < c stand as heap [root, (b c), ...]: nodes[2..4] = c, b, a; node 1 = (b, a)."""
    leaves = [Leaf(f"0x{i:040x}", i) for i in (1, 2, 3)]
    a, b, c = sorted(leaf_hash(7, leaf) for leaf in leaves)
    assert StandardTree(7, leaves).root == hash_pair(hash_pair(b, a), c)


def test_single_leaf_is_its_own_root():
    leaf = Leaf(f"0x{5:040x}", 10)
    tree = StandardTree(1, [leaf])
    assert tree.root == leaf_hash(1, leaf) and tree.proof(0) == []


def test_same_account_twice_is_refused():
    with pytest.raises(ValueError, match="twice"):
        StandardTree(1, [Leaf(f"0x{5:040x}", 10), Leaf(f"0x{5:040x}", 11)])


def test_no_leaves_are_refused():
    with pytest.raises(ValueError, match="at least one"):
        StandardTree(1, [])
