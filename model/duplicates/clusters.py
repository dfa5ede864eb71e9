"""Clusters of near-copies: the work that was registered first leads those that copy it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch

from model.dataset import Dataset
from model.duplicates.descriptor import FULL, descriptors, views
from model.duplicates.verdict import Prepared, compare

NEAR = 0.45  # cosine of descriptors from which pictures are laid over each other
MOST = 32  # nearest earlier leaders that a picture is compared with,
CLOSE = 0.8  # and all whose cosine is higher: many like works cannot crowd the one out that was copied
BLOCK = 256  # pictures described or sieved at once


def leaders(
    images: torch.Tensor,
    registered: Sequence[int] = (),
    progress: Callable[[int, int], None] | None = None,
) -> list[int]:
    """For each picture uint8 [N, 3, S, S] the leader of its cluster of near-copies: the earliest leader that it
    copies (`verdict.same_picture`), or itself. A copy of a copy that no longer is one of the leader leads itself.

    `registered` [N] grows with the time of registration; equal or absent times: the order of the pictures.
    `progress(pictures done, pictures)`.
    """
    times = list(registered) or [0] * len(images)
    order = sorted(range(len(images)), key=lambda place: (times[place], place))
    sorted_images = images[order]
    plain = (
        np.concatenate([descriptors(part) for part in sorted_images.split(BLOCK)]).astype(np.float32) / FULL
    )
    framed = (
        np.concatenate([descriptors(views(part)[len(part) :]) for part in sorted_images.split(BLOCK)]).astype(
            np.float32
        )
        / FULL
    )
    lead, leading = [-1] * len(images), np.zeros(len(images), bool)
    for rank, position in enumerate(order):
        near = np.maximum(
            np.maximum(plain[:rank] @ plain[rank], plain[:rank] @ framed[rank]), framed[:rank] @ plain[rank]
        )
        near = np.where(leading[:rank], near, -1.0)
        nearest = np.argsort(-near, kind="stable")[: max(MOST, int((near >= CLOSE).sum()))]
        candidates = sorted(int(i) for i in nearest if near[i] >= NEAR)
        copied = _first_copied(sorted_images, candidates, rank)
        leading[rank] = copied is None
        lead[position] = position if copied is None else order[copied]
        if progress:
            progress(rank + 1, len(order))
    return lead


def _first_copied(images: torch.Tensor, candidates: list[int], rank: int) -> int | None:
    """The earliest of the candidates that the picture copies."""
    if not candidates:
        return None
    verdicts = compare(Prepared.of(images[candidates]), Prepared.of(images[rank : rank + 1]))
    return next((place for place, verdict in zip(candidates, verdicts, strict=True) if verdict.same), None)


def leaders_of(dataset: Dataset) -> list[int]:
    """For each work of the dataset [N] the place of its cluster's leader; found once a dataset."""
    if "leaders" not in dataset.measured:
        registered = [work.registered for work in dataset.works]
        dataset.measured["leaders"] = leaders(dataset.images, registered)
    return list(dataset.measured["leaders"])


def near_copies(dataset: Dataset) -> set[str]:
    """Content hashes of the works that another one leads."""
    lead = leaders_of(dataset)
    return {work.content_hash for place, work in enumerate(dataset.works) if lead[place] != place}
