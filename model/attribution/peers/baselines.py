"""Methods that know nothing of the model: how many works there are, and what the pictures look like."""

from __future__ import annotations

import numpy as np
from torch.nn.functional import normalize

from model.attribution.peers.task import Task, peer
from model.features import picture_features

SIDE_PX = 64  # to which pictures are scaled; the evaluation's have 16 or 32 px


@peer("size")
def size(task: Task) -> np.ndarray:
    """Each work 1/N, whatever was made: an artist's score is their part of the works."""
    return np.full((len(task.prompts), len(task.dataset)), 1 / len(task.dataset))


@peer("feature-cosine")
def feature_cosine(task: Task) -> np.ndarray:
    """Cosine between the pictures' and the works' features of EfficientNet-Lite0 (CLIP's cannot be had).

    The works' mean is taken off first: all cosines would be about alike, and an artist's sum count works.
    """
    works = picture_features(task.dataset.images, SIDE_PX)
    asked = picture_features(task.pictures, SIDE_PX)
    mean = works.mean(0)
    return (normalize(asked - mean).double() @ normalize(works - mean).double().T).numpy()
