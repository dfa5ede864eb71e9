"""The linear datamodelling score, its ceiling and its intervals, against computations by hand."""

import numpy as np
import pytest

from model.attribution import lds


def simulated(seed: int, seeds: int = 2, artists: int = 10, models: int = 40, pictures: int = 12):
    """Subsets, losses [M, R, Q] whose noise is as large as what the artists do, and the true effects."""
    random = np.random.default_rng(seed)
    subsets = lds.half_subsets(artists, models, seed)
    true = random.standard_normal((pictures, artists))
    clean = -(subsets @ true.T)
    noise = random.standard_normal((models, seeds, pictures)) * clean.std(0)
    return subsets, clean[:, None] + noise, true


def test_ranks_share_ties() -> None:
    values = np.array([[3.0, 1.0], [1.0, 1.0], [3.0, 0.0], [2.0, 1.0]])
    np.testing.assert_array_equal(lds.ranks(values), [[2.5, 2], [0, 2], [2.5, 0], [1, 2]])


def test_a_rank_correlation_with_ties_by_hand() -> None:
    # Ranks 0 1.5 1.5 3 and 0 1 2 3, deviations from 1.5: products 2.25 + 0 + 0 + 2.25, squares 4.5 and 5.
    found = lds.correlations(lds.ranks(np.array([1.0, 2, 2, 5])), lds.ranks(np.array([10.0, 20, 30, 40])))
    assert found == pytest.approx(4.5 / np.sqrt(4.5 * 5.0))


def test_what_does_not_vary_correlates_with_nothing() -> None:
    assert lds.correlations(np.array([1.0, 1.0]), np.array([0.0, 1.0])) == 0


def test_the_score_by_hand() -> None:
    """Three subsets, one picture: what the effects foresee rises where the loss falls, but for one pair."""
    subsets = np.eye(3, dtype=bool)
    losses = np.array([0.1, 0.3, 0.2]).reshape(3, 1, 1)
    assert lds.score(np.array([[3.0, 1.0, 2.0]]), subsets, losses) == pytest.approx(1)
    assert lds.score(np.array([[1.0, 3.0, 2.0]]), subsets, losses) == pytest.approx(-1)
    assert lds.score(np.array([[3.0, 2.0, 1.0]]), subsets, losses) == pytest.approx(0.5)


def test_halves_are_exact_different_and_apart() -> None:
    first = lds.half_subsets(9, 20, 1)
    assert first.shape == (20, 9) and (first.sum(1) == 4).all()
    second = lds.half_subsets(9, 20, 1, apart_from=first)
    assert len({row.tobytes() for row in (*first, *second)}) == 40
    np.testing.assert_array_equal(first, lds.half_subsets(9, 20, 1))
    assert not np.array_equal(first, lds.half_subsets(9, 20, 2))
    assert len(lds.half_subsets(4, 6, 0)) == 6
    with pytest.raises(ValueError, match="ask for fewer"):
        lds.half_subsets(4, 7, 0)


def test_a_perfect_prediction_reaches_the_ceiling_and_no_more() -> None:
    """Over thirty simulated studies: the true effects score what the ceiling says, on average."""
    gaps = []
    for seed in range(30):
        subsets, losses, true = simulated(seed)
        gaps.append(lds.score(true, subsets, losses) - lds.ceiling(losses)[0])
    mean, error = np.mean(gaps), np.std(gaps) / np.sqrt(len(gaps))
    assert abs(mean) < 0.03 and mean < 3 * error + 0.02, (mean, error)


def test_more_seeds_raise_the_ceiling() -> None:
    _, losses, _ = simulated(1, seeds=6)
    few, many = lds.ceiling(losses[:, :2])[0], lds.ceiling(losses)[0]
    assert few < many < 1
    with pytest.raises(ValueError, match="at least two"):
        lds.ceiling(losses[:, :1])


def test_exchanged_names_score_nothing() -> None:
    subsets, losses, true = simulated(2)
    null = lds.permutation_null(true, subsets, losses, 200, 0)
    assert abs(null.mean()) < 0.05
    assert lds.score(true, subsets, losses) > null.max()


def test_the_bootstrap_repeats_itself_and_holds_the_value() -> None:
    subsets, losses, true = simulated(3)
    methods = {"true": true, "none": np.random.default_rng(0).standard_normal(true.shape)}
    one = lds.bootstrap(methods, subsets, losses, 100, 7)
    two = lds.bootstrap(methods, subsets, losses, 100, 7)
    other = lds.bootstrap(methods, subsets, losses, 100, 8)
    for name in methods:
        np.testing.assert_array_equal(one[name], two[name])
        assert not np.array_equal(one[name], other[name])
    value = lds.score(true, subsets, losses)
    found = lds.scored(value, one["true"])
    assert found.low < value < found.high and found.to_json()[0] == round(value, 4)
    assert lds.scored(0.0, one["none"]).low < 0 < lds.scored(0.0, one["none"]).high
