"""Mint amounts: floors per artist, exact shares of learning contributors, never more than the round's budget."""

import pytest
from eth_utils import to_checksum_address
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.training.learning import LearningUnits
from backend.training.report import ALLOCATION_TOTAL, NO_ROOT, mint_of, root_of

MINT = 100_000 * 10**18


def account(number: int) -> str:
    return to_checksum_address(f"0x{number:040x}")


def allocations_from(weights: list[int]) -> dict[str, int]:
    cuts = sorted(weight % (ALLOCATION_TOTAL + 1) for weight in weights)
    edges = [0, *cuts, ALLOCATION_TOTAL]
    return {account(i + 1): b - a for i, (a, b) in enumerate(zip(edges, edges[1:]))}


def test_without_learning_contributors_their_part_is_not_minted():
    mint, leaves, learned = mint_of({account(1): ALLOCATION_TOTAL}, [], MINT, 500, 1)
    assert mint.total == mint.data == leaves[0].amount == 95_000 * 10**18
    assert mint.learning == 0 and learned == [] and root_of(1, learned) == NO_ROOT


def test_an_artist_who_also_gave_compute_has_a_leaf_in_each_part():
    learning = [LearningUnits(account(1), "compute", 3), LearningUnits(account(2), "captions", 1)]
    mint, leaves, learned = mint_of({account(1): ALLOCATION_TOTAL}, learning, MINT, 500, 1)
    assert [(leaf.account, leaf.amount) for leaf in leaves] == [(account(1), 95_000 * 10**18)]
    assert {leaf.account: leaf.amount for leaf in learned} == {
        account(1): 2_000 * 10**18,
        account(2): 3_000 * 10**18,
    }
    assert mint.total == MINT


def test_allocations_must_add_up():
    with pytest.raises(ValueError, match="add up"):
        mint_of({account(1): ALLOCATION_TOTAL - 1}, [], MINT, 500, 1)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.integers(0, 10**9), min_size=0, max_size=30),
    st.lists(st.integers(0, 1000), max_size=5),
    st.integers(1, 10**24),
    st.integers(0, 10_000),
)
def test_a_round_never_mints_more_than_its_budget(weights, units, mint_per_round, bps):
    allocations = allocations_from(weights)
    learning = [LearningUnits(account(i + 20), "captions", u) for i, u in enumerate(units)]
    mint, leaves, learned = mint_of(allocations, learning, mint_per_round, bps, 1)
    learning_budget = mint_per_round * bps // 10_000  # as TrainingRounds computes it
    assert sum(leaf.amount for leaf in leaves) <= mint.data == mint_per_round - learning_budget
    assert sum(leaf.amount for leaf in learned) == mint.learning <= learning_budget
    assert mint.total == sum(leaf.amount for leaf in leaves + learned)
    assert mint.data - mint.total + mint.learning <= len(allocations)
    assert [leaf.account.lower() for leaf in leaves] == sorted(leaf.account.lower() for leaf in leaves)
