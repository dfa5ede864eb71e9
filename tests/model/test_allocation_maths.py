"""Scores to integers over full ranges: what `make prove` shows of few artists, here of many, by the code.

A score is a sum of int8 products over a whole index, so 64 bits bound it; a total is a sale's or a round's.
"""

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from model.attribution.shares import TOTAL, allocations, largest_remainder

ADDRESSES = st.integers(0, 2**160 - 1).map(lambda n: f"0x{n:040x}")
SCORE = st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3)
SCORES = st.dictionaries(ADDRESSES, SCORE, max_size=60)
WEIGHTS = st.dictionaries(ADDRESSES, st.integers(1, 2**63 - 1) | st.integers(1, 3), min_size=1, max_size=60)
THRESHOLD = st.integers(0, 2**63 - 1) | st.integers(0, 3)
TOTALS = st.sampled_from([0, 1, 2, TOTAL]) | st.integers(0, 2**128)
many = settings(max_examples=400, deadline=None)


@given(SCORES, THRESHOLD, TOTALS)
@many
def test_they_sum_to_the_total_and_are_never_negative(scores, threshold, total) -> None:
    shared = allocations(scores, threshold, total)
    anybody = any(score > threshold for score in scores.values())
    assert sum(shared.values()) == (total if anybody else 0)
    assert all(amount > 0 and scores[artist] > threshold for artist, amount in shared.items())


@given(WEIGHTS, TOTALS)
@many
def test_each_is_the_floor_of_the_exact_part_or_one_more(weights, total) -> None:
    whole = sum(weights.values())
    given_ = largest_remainder(weights, total)
    assert sum(given_.values()) == total
    raised = [artist for artist in weights if given_[artist] != total * weights[artist] // whole]
    assert all(given_[artist] == total * weights[artist] // whole + 1 for artist in raised)
    assert len(raised) < len(weights)
    # Who is rounded up has a remainder, and one no smaller than any who is not.
    remainder = {artist: Fraction(total * weights[artist], whole) % 1 for artist in weights}
    assert all(remainder[artist] > 0 for artist in raised)
    least = min((remainder[artist] for artist in raised), default=Fraction(1))
    assert all(remainder[artist] <= least for artist in weights if artist not in raised)


@given(
    SCORES,
    THRESHOLD,
    TOTALS,
    st.none() | st.integers(1, 60),
    st.none() | st.integers(1, 2**128),
    st.randoms(use_true_random=False),
)
@many
def test_the_order_of_the_artists_never_matters(scores, threshold, total, most, cap, random) -> None:
    shuffled = list(scores.items())
    random.shuffle(shuffled)
    assert allocations(scores, threshold, total, most, cap) == allocations(
        dict(shuffled), threshold, total, most, cap
    )


@given(st.sets(ADDRESSES, min_size=1, max_size=60), st.integers(1, 2**63 - 1), TOTALS)
@many
def test_equal_scores_get_equal_parts_and_the_lower_addresses_the_units_left(artists, score, total) -> None:
    shared = allocations(dict.fromkeys(artists, score), 0, total)
    each, left = divmod(total, len(artists))
    expected = {artist: each + (i < left) for i, artist in enumerate(sorted(artists))}
    assert shared == {artist: amount for artist, amount in expected.items() if amount}


@given(SCORES, THRESHOLD, TOTALS, st.integers(1, 60))
@many
def test_only_the_best_are_given_anything(scores, threshold, total, most) -> None:
    shared = allocations(scores, threshold, total, most)
    assert len(shared) <= most
    left_out = [score for artist, score in scores.items() if score > threshold and artist not in shared]
    if shared and left_out:
        assert max(left_out) <= max(scores[artist] for artist in shared)
    assert all(shared[a] >= shared[b] for a in shared for b in shared if scores[a] > scores[b])


@given(SCORES, THRESHOLD, TOTALS, st.integers(1, 2**128))
@many
def test_the_cap_is_kept_while_all_together_can_take_the_total(scores, threshold, total, cap) -> None:
    shared = allocations(scores, threshold, total, cap=cap)
    above = sum(score > threshold for score in scores.values())
    assert sum(shared.values()) == (total if above else 0)
    assert all(amount <= max(cap, -(-total // above)) for amount in shared.values())
