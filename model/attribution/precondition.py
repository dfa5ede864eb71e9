"""What gradients of many works make of a gradient: the inverse of their damped second moments (arXiv 2303.14186)."""

from __future__ import annotations

import torch


def preconditioned(features: torch.Tensor, vectors: torch.Tensor, damping: float) -> torch.Tensor:
    """float64 [M, D]: vectors [M, D] times (ΦᵀΦ + λI)⁻¹, Φ = features [N, D], λ = damping · trace(ΦᵀΦ)/N > 0.

    Solved in D×D or, by Woodbury's identity, in N×N numbers, whichever are fewer.
    """
    strength = damping * float(features.square().sum(1).mean().clamp_min(1e-30))
    if features.shape[1] <= len(features):
        return _solved(features.T @ features, strength, vectors.T).T
    reduced = _solved(features @ features.T, strength, features @ vectors.T).T @ features
    return (vectors - reduced) / strength


def _solved(matrix: torch.Tensor, strength: float, right: torch.Tensor) -> torch.Tensor:
    """(matrix + strength·I)⁻¹ right; changes `matrix`."""
    matrix.diagonal().add_(strength)
    return torch.cholesky_solve(right, torch.linalg.cholesky(matrix))
