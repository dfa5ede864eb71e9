"""What the rows of the index promise whatever the gradients are: no order, no splitting, no copying changes the sum.

From gradients alone, drawn by hypothesis: what a model would give is one case of it.
"""

import hashlib

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from model.attribution.index import alone, index_of_rows, quantise, work_rows
from model.attribution.shares import TOTAL, allocations, scores, threshold_of
from model.dataset import Dataset, Manifest, WorkRecord

WIDTH = 24
few = settings(max_examples=40, deadline=None)


def market(artist_of: list[int], salt: str = "") -> Dataset:
    """Works of the artists, whose pictures do not matter here; artist n is called by a letter."""
    names = [chr(ord("a") + number) for number in artist_of]
    works = [
        WorkRecord("0x" + hashlib.sha256(f"{salt}{place}".encode()).hexdigest(), "", "", name, str(place))
        for place, name in enumerate(names)
    ]
    artists = sorted(set(names))
    return Dataset(
        Manifest(tuple(works)),
        torch.zeros(len(works), 3, 2, 2, dtype=torch.uint8),
        names,
        artists,
        torch.tensor([artists.index(name) for name in names]),
    )


def rows_of(features: torch.Tensor, damping: float = 0.1) -> torch.Tensor:
    return work_rows(features, damping, alone(features))


def gradients(seed: int, count: int) -> torch.Tensor:
    """Some that are alike and a part that all share, as in a real model."""
    generator = torch.Generator().manual_seed(seed)
    kinds = torch.randn(4, WIDTH, generator=generator)
    drawn = kinds[torch.randint(4, (count,), generator=generator)]
    return drawn + torch.randn(count, WIDTH, generator=generator) + 2 * torch.ones(WIDTH)


artists = st.lists(st.integers(0, 5), min_size=4, max_size=24)
seeds = st.integers(0, 2**20)


@given(artists, seeds)
@few
def test_the_order_of_works_and_names_of_artists_do_not_matter(artist_of, seed) -> None:
    features = gradients(seed, len(artist_of))
    order = np.random.default_rng(seed).permutation(len(artist_of))
    renamed = np.random.default_rng(seed + 1).permutation(6)
    rows = rows_of(features)
    again = rows_of(features[torch.from_numpy(order)])
    torch.testing.assert_close(again, rows[torch.from_numpy(order)], rtol=1e-6, atol=1e-9)
    index = index_of_rows(rows, market(artist_of), range(len(artist_of)))
    other = market([int(renamed[artist_of[place]]) for place in order])
    moved = index_of_rows(rows[torch.from_numpy(order)], other, range(len(artist_of)))
    for number in set(artist_of):
        before = index.rows[index.artists.index(chr(ord("a") + number))].astype(int)
        after = moved.rows[moved.artists.index(chr(ord("a") + int(renamed[number])))].astype(int)
        assert np.abs(before - after).max() <= 1  # sums of the same numbers in another order, rounded


@given(artists, seeds)
@few
def test_splitting_and_merging_artists_changes_no_sum_of_rows(artist_of, seed) -> None:
    """Rows are summed: what ten wallets score together is what one scores, up to the int8 steps."""
    features = gradients(seed, len(artist_of))
    rows = rows_of(features)
    whole = market([0] * len(artist_of))
    parts = market(artist_of)
    one, many = (index_of_rows(rows, dataset, range(len(artist_of))) for dataset in (whole, parts))
    step = one.row_scale + many.row_scale * len(many.artists)
    real = many.rows.astype(float).sum(0) * many.row_scale
    inside = (np.abs(one.rows) < 127).all(0) & (np.abs(many.rows) < 127).all(0)  # not clipped
    assert np.abs(real - one.rows[0] * one.row_scale)[inside].max(initial=0) <= step


@given(artists, seeds, st.integers(2, 10))
@few
def test_identical_works_are_paid_alike_and_together_about_as_one(artist_of, seed, times) -> None:
    features = gradients(seed, len(artist_of))
    copied = torch.cat([features, features[:1].expand(times - 1, -1)])
    rows = rows_of(copied)
    same = [0, *range(len(artist_of), len(copied))]
    for place in same[1:]:
        torch.testing.assert_close(rows[place], rows[0], rtol=1e-6, atol=1e-9)
    weights = alone(copied)[same]
    assert torch.allclose(weights, weights[0]) and float(weights.sum()) <= 1 + 1e-9


@given(artists, seeds)
@few
def test_what_a_picture_pays_is_whole_and_never_negative(artist_of, seed) -> None:
    features = gradients(seed, len(artist_of))
    index = index_of_rows(rows_of(features), market(artist_of), range(len(artist_of)))
    queries = quantise(gradients(seed + 1, 5))
    table = [scores(index.rows, query) for query in queries]
    threshold = threshold_of(table)
    for line in table:
        paid = allocations(dict(zip(index.artists, line, strict=True)), threshold, most=16)
        assert sum(paid.values()) == (TOTAL if any(score > threshold for score in line) else 0)
        assert all(amount > 0 for amount in paid.values())


@given(seeds, st.integers(0, 11), st.floats(0.01, 5))
@few
def test_more_likeness_to_the_picture_never_scores_less(seed, place, more) -> None:
    """φᵢ·M·φ with M fixed is linear: a picture moved towards a work's own row raises that work's score."""
    rows = rows_of(gradients(seed, 12))
    picture = gradients(seed + 1, 1)[0].double()
    assert rows[place] @ (picture + more * rows[place]) >= rows[place] @ picture


@given(st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=12), st.integers(0, 10**8), st.integers(2, 10))
@few
def test_splitting_a_score_never_pays_while_no_part_is_negative(found, threshold, parts) -> None:
    """Each wallet has to exceed the threshold by itself; k wallets pay it k times."""
    line = {str(number): score for number, score in enumerate(found)}
    score = abs(found[0])
    before = allocations({**line, "0": score}, threshold).get("0", 0)
    shares_of = {f"0/{number}": score // parts + (number < score % parts) for number in range(parts)}
    rest = {name: value for name, value in line.items() if name != "0"}
    after = sum(amount for name, amount in allocations({**rest, **shares_of}, threshold).items() if "/" in name)
    assert after <= before + parts  # a unit of rounding each


def test_features_without_any_direction_do_no_harm() -> None:
    weights = alone(torch.ones(5, WIDTH))
    assert torch.isfinite(weights).all() and (weights > 0).all()
    assert alone(torch.eye(WIDTH)).min() == pytest.approx(1)
