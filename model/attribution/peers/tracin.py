"""TracIn (Pruthi et al., arXiv 2002.08484): how much gradient steps on a work lowered a picture's loss."""

from __future__ import annotations

import numpy as np
import torch

from model.attribution.peers.projected import of_pictures, of_works
from model.attribution.peers.task import Task, peer


@peer("tracin")
def tracin(task: Task) -> np.ndarray:
    """Σ over checkpoints of rate · ⟨∇loss(picture), ∇loss(work)⟩."""
    total = torch.zeros(len(task.prompts), len(task.dataset), dtype=torch.float64)
    for pipeline, rate in zip(task.models, task.rates or (1.0,) * len(task.models), strict=True):
        total += rate * of_pictures(task, pipeline).loss @ of_works(task, pipeline).loss.T
    return total.numpy()
