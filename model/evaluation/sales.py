"""A market in small: train the small network, index its works, and share out the same pictures as sales are.

What decides a sale's shares here is the code of the served model: gradients, index, threshold, allocations. Only
the network is smaller, and training and gradients are kept apart so that a relabelled dataset costs nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import torch

from model.attribution import shares
from model.attribution.contribution import MOST_PAID, THRESHOLD_PERCENT
from model.attribution.index import ArtistIndex, index_of_rows, quantise
from model.attribution.peers.projected import noise_levels
from model.attribution.per_sample import SampleGradients, squared
from model.attribution.retraining import Pictures, Retraining, retrain, shrunk
from model.dataset import Dataset, Manifest, caption_of, pixels_of
from model.evaluation.heldout import part_of
from model.pipeline import MeltingPotPipeline
from model.sample import generate
from model.settings import AttributionSettings, SampleSettings, TrainSettings


class Projector(Protocol):
    """`attribution.gradients.Gradients`, or what stands in for it."""

    def project(self, images: torch.Tensor, captions: list[str]) -> torch.Tensor:
        """float32 [N, D] of pictures uint8 [N, 3, S, S] with captions."""


class EveryWeight:
    """Gradients of D-TRAK's output with respect to all weights of the network and of the text encoder."""

    def __init__(self, pipeline: MeltingPotPipeline, settings: AttributionSettings) -> None:
        self.settings = settings
        parts = ("unet.", "text_encoder.")
        self.gradients = SampleGradients(pipeline, parts, settings.dimensions, settings.seed)

    def project(self, images: torch.Tensor, captions: list[str]) -> torch.Tensor:
        side = images.shape[-1] // 2
        levels = noise_levels(torch.Size((12, side, side)), self.settings)
        width = self.settings.batch_size
        return torch.cat(
            [
                self.gradients.project(
                    images[first : first + width], captions[first : first + width], levels, (squared,)
                )[:, 0]
                for first in range(0, len(captions), width)
            ]
        )


def evaluation_set(dataset: Dataset, least: int) -> Dataset:
    """The works of artists with at least `least` works; of the tags only the last (OpenMoji: the group).

    Raises ValueError when fewer than two artists are left.
    """
    counts = Counter(work.artist for work in dataset.works)
    places = [place for place, work in enumerate(dataset.works) if counts[work.artist] >= least]
    works = []
    for place in places:
        work = dataset.works[place]
        works.append(replace(work, tags=work.tags[-1:], caption=caption_of(work.title, work.tags[-1:])))
    manifest = Manifest(tuple(works), dataset.manifest.context)
    artists = manifest.artists
    if len(artists) < 2:
        raise ValueError(f"{len(artists)} artists have {least} works or more: give more works, or ask for fewer")
    artist_of = torch.tensor([artists.index(work.artist) for work in works], dtype=torch.int64)
    return Dataset(manifest, dataset.images[places], [work.caption for work in works], artists, artist_of)


def small_of(dataset: Dataset, size: int) -> Dataset:
    """The same works at `size` px."""
    images = shrunk(dataset.images, size)
    return Dataset(dataset.manifest, images, dataset.captions, dataset.artists, dataset.artist_of)


def trained(
    dataset: Dataset, settings: TrainSettings, subset: np.ndarray | None = None
) -> MeltingPotPipeline:
    """The small network after training on the works of `subset` (bool [A]; all when absent)."""
    chosen = np.ones(len(dataset.artists), dtype=bool) if subset is None else subset
    return retrain(small_of(dataset, settings.size), settings, Retraining(chosen, settings.seed))


def asked_of(pipeline: MeltingPotPipeline, dataset: Dataset, count: int, seed: int) -> Pictures:
    """`count` generated pictures; prompts are titles of works spread evenly over the manifest's order."""
    count = min(count, len(dataset))
    prompts = [dataset.works[place * len(dataset) // count].title for place in range(count)]
    drawing = SampleSettings(steps=10, guidance=2.0, output_size=0, batch_size=16)
    made = generate(pipeline, prompts, [seed + number for number in range(count)], drawing)
    side = pipeline.unet.config.sample_size * 2
    return Pictures(torch.stack([pixels_of(picture, side) for picture in made]), prompts)


@dataclass(frozen=True)
class Features:
    """Gradients in one model: works float32 [N, D] in the dataset's order, queries int8 [Q, D]."""

    works: torch.Tensor
    queries: np.ndarray


def features_of(
    projector: Projector, dataset: Dataset, pictures: Pictures, known: Mapping[str, torch.Tensor] | None = None
) -> Features:
    """Of a dataset's works and of the pictures; `known`: rows by content hash that need no second pass."""
    known = known or {}
    new = [place for place, work in enumerate(dataset.works) if work.content_hash not in known]
    rows = dict(known)
    if new:
        images = shrunk(dataset.images[new], pictures.images.shape[-1])
        found = projector.project(images, [dataset.captions[place] for place in new])
        rows |= {dataset.works[place].content_hash: row for place, row in zip(new, found, strict=True)}
    works = torch.stack([rows[work.content_hash] for work in dataset.works])
    return Features(works, quantise(projector.project(pictures.images, pictures.prompts)))


def distinct(dataset: Dataset, lead: Sequence[int]) -> Dataset:
    """The works that lead their clusters: what counts, and what is to be trained on."""
    return part_of(dataset, sorted(set(lead)))


def table_of(index: ArtistIndex, queries: np.ndarray) -> np.ndarray:
    """int64 [Q, A]: scores of the pictures."""
    return np.array([shares.scores(index.rows, query) for query in queries], dtype=np.int64)


def paid(artists: Sequence[str], table: np.ndarray, threshold: int) -> list[dict[str, int]]:
    """What each picture's sale pays by artist, of 10**9."""
    return [
        shares.allocations(dict(zip(artists, map(int, line), strict=True)), threshold, most=MOST_PAID)
        for line in table
    ]


def parts_of(dataset: Dataset, rows: torch.Tensor, queries: np.ndarray) -> dict[str, float]:
    """Artist → part of all the pictures' money, with the threshold that these pictures' scores give; rows
    [N, D] of the dataset's works.
    """
    index = index_of_rows(rows, dataset, range(len(dataset)))
    table = table_of(index, queries)
    sales = paid(index.artists, table, shares.threshold_of(table.tolist(), THRESHOLD_PERCENT))
    total = sum(sum(sale.values()) for sale in sales)
    return {artist: sum(sale.get(artist, 0) for sale in sales) / max(total, 1) for artist in index.artists}
