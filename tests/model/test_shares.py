"""Integer shares: they sum exactly, are never negative, and more score never gives less."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.attribution.shares import TOTAL, allocations, largest_remainder, scores, threshold_of

NAMES = [f"0x{n:040x}" for n in range(12)]
SCORES = st.dictionaries(st.sampled_from(NAMES), st.integers(-(10**9), 10**9), max_size=12)
THRESHOLDS = st.integers(0, 10**8)
MOST = st.none() | st.integers(1, 12)
CAP = st.none() | st.integers(1, TOTAL)


@given(SCORES, THRESHOLDS, st.integers(0, TOTAL), MOST, CAP)
@settings(max_examples=300, deadline=None)
def test_they_sum_to_the_total_or_are_empty(found, threshold, total, most, cap) -> None:
    shared = allocations(found, threshold, total, most, cap)
    above = [artist for artist, score in found.items() if score > threshold]
    assert sum(shared.values()) == (total if above else 0)
    assert all(amount > 0 for amount in shared.values())
    assert set(shared) <= set(above)
    assert most is None or len(shared) <= most


@given(
    SCORES, THRESHOLDS, st.sampled_from(NAMES), st.integers(0, 10**9), MOST, st.none() | st.integers(1, 1000)
)
@settings(max_examples=300, deadline=None)
def test_more_score_never_gives_less(found, threshold, artist, more, most, cap) -> None:
    before = allocations(found, threshold, 1000, most, cap).get(artist, 0)
    raised = {**found, artist: found.get(artist, 0) + more} if artist in found else found
    assert allocations(raised, threshold, 1000, most, cap).get(artist, 0) >= before


@given(SCORES, THRESHOLDS, st.integers(1, TOTAL))
@settings(max_examples=200, deadline=None)
def test_the_cap_holds_unless_all_together_could_not_take_the_total(found, threshold, cap) -> None:
    shared = allocations(found, threshold, TOTAL, cap=cap)
    above = sum(score > threshold for score in found.values())
    assert not shared or max(shared.values()) <= max(cap, -(-TOTAL // above))


@given(SCORES, THRESHOLDS)
@settings(max_examples=100, deadline=None)
def test_the_order_of_the_artists_does_not_matter(found, threshold) -> None:
    assert allocations(found, threshold) == allocations(dict(reversed(list(found.items()))), threshold)


@given(st.dictionaries(st.sampled_from(NAMES), st.integers(1, 10**12), min_size=1), st.integers(0, TOTAL))
@settings(max_examples=200, deadline=None)
def test_largest_remainders_stay_within_one_of_the_exact_part(weights, total) -> None:
    whole = sum(weights.values())
    for artist, amount in largest_remainder(weights, total).items():
        assert abs(amount * whole - total * weights[artist]) < whole


def test_ties_go_to_the_lower_address() -> None:
    assert allocations({NAMES[2]: 5, NAMES[1]: 5, NAMES[0]: 5}, 0, 10) == {
        NAMES[0]: 4,
        NAMES[1]: 3,
        NAMES[2]: 3,
    }
    assert allocations({NAMES[2]: 5, NAMES[1]: 5}, 0, 10, most=1) == {NAMES[1]: 10}


def test_scores_are_exact_where_int8_would_overflow() -> None:
    rows = np.full((2, 4096), -128, dtype=np.int8)
    rows[1] = 127
    assert scores(rows, np.full(4096, -128, dtype=np.int8)) == [4096 * 128 * 128, -4096 * 127 * 128]


def test_scores_refuse_what_is_not_int8() -> None:
    with pytest.raises(TypeError, match="int8"):
        scores(np.ones((2, 3)), np.ones(3, dtype=np.int8))
    with pytest.raises(ValueError, match="do not fit"):
        scores(np.ones((2, 3), dtype=np.int8), np.ones(4, dtype=np.int8))


def test_the_threshold_mirrors_the_negative_scores() -> None:
    assert threshold_of([list(range(-100, 0)), [5000]]) == 96
    assert threshold_of([[1, 2, 3]]) == 0
    assert threshold_of([[-7]]) == 7
