"""Artists' effects from a few retrainings: a cheap attribution says what to expect, retraining corrects it.

M models are trained on subsets S of the artists, and each one's loss on Q pictures is noted. For one picture
    −loss = constant + X·τ + noise,        X = ±1 for artists in and out, τ half an artist's effect.
There are more artists than models, so the data alone decide little. The prior is τ ~ N(β·p, s²·t·diag(v)):
p [A] are scores of a gradient method (D-TRAK), which are right about who matters and wrong about how much,
so that not only the mean but also the freedom v = 1 − c + c·p² / mean p² follows them: where the gradients
see nothing, little is expected and much data is needed to be believed. β, t and c are the ones that make
the observed losses most likely (type-II maximum likelihood; Rasmussen & Williams 2006, 5.4), over all
pictures at once; the outcome of other retrainings plays no part. On one picture artists matter more than on
another: its own t is a multiple of that, averaged over by how likely each makes this picture's losses. With c = 0 and β = 0 this is a ridge
regression, that is a datamodel (arXiv 2202.00622).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

FREEDOM = np.geomspace(1e-3, 1.0, 19)  # t: variance of an artist's effect over that of the noise
FOLLOWING = (0.0, 0.3, 0.6, 0.8, 0.9, 0.97)  # c: how far that variance follows the prior's square
# Multiples of t for single pictures, with their prior weights: within a factor of ten, rather near than far.
MULTIPLES = ((0.1, 0.3), (0.3, 0.8), (1.0, 1.0), (3.0, 0.8), (10.0, 0.3))


@dataclass(frozen=True)
class Effects:
    """mean and deviation float64 [Q, A]: how much each artist lowers the loss on each picture, and the
    posterior standard deviation of that, both in units of the loss.

    `chosen`: the β, t and c that were found, and the logarithm of the likelihood.
    """

    mean: np.ndarray
    deviation: np.ndarray
    chosen: dict[str, float]


def fitted_effects(subsets: np.ndarray, losses: np.ndarray, prior: np.ndarray) -> Effects:
    """Posterior effects from losses [M, Q] of models trained on subsets (bool [M, A]), and prior [Q, A].

    Raises ValueError for shapes that do not fit, for fewer than three models, and for losses that do not
    vary.
    """
    subsets, losses, prior = np.asarray(subsets, bool), np.asarray(losses, float), np.asarray(prior, float)
    _check(subsets, losses, prior)
    contrasts = _contrasts(len(subsets))
    design = contrasts @ (2.0 * subsets - 1)
    outcome = contrasts @ -losses
    scale = np.sqrt((outcome**2).mean(0))
    if not np.ptp(losses, axis=0).all():
        raise ValueError("a picture's loss is the same after every retraining: it cannot be attributed")
    outcome = outcome / scale
    size = np.sqrt((prior**2).mean(1, keepdims=True))
    expected = np.divide(prior, size, out=np.zeros_like(prior), where=size > 0)
    shape = np.where(size > 0, expected**2, 1.0)
    fits = [_fit(design, outcome, expected, shape, t, c) for c in FOLLOWING for t in FREEDOM]
    best = max(fits, key=lambda fit: fit["likelihood"])
    mean, variance = _posterior(design, outcome, expected, shape, best)
    chosen = {name: float(best[name]) for name in ("beta", "t", "c", "noise", "likelihood")}
    return Effects(2 * mean * scale[:, None], 2 * np.sqrt(variance) * scale[:, None], chosen)


def _check(subsets: np.ndarray, losses: np.ndarray, prior: np.ndarray) -> None:
    fits = subsets.ndim == losses.ndim == prior.ndim == 2
    if not fits or len(subsets) != len(losses) or prior.shape != (losses.shape[1], subsets.shape[1]):
        raise ValueError(
            f"subsets {subsets.shape}, losses {losses.shape} and prior {prior.shape} do not fit together; "
            "give [M, A], [M, Q] and [Q, A]"
        )
    if len(subsets) < 3:
        raise ValueError(f"{len(subsets)} retrainings say nothing; give at least three")
    if not (np.isfinite(losses).all() and np.isfinite(prior).all()):
        raise ValueError("losses or prior scores are infinite or no numbers")


def _contrasts(count: int) -> np.ndarray:
    """float64 [count − 1, count]: orthonormal rows that sum to zero (Helmert), to take out the constant."""
    rows = np.tril(np.ones((count - 1, count)), 0)
    for number in range(1, count):
        rows[number - 1, number] = -number
        rows[number - 1] /= np.sqrt(number * (number + 1))
    return rows


def _covariances(design: np.ndarray, shape: np.ndarray, t: float, c: float) -> tuple[np.ndarray, np.ndarray]:
    """(prior variances [Q, A], covariances of the outcome [Q, M − 1, M − 1]), in units of the noise."""
    variance = t * (1 - c + c * shape)
    return variance, (design[None] * variance[:, None]) @ design.T + np.eye(len(design))


def _fit(
    design: np.ndarray, outcome: np.ndarray, expected: np.ndarray, shape: np.ndarray, t: float, c: float
) -> dict[str, float]:
    """β and noise for given t and c, and the logarithm of the likelihood without constants."""
    _, covariance = _covariances(design, shape, t, c)
    seen, told = outcome.T[..., None], (design @ expected.T).T[..., None]  # [Q, M − 1, 1] each
    solved = np.linalg.solve(covariance, np.concatenate([seen, told], 2))
    weight = float((told * solved[..., 1:]).sum())
    beta = float((told * solved[..., :1]).sum()) / weight if weight > 0 else 0.0
    rest, count = seen - beta * told, seen.size
    # Never quite zero: three retrainings can fit without a rest, and would be believed without limit.
    noise = max(1e-9, float((rest * (solved[..., :1] - beta * solved[..., 1:])).sum()) / count)
    determinant = float(np.linalg.slogdet(covariance)[1].sum())
    likelihood = -0.5 * (count * np.log(noise) + determinant)
    return {"t": t, "c": c, "beta": beta, "noise": noise, "likelihood": likelihood}


def _posterior(
    design: np.ndarray, outcome: np.ndarray, expected: np.ndarray, shape: np.ndarray, fit: dict[str, float]
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance [Q, A] of τ in units of the pictures' scale."""
    parts = []
    for multiple, weight in MULTIPLES:
        mean, variance, likelihood = _with_freedom(design, outcome, expected, shape, fit, fit["t"] * multiple)
        parts.append((mean, variance, likelihood + np.log(weight)))
    logs = np.stack([part[2] for part in parts])
    weights = np.exp(logs - logs.max(0))
    weights = (weights / weights.sum(0))[..., None]
    means = np.stack([part[0] for part in parts])
    mean = (weights * means).sum(0)
    spread = np.stack([part[1] for part in parts]) + (means - mean) ** 2
    return mean, (weights * spread).sum(0)


def _with_freedom(
    design: np.ndarray,
    outcome: np.ndarray,
    expected: np.ndarray,
    shape: np.ndarray,
    fit: dict[str, float],
    t: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For one t: mean and variance [Q, A], and each picture's log likelihood [Q]."""
    variance, covariance = _covariances(design, shape, t, fit["c"])
    rest = (outcome - fit["beta"] * design @ expected.T).T[..., None]
    reach = design.T[None] * variance[..., None]  # [Q, A, M − 1]
    solved = np.linalg.solve(covariance, np.concatenate([rest, reach.transpose(0, 2, 1)], 2))
    noise = (rest * solved[..., :1]).sum((1, 2)) / len(design)
    mean = (reach @ solved[..., :1])[..., 0] + fit["beta"] * expected
    known = (reach * solved[..., 1:].transpose(0, 2, 1)).sum(2)
    likelihood = -0.5 * (len(design) * np.log(noise) + np.linalg.slogdet(covariance)[1])
    return mean, noise[:, None] * np.clip(variance - known, 0, None), likelihood
