"""The projected gradients that all gradient methods share, computed once for a task's works and pictures."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from model.attribution.gradients import noise_levels
from model.attribution.peers.task import Task
from model.attribution.per_sample import OutputGradient, SampleGradients, loss, squared
from model.pipeline import MeltingPotPipeline

DIRECTIONS = 2  # of a picture's output at each noise level, for DAS

Level = tuple[float, torch.Tensor]


@dataclass(frozen=True)
class Projected:
    """float64 rows, one a sample: gradients of the training loss [N, D] and of mean(v²) [N, D], both averaged
    over the noise levels, and of the output itself along random signs u: uᵀ∂v/∂θ/√numbers.

    along: for works [N, D], u anew for each number of every level, so that Σ along·alongᵀ is in expectation
    Σ JᵀJ (J = ∂v/∂θ of all levels, over their count of numbers); for pictures [Q, M, D], M directions, each
    within one level, so that mean over M of (along·Δθ)² is in expectation the mean square change of v.
    """

    loss: torch.Tensor
    squared: torch.Tensor
    along: torch.Tensor


def signs(images: torch.Tensor, captions: Sequence[str], shape: torch.Size, salt: str) -> torch.Tensor:
    """±1 [B, …], drawn from what the sample is and not from where it stands."""
    drawn = []
    for image, caption in zip(images, captions, strict=True):
        digest = hashlib.sha256(image.numpy().tobytes() + f"\0{caption}\0{salt}".encode()).digest()
        generator = torch.Generator().manual_seed(int.from_bytes(digest[:7]))
        drawn.append(torch.randint(2, shape, generator=generator))
    return torch.stack(drawn).float() * 2 - 1


def along(direction: torch.Tensor) -> OutputGradient:
    """Output function uᵀv/√numbers for u = direction [B, K, …]."""

    def gradient(velocity: torch.Tensor, _: torch.Tensor) -> torch.Tensor:
        return direction / velocity[0].numel() ** 0.5

    return gradient


def of_works(task: Task, pipeline: MeltingPotPipeline) -> Projected:
    """Rows of the dataset's works, in its order; kept in the task."""

    def compute() -> Projected:
        return _project(task, pipeline, task.dataset.images, task.dataset.captions, _works_batch)

    return _kept(task, "works", (pipeline, task.dataset), (), compute)


def of_pictures(task: Task, pipeline: MeltingPotPipeline) -> Projected:
    """Rows of the task's pictures with their prompts; kept in the task."""

    def compute() -> Projected:
        return _project(task, pipeline, task.pictures, task.prompts, _pictures_batch)

    return _kept(task, "pictures", (pipeline, task.pictures), tuple(task.prompts), compute)


def _kept(task: Task, what: str, of: Sequence[object], more: tuple, compute: Callable[[], Any]) -> Any:
    """A value of the task's cache; `of` is held there too, so that its id stays its own."""
    key = (what, *map(id, of), more, task.parts, task.settings.but(damping=1.0, batch_size=1))
    if key not in task.kept:
        task.kept[key] = (of, compute())
    return task.kept[key][1]


def _project(
    task: Task,
    pipeline: MeltingPotPipeline,
    images: torch.Tensor,
    captions: list[str],
    of_batch: Callable[..., tuple[torch.Tensor, ...]],
) -> Projected:
    settings = task.settings
    gradients = SampleGradients(pipeline, task.parts, settings.dimensions, settings.seed)
    shape = (pipeline.unet.config.in_channels, *images.shape[2:])
    levels = noise_levels(torch.Size((shape[0], shape[1] // 2, shape[2] // 2)), settings)
    rows = []
    for first in range(0, len(captions), settings.batch_size):
        chosen = slice(first, first + settings.batch_size)
        rows.append([part.double() for part in of_batch(gradients, images[chosen], captions[chosen], levels)])
        if task.progress is not None:
            task.progress(min(first + settings.batch_size, len(captions)), len(captions))
    found = Projected(*(torch.cat(column) for column in zip(*rows, strict=True)))
    if not all(bool(part.isfinite().all()) for part in (found.loss, found.squared, found.along)):
        raise ArithmeticError("gradients are infinite or no numbers: this model cannot be attributed")
    return found


def _works_batch(
    gradients: SampleGradients, images: torch.Tensor, captions: list[str], levels: list[Level]
) -> tuple[torch.Tensor, ...]:
    direction = signs(images, captions, torch.Size((len(levels), *levels[0][1].shape)), "work")
    return gradients.project(images, captions, levels, (loss, squared, along(direction))).unbind(1)


def _pictures_batch(
    gradients: SampleGradients, images: torch.Tensor, captions: list[str], levels: list[Level]
) -> tuple[torch.Tensor, ...]:
    """As for works, but each level's directions stay apart: changes are squared before they are averaged."""
    rows = []
    for number, level in enumerate(levels):
        drawn = [
            signs(images, captions, torch.Size((1, *level[1].shape)), f"picture {number} {place}")
            for place in range(DIRECTIONS)
        ]
        rows.append(gradients.project(images, captions, [level], (loss, squared, *map(along, drawn))))
    mean = torch.stack(rows).mean(0)
    return mean[:, 0], mean[:, 1], torch.cat([row[:, 2:] for row in rows], 1)
