"""What an attribution method of others is asked, and what it answers: one call, one table of scores.

    from model.attribution.peers.task import PEERS, Task, artist_scores
    scores = PEERS["d-trak"](task)                                   # float64 [Q, N]
    by_artist = artist_scores(scores, dataset.artist_of, len(dataset.artists))
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from model.dataset import Dataset
from model.pipeline import MeltingPotPipeline
from model.settings import AttributionSettings


@dataclass(frozen=True)
class Task:
    """Which works influenced what `pipeline` makes of these pictures and prompts.

    pictures: uint8 [Q, 3, S, S], S as in the dataset; prompts: Q texts, may be empty.
    settings: dimensions, noise levels, damping (λ relative to trace/N, above zero), seed, batch size.
    checkpoints: further ones of the run or of other seeds, for TracIn and for ensembles.
    rates: learning rates at (pipeline, *checkpoints) for TracIn; empty: all alike.
    parts: prefixes of the weights that are looked at, "unet." or "text_encoder." and what follows.
    Gradients are kept in `kept`, and `dataclasses.replace` carries them along: another damping or other
    pictures cost no second pass over the works.
    """

    pipeline: MeltingPotPipeline
    dataset: Dataset
    pictures: torch.Tensor
    prompts: list[str]
    settings: AttributionSettings
    checkpoints: tuple[MeltingPotPipeline, ...] = ()
    rates: tuple[float, ...] = ()
    parts: tuple[str, ...] = ("unet.", "text_encoder.")
    progress: Callable[[int, int], None] | None = field(default=None, repr=False, compare=False)
    kept: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        size = self.dataset.images.shape[1:]
        if self.pictures.dtype != torch.uint8 or self.pictures.shape[1:] != size:
            raise ValueError(
                f"pictures are {self.pictures.dtype} {tuple(self.pictures.shape)}; give uint8 [Q, "
                f"{', '.join(map(str, size))}] like the dataset's (model.dataset.pixels_of)"
            )
        if len(self.prompts) != len(self.pictures) or not self.prompts:
            raise ValueError(f"{len(self.pictures)} pictures and {len(self.prompts)} prompts; give one each")
        if self.settings.damping <= 0:
            raise ValueError(f"damping is {self.settings.damping}; give a number above zero")
        if self.rates and len(self.rates) != len(self.models):
            raise ValueError(f"{len(self.rates)} rates for {len(self.models)} checkpoints; give one each")

    @property
    def models(self) -> tuple[MeltingPotPipeline, ...]:
        """All checkpoints, that of the question first."""
        return (self.pipeline, *self.checkpoints)


Peer = Callable[[Task], np.ndarray]  # float64 [Q, N]; higher: the work lowers that picture's loss more
PEERS: dict[str, Peer] = {}


def peer(name: str) -> Callable[[Peer], Peer]:
    """Enter a method under its name in `PEERS`."""

    def enter(method: Peer) -> Peer:
        PEERS[name] = method
        return method

    return enter


def artist_scores(scores: np.ndarray, artist_of: np.ndarray | torch.Tensor, artists: int) -> np.ndarray:
    """float64 [Q, A]: sums of scores [Q, N] over each artist's works; artist_of int [N] in 0..A−1."""
    position = np.asarray(artist_of)
    if scores.ndim != 2 or position.shape != scores.shape[1:]:
        raise ValueError(f"scores {scores.shape} of works and artist_of {position.shape} do not fit together")
    summed = np.zeros((len(scores), artists))
    np.add.at(summed.T, position, scores.T)
    return summed
