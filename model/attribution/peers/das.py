"""DAS, the diffusion attribution score (Lin et al., arXiv 2410.18639), written from its formula.

How far does the output v for a picture move when work i is left out of the training? One Newton step from
the trained weights says Δθᵢ = (JᵀJ + λI)⁻¹ Jᵢᵀrᵢ / (1 − hᵢ), where J = ∂v/∂θ of the works, rᵢ = v − target is
work i's residual and hᵢ its leverage; the score is the expectation over noise levels of |J_picture Δθᵢ|².

Jᵢᵀrᵢ is half the gradient of the squared-error loss, so it needs no output reduced to one number; JᵀJ and the
square over all numbers of v come from random directions (`Projected.along`). The paper solves one system for
each noise level; here, as all levels share the weights, their matrices are added up before solving.
"""

from __future__ import annotations

import numpy as np
import torch

from model.attribution.peers.projected import of_pictures, of_works
from model.attribution.peers.task import Task, peer
from model.attribution.precondition import preconditioned


@peer("das")
def das(task: Task) -> np.ndarray:
    """Mean square change of the output by each work, averaged over checkpoints.

    Never negative: it says how much a work matters, not whether it helps.
    """
    total = torch.zeros(len(task.prompts), len(task.dataset), dtype=torch.float64)
    for pipeline in task.models:
        works, pictures = of_works(task, pipeline), of_pictures(task, pipeline)
        moved = steps(works.along, works.loss / 2, task.settings.damping)
        total += (pictures.along @ moved.T).square().mean(1)
    return (total / len(task.models)).numpy()


def steps(along: torch.Tensor, residual: torch.Tensor, damping: float) -> torch.Tensor:
    """float64 [N, D]: Δθᵢ of each work from its output's directions [N, D] and Jᵢᵀrᵢ [N, D]."""
    leverage = (preconditioned(along, along, damping) * along).sum(1)
    return preconditioned(along, residual, damping) / (1 - leverage).clamp_min(1e-9)[:, None]
