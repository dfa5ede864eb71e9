"""How far two sets of pictures are apart, from their features.

Kernel distance: the unbiased estimate of the squared maximum mean discrepancy (Gretton et al., JMLR 13, 2012)
with the kernel (x·y/d + 1)³ (Bińkowski et al., arXiv 1801.01401): its expectation does not depend on the
sizes of the sets, and it is zero for two samples of one distribution. Fréchet distance: that of two normal
distributions with the sets' means and covariances (Heusel et al., arXiv 1706.08500), here over the first
principal components of the first set: 1,280 numbers from some hundred pictures have no covariance of full
rank. It grows as sets get smaller, so it is to be compared with that of real sets of the same sizes.
"""

from __future__ import annotations

import torch

COMPONENTS = 32
DRAWS = 200


def kernel_distance(left: torch.Tensor, right: torch.Tensor) -> float:
    """Squared MMD between features [N, F] and [M, F]; may be slightly negative.

    Raises ValueError for fewer than two.
    """
    _expect_two(left, right)
    return _from_kernel(_kernel(torch.cat([left, right]).double()), len(left))


def by_chance(
    left: torch.Tensor, right: torch.Tensor, seed: int = 0, draws: int = DRAWS, high: float = 0.95
) -> float:
    """The kernel distance that `high` of random divisions of both sets together stay below (permutation
    test): what is above it is no accident.
    """
    _expect_two(left, right)
    kernel = _kernel(torch.cat([left, right]).double())
    generator = torch.Generator().manual_seed(seed)
    found = []
    for _ in range(draws):
        order = torch.randperm(len(kernel), generator=generator)
        found.append(_from_kernel(kernel[order][:, order], len(left)))
    return float(torch.tensor(found).quantile(high))


def _kernel(features: torch.Tensor) -> torch.Tensor:
    return (features @ features.T / features.shape[1] + 1) ** 3


def _from_kernel(kernel: torch.Tensor, first: int) -> float:
    """Of a kernel matrix whose first `first` rows are the left set's."""
    second = len(kernel) - first
    left, right, across = kernel[:first, :first], kernel[first:, first:], kernel[:first, first:]
    within = (left.sum() - left.trace()) / (first * (first - 1))
    beyond = (right.sum() - right.trace()) / (second * (second - 1))
    return float(within + beyond - 2 * across.mean())


def frechet_distance(left: torch.Tensor, right: torch.Tensor, components: int = COMPONENTS) -> float:
    """Squared Fréchet distance of features [N, F] and [M, F] over at most `components` principal components
    of `left` (fewer when it has fewer pictures).

    |μ₁ − μ₂|² + tr(Σ₁ + Σ₂ − 2(Σ₁^½ Σ₂ Σ₁^½)^½). Raises ValueError for fewer than two.
    """
    _expect_two(left, right)
    first, second = left.double(), right.double()
    centre = first.mean(0)
    axes = torch.linalg.svd(first - centre, full_matrices=False).Vh[: min(components, len(first) - 1)]
    first, second = (first - centre) @ axes.T, (second - centre) @ axes.T
    spread = torch.atleast_2d(first.T.cov()), torch.atleast_2d(second.T.cov())
    root = _root(spread[0])
    shared = torch.linalg.eigvalsh(root @ spread[1] @ root).clamp_min(0).sqrt().sum()
    apart = (first.mean(0) - second.mean(0)).square().sum()
    return float(apart + spread[0].trace() + spread[1].trace() - 2 * shared)


def _root(matrix: torch.Tensor) -> torch.Tensor:
    """The symmetric square root of a covariance."""
    values, vectors = torch.linalg.eigh(matrix)
    return vectors * values.clamp_min(0).sqrt() @ vectors.T


def _expect_two(*sets: torch.Tensor) -> None:
    if min(len(features) for features in sets) < 2:
        raise ValueError(f"sets of {[len(features) for features in sets]} pictures; give at least two each")
