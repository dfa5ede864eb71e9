"""Our method as a peer: artists' effects by retraining on halves of the artists, for any task.

Only artists have effects; for the peers' interface an artist's effect is divided equally among the artist's
works, so that summing them gives it back.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from model.attribution import lds
from model.attribution.effects import fitted_effects
from model.attribution.ensemble import mean_scores, of_one_size, scores_of
from model.attribution.peers.task import PEERS, Task, artist_scores
from model.attribution.retraining import Pictures, Retraining, part_of, picture_losses, retrain
from model.pipeline import MeltingPotPipeline
from model.settings import RetrainSettings, TrainSettings


@dataclass
class Ours:
    """Trains the halves at its first call for a dataset and keeps the networks."""

    training: TrainSettings
    settings: RetrainSettings = field(default_factory=RetrainSettings)
    _networks: dict[str, list[MeltingPotPipeline]] = field(default_factory=dict)

    def __call__(self, task: Task) -> np.ndarray:
        """float64 [Q, N]."""
        dataset = task.dataset
        subsets = lds.half_subsets(len(dataset.artists), self.settings.retrains, self.settings.subsets_seed)
        networks = self._trained(task, subsets)
        pictures = Pictures(task.pictures, list(task.prompts))
        losses = np.stack([picture_losses(one, pictures, self.settings).mean(1).numpy() for one in networks])
        tables = [
            self._scores(task, network, subset) for network, subset in zip(networks, subsets, strict=True)
        ]
        prior = artist_scores(PEERS["d-trak"](task), dataset.artist_of, len(dataset.artists))
        effects = fitted_effects(subsets, losses, of_one_size(prior) + mean_scores(tables, subsets)).mean
        counts = np.bincount(dataset.artist_of.numpy(), minlength=len(dataset.artists))
        return (effects / counts)[:, dataset.artist_of.numpy()]

    def _trained(self, task: Task, subsets: np.ndarray) -> list[MeltingPotPipeline]:
        key = task.dataset.manifest.root()
        if key not in self._networks:
            self._networks[key] = []
            for number, subset in enumerate(subsets):
                if task.progress is not None:
                    task.progress(number, len(subsets))
                run = Retraining(subset, self.settings.training_seed)
                self._networks[key].append(retrain(task.dataset, self.training, run))
        return self._networks[key]

    def _scores(self, task: Task, network: MeltingPotPipeline, subset: np.ndarray) -> np.ndarray:
        part, artists = part_of(task.dataset, subset), task.dataset.artists
        own = scores_of(network, part, task.pictures, list(task.prompts), self.settings.scores())
        found = np.zeros((len(task.prompts), len(artists)))
        found[:, [artists.index(artist) for artist in part.artists]] = own
        return found
