"""Learning contributions: the budget between kinds, units nobody can pad, and a sum that is exact."""

from pathlib import Path

import pytest
from eth_utils import to_checksum_address
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.training.learning import (
    KIND_BPS,
    UNIT_OPERATIONS,
    WORDS_PER_WORK,
    Caption,
    LearningUnits,
    caption_units,
    compute_units,
    learning_shares,
    units_by_kind,
)
from model.operations import network_operations, training_operations
from model.settings import SMALL
from tests.backend.sales_world import TRAINING, world  # noqa: F401

ACCOUNTS = st.integers(1, 30).map(lambda n: to_checksum_address(f"0x{n:040x}"))
UNITS = st.builds(LearningUnits, ACCOUNTS, st.sampled_from(list(KIND_BPS)), st.integers(0, 10**12))
WORD = st.sampled_from("a red blue Boat boat, sea; sky. the QUIET 日本 storm ü ship's 7 of".split())
TEXT = st.lists(WORD, max_size=30).map(" ".join)
CAPTIONS = st.lists(st.builds(Caption, st.sampled_from(["w1", "w2", "w3"]), ACCOUNTS, TEXT, TEXT), max_size=12)
some = settings(max_examples=200, deadline=None)


def account(number: int) -> str:
    return to_checksum_address(f"0x{number:040x}")


def test_the_kinds_parts_are_the_whole_budget() -> None:
    assert sum(KIND_BPS.values()) == 10_000


def test_each_kind_has_its_part_and_what_nobody_did_goes_to_the_other() -> None:
    both = [LearningUnits(account(1), "compute", 5), LearningUnits(account(2), "captions", 900)]
    assert learning_shares(both, 1_000) == {account(2): 600, account(1): 400}
    assert learning_shares(both[:1], 1_000) == {account(1): 1_000}
    assert learning_shares(both[1:], 1_000) == {account(2): 1_000}
    assert learning_shares([LearningUnits(account(1), "compute", 0)], 1_000) == {}
    assert learning_shares([], 1_000) == {}


def test_negative_units_and_unknown_kinds_are_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        learning_shares([LearningUnits(account(1), "compute", -1)], 10)
    with pytest.raises(ValueError, match="no kind of work"):
        learning_shares([LearningUnits(account(1), "magic", 1)], 10)


@given(st.lists(UNITS, max_size=20), st.integers(0, 10**26), st.randoms(use_true_random=False))
@some
def test_shares_sum_exactly_and_order_plays_no_part(learning, amount, random) -> None:
    shares = learning_shares(learning, amount)
    anything = any(entry.units for entry in learning)
    assert sum(shares.values()) == (amount if anything else 0)
    assert all(part >= 0 for part in shares.values())
    random.shuffle(learning)
    assert learning_shares(learning, amount) == shares


@given(st.lists(UNITS, min_size=1, max_size=10), st.integers(0, 10**26), st.integers(0, 10**12))
@some
def test_a_second_identity_earns_less_than_one_unit_of_money_more_for_each_kind(learning, amount, part) -> None:
    """Whoever splits up units among two accounts can only win what rounding leaves."""
    first = learning[0]
    kept = min(part, first.units)
    split = [
        LearningUnits(first.account, first.kind, kept),
        LearningUnits(account(99), first.kind, first.units - kept),
        *learning[1:],
    ]
    before, after = learning_shares(learning, amount), learning_shares(split, amount)
    both = after.get(first.account, 0) + after.get(account(99), 0)
    assert both <= before.get(first.account, 0) + len(KIND_BPS)


def test_words_that_the_artist_did_not_have_count_once() -> None:
    captions = [
        Caption("w", account(1), "A red boat on a quiet sea", "Red boat"),
        Caption("w", account(2), "quiet quiet SEA, storm", "Red boat"),
        Caption("v", account(2), "storm", "storm"),
    ]
    assert caption_units(captions) == [
        LearningUnits(account(1), "captions", 4),  # a, on, quiet, sea
        LearningUnits(account(2), "captions", 1),  # storm
    ]


def test_long_text_earns_no_more_than_the_cap_whoever_shares_it() -> None:
    long = " ".join(f"word{number}" for number in range(100))
    assert caption_units([Caption("w", account(1), long, "")])[0].units == WORDS_PER_WORK
    halves = [Caption("w", account(1), long[:60], ""), Caption("w", account(2), long, "")]
    assert sum(entry.units for entry in caption_units(halves)) == WORDS_PER_WORK


@given(CAPTIONS, TEXT)
@some
def test_padding_and_repeating_earn_nothing(captions, padding) -> None:
    """The same captions again, or with their own and the artist's words once more, are the same units."""
    found = caption_units(captions)
    assert caption_units([*captions, *captions]) == found
    padded = [Caption(c.content_hash, c.author, f"{c.text} {c.text} {c.own}", c.own) for c in captions]
    assert caption_units(padded) == found
    for entry in found:
        assert 0 < entry.units <= 3 * WORDS_PER_WORK


@given(CAPTIONS)
@some
def test_a_second_identity_brings_no_word_twice(captions) -> None:
    """One author or many: the words of a work are the same."""
    one = [Caption(c.content_hash, account(1), c.text, c.own) for c in captions]
    assert units_by_kind(caption_units(one)) == units_by_kind(caption_units(captions))


def test_compute_is_counted_from_settings_and_shapes(world) -> None:  # noqa: F811
    from backend.training import artifacts, service

    directory: Path = artifacts.model_directory(world.ctx, service.trained_model(world.ctx).model_cid)
    operations = training_operations(TRAINING, network_operations(TRAINING))
    small = training_operations(SMALL, network_operations(SMALL))
    assert compute_units(directory, TRAINING, SMALL, 0) == -(-operations // UNIT_OPERATIONS)
    assert compute_units(directory, TRAINING, SMALL, 16) == -(-(operations + 16 * small) // UNIT_OPERATIONS)
    more = TRAINING.but(steps=2 * TRAINING.steps)
    assert compute_units(directory, more, SMALL, 0) == -(-2 * operations // UNIT_OPERATIONS)
