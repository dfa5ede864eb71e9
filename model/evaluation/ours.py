"""Our method as a peer: artists' effects by retraining on halves of the artists, for any task.

Only artists have effects; for the peers' interface an artist's effect is divided equally among the artist's
works, so that summing them gives it back.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from model.attribution import lds
from model.attribution.effects import fitted_effects
from model.attribution.ensemble import Scorer, mean_scores, of_one_size
from model.attribution.peers.task import PEERS, Task, artist_scores
from model.attribution.retraining import Pictures, Retraining, part_of, picture_losses, retrain
from model.pipeline import MeltingPotPipeline
from model.settings import RetrainSettings, TrainSettings


@dataclass(frozen=True)
class Halves:
    """What training on halves of a dataset's artists left: subsets bool [M, A], networks, and the artists of
    each with their gradients.
    """

    subsets: np.ndarray
    networks: list[MeltingPotPipeline]
    scorers: list[Scorer]


@dataclass
class Ours:
    """Trains the halves at its first call for a dataset and keeps the networks."""

    training: TrainSettings
    settings: RetrainSettings = field(default_factory=RetrainSettings)
    _trained: dict[str, Halves] = field(default_factory=dict)
    _told: dict[tuple[str, str], tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)

    def __call__(self, task: Task) -> np.ndarray:
        """float64 [Q, N]."""
        dataset = task.dataset
        losses, expected = self._outcomes(task, Pictures(task.pictures, list(task.prompts)))
        prior = artist_scores(PEERS["d-trak"](task), dataset.artist_of, len(dataset.artists))
        subsets = self._halves(task).subsets
        effects = fitted_effects(subsets, losses, of_one_size(prior) + expected).mean
        counts = np.bincount(dataset.artist_of.numpy(), minlength=len(dataset.artists))
        return (effects / counts)[:, dataset.artist_of.numpy()]

    def _outcomes(self, task: Task, pictures: Pictures) -> tuple[np.ndarray, np.ndarray]:
        """(losses [M, Q], what the networks' gradients say [Q, A]); once for the same pictures."""
        key = (task.dataset.manifest.root(), pictures.digest())
        if key not in self._told:
            halves, artists = self._halves(task), task.dataset.artists
            losses = [picture_losses(one, pictures, self.settings).mean(1).numpy() for one in halves.networks]
            tables = []
            for scorer in halves.scorers:
                table = np.zeros((len(pictures), len(artists)))
                columns = [artists.index(artist) for artist in scorer.dataset.artists]
                table[:, columns] = scorer.scores(pictures.images, pictures.prompts)
                tables.append(table)
            self._told[key] = np.stack(losses), mean_scores(tables, halves.subsets)
        return self._told[key]

    def _halves(self, task: Task) -> Halves:
        key = task.dataset.manifest.root()
        if key not in self._trained:
            count, artists = self.settings.retrains, len(task.dataset.artists)
            subsets = lds.half_subsets(artists, count, self.settings.subsets_seed)
            networks, scorers = [], []
            for number, subset in enumerate(subsets):
                if task.progress is not None:
                    task.progress(number, count)
                network = retrain(task.dataset, self.training, Retraining(subset, self.settings.training_seed))
                part = part_of(task.dataset, subset)
                networks.append(network)
                scorers.append(Scorer(network, part, self.settings.scores().but(seed=number)))
            self._trained[key] = Halves(subsets, networks, scorers)
        return self._trained[key]
