"""TRAK (Park et al., arXiv 2303.14186) and D-TRAK (Zheng et al., arXiv 2311.00500).

With Φ [N, D] the projected gradients of an output function for the works and φ that of a picture, the
influence of work i is φ(ΦᵀΦ + λI)⁻¹Φᵢ·qᵢ, averaged over checkpoints. qᵢ is the derivative of its training
loss with respect to the output function.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from model.attribution.peers.projected import Projected, of_pictures, of_works
from model.attribution.peers.task import Task, peer
from model.attribution.precondition import preconditioned


@peer("trak")
def trak(task: Task) -> np.ndarray:
    """Output function: the training loss itself, so qᵢ = 1 (a regression has no probability to weigh by)."""
    return _mean_over_checkpoints(task, lambda projected: projected.loss)


@peer("d-trak")
def d_trak(task: Task) -> np.ndarray:
    """Output function: mean(v²) for works and pictures, and qᵢ = 1, as its paper found to rank best; the
    velocity of flow matching stands in the place of the predicted noise.
    """
    return _mean_over_checkpoints(task, lambda projected: projected.squared)


def _mean_over_checkpoints(task: Task, output: Callable[[Projected], torch.Tensor]) -> np.ndarray:
    total = torch.zeros(len(task.prompts), len(task.dataset), dtype=torch.float64)
    for pipeline in task.models:
        works, pictures = output(of_works(task, pipeline)), output(of_pictures(task, pipeline))
        total += preconditioned(works, pictures, task.settings.damping) @ works.T
    return (total / len(task.models)).numpy()
