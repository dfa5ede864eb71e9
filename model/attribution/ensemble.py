"""What to expect of an artist, by the retrained small networks themselves: D-TRAK in each of them.

A gradient method looks at one training; which artists it names is partly that training's accident. Every
network that was trained on a half of the artists can be asked as well, for nothing but its gradients, and an
artist's score is the mean over the networks that were trained on the artist. TRAK's authors found the mean
over models to count most (arXiv 2303.14186, section 3).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from model.attribution.gradients import Gradients
from model.attribution.peers.task import artist_scores
from model.attribution.precondition import preconditioned
from model.dataset import Dataset
from model.pipeline import MeltingPotPipeline
from model.settings import AttributionSettings


class Scorer:
    """D-TRAK in one network, of the dataset that it was trained on; the works' gradients are taken once."""

    def __init__(
        self, pipeline: MeltingPotPipeline, dataset: Dataset, settings: AttributionSettings
    ) -> None:
        self.dataset, self.settings = dataset, settings
        self.gradients = Gradients(pipeline, settings)
        self.works = self._rows(dataset.images, dataset.captions)

    def scores(self, images: torch.Tensor, prompts: Sequence[str]) -> np.ndarray:
        """float64 [Q, A] of the dataset's artists, for pictures uint8 [Q, 3, S, S]."""
        asked = self._rows(images, prompts)
        by_work = (preconditioned(self.works, asked, self.settings.damping) @ self.works.T).numpy()
        return artist_scores(by_work, self.dataset.artist_of, len(self.dataset.artists))

    def _rows(self, images: torch.Tensor, captions: Sequence[str]) -> torch.Tensor:
        """float64 [N, D]."""
        return self.gradients.project(images, list(captions)).double()


def mean_scores(tables: Sequence[np.ndarray], subsets: np.ndarray) -> np.ndarray:
    """float64 [Q, A]: the mean of tables [Q, A] over the subsets (bool [M, A]) that an artist stands in, each
    picture's scores first brought to one size; 0 for an artist who stands in none.
    """
    total = sum(of_one_size(table) for table in tables)
    return np.asarray(total) / np.maximum(np.asarray(subsets, bool).sum(0), 1)


def of_one_size(table: np.ndarray) -> np.ndarray:
    """Scores [Q, A], each picture's divided by their root sum of squares; zeros stay."""
    size = np.sqrt((np.asarray(table, dtype=float) ** 2).sum(1, keepdims=True))
    return np.divide(table, size, out=np.zeros(table.shape), where=size > 0)
