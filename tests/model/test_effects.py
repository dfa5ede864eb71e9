"""Effects from retraining: the posterior against a plain Gaussian computation, and what must never matter."""

import numpy as np
import pytest

from model.attribution.effects import _contrasts, fitted_effects
from model.attribution.lds import half_subsets

ARTISTS, MODELS, PICTURES = 9, 12, 5


@pytest.fixture
def world() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Subsets [M, A], losses [M, Q], prior [Q, A] in a unit of its own, and the true effects."""
    random = np.random.default_rng(3)
    subsets = half_subsets(ARTISTS, MODELS, 1)
    true = 0.01 * random.standard_normal((PICTURES, ARTISTS)) * (random.random((PICTURES, ARTISTS)) < 0.5)
    losses = 0.4 - subsets @ true.T + 0.004 * random.standard_normal((MODELS, PICTURES))
    prior = 1000 * (true + 0.005 * random.standard_normal(true.shape))
    return subsets, losses, prior, true


def brute_force(subsets, losses, prior, chosen) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation by the joint Gaussian of constant, effects and losses: no contrasts, no shortcuts.

    The constant has a prior so wide that it says nothing.
    """
    means, deviations = [], []
    for picture, p in enumerate(prior):
        y = -losses[:, picture]
        centred = y - y.mean()
        scale = np.sqrt((centred**2).sum() / (len(y) - 1))
        expected = p / np.sqrt((p**2).mean())
        variance = chosen["t"] * (1 - chosen["c"] + chosen["c"] * expected**2)
        x = np.column_stack([np.ones(len(y)), 2.0 * subsets - 1])
        cov = chosen["noise"] * np.diag([1e8, *variance])
        mu = np.array([0.0, *(chosen["beta"] * expected)])
        seen = x @ cov @ x.T + chosen["noise"] * np.eye(len(y))
        gain = cov @ x.T @ np.linalg.inv(seen)
        mean = mu + gain @ (centred / scale - x @ mu)
        left = np.diag(cov - gain @ x @ cov)
        means.append(2 * scale * mean[1:])
        deviations.append(2 * scale * np.sqrt(left[1:]))
    return np.array(means), np.array(deviations)


def test_the_posterior_is_that_of_the_joint_gaussian(world) -> None:
    subsets, losses, prior, _ = world
    found = fitted_effects(subsets, losses, prior)
    mean, deviation = brute_force(subsets, losses, prior, found.chosen)
    np.testing.assert_allclose(found.mean, mean, rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(found.deviation, deviation, rtol=1e-3)


def test_without_a_prior_it_is_a_ridge_regression(world) -> None:
    """Scores that say nothing: β plays no part, every artist has the same freedom."""
    subsets, losses, _, _ = world
    found = fitted_effects(subsets, losses, np.zeros((PICTURES, ARTISTS)))
    assert found.chosen["beta"] == 0
    x = 2.0 * subsets - 1
    x = x - x.mean(0)
    y = -(losses - losses.mean(0))
    ridge = np.linalg.solve(x.T @ x + np.eye(ARTISTS) / found.chosen["t"], x.T @ y).T
    np.testing.assert_allclose(found.mean, 2 * ridge, rtol=1e-6, atol=1e-12)


def test_known_effects_are_found_and_lie_in_their_intervals(world) -> None:
    subsets, losses, prior, true = world
    found = fitted_effects(subsets, losses, prior)
    assert np.corrcoef(found.mean.ravel(), true.ravel())[0, 1] > 0.9
    inside = np.abs(found.mean - true) <= 1.96 * found.deviation
    assert inside.mean() > 0.85
    alone = fitted_effects(subsets, losses, np.zeros_like(prior))
    assert ((found.mean - true) ** 2).mean() < ((alone.mean - true) ** 2).mean(), "the prior helps"


def test_effects_do_not_depend_on_any_order_or_unit(world) -> None:
    subsets, losses, prior, _ = world
    found = fitted_effects(subsets, losses, prior)
    random = np.random.default_rng(0)
    artists, models = random.permutation(ARTISTS), random.permutation(MODELS)
    turned = fitted_effects(subsets[models][:, artists], losses[models], prior[:, artists])
    np.testing.assert_allclose(turned.mean, found.mean[:, artists], rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(turned.deviation, found.deviation[:, artists], rtol=1e-8)
    scaled = fitted_effects(subsets, 7 * losses + 2, 1e-6 * prior)
    np.testing.assert_allclose(scaled.mean, 7 * found.mean, rtol=1e-8, atol=1e-12)


def test_contrasts_are_orthonormal_and_take_out_the_constant() -> None:
    rows = _contrasts(6)
    np.testing.assert_allclose(rows @ rows.T, np.eye(5), atol=1e-12)
    np.testing.assert_allclose(rows @ np.ones(6), 0, atol=1e-12)


def test_three_retrainings_that_fit_without_a_rest_are_not_believed_without_limit() -> None:
    subsets = np.eye(3, dtype=bool)
    found = fitted_effects(subsets, np.array([[1.0], [2.0], [2.0]]), np.array([[2.0, -1.0, -1.0]]))
    assert np.isfinite(found.mean).all() and (found.deviation >= 0).all()
    assert np.isfinite(list(found.chosen.values())).all()


def test_what_cannot_be_attributed_is_an_error(world) -> None:
    subsets, losses, prior, _ = world
    with pytest.raises(ValueError, match="do not fit together"):
        fitted_effects(subsets, losses, prior.T)
    with pytest.raises(ValueError, match="at least three"):
        fitted_effects(subsets[:2], losses[:2], prior)
    with pytest.raises(ValueError, match="no numbers"):
        fitted_effects(subsets, np.where(losses > 0, np.nan, losses), prior)
    flat = losses.copy()
    flat[:, 1] = 0.5
    with pytest.raises(ValueError, match="the same after every retraining"):
        fitted_effects(subsets, flat, prior)
