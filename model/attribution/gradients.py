"""Gradients of the D-TRAK output function, one a picture, as D numbers.

f = mean(v_θ(x_σ, σ, caption)²), averaged over K fixed noise draws and noise levels (D-TRAK, arXiv
2311.00500; v is what the kind of model predicts: noise, or a velocity). The gradient is taken for the weights
that `Denoiser.watched` names and reduced by a seeded CountSketch, which keeps inner products in expectation
(`per_sample.py`).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from diffusers import DiffusionPipeline

from model.attribution.per_sample import SampleGradients, squared
from model.compute import make_repeatable
from model.denoiser import denoiser_of
from model.settings import AttributionSettings

NETWORKS = ("unet", "text_encoder")


class Gradients:
    """Projected gradients of one checkpoint; `project` gives the same numbers for the same picture and
    caption.
    """

    def __init__(self, pipeline: DiffusionPipeline, settings: AttributionSettings) -> None:
        if pipeline.device.type != "cpu":
            make_repeatable(pipeline.device)
        self.settings = settings
        names = [
            f"{part}.{name}" for part in NETWORKS for name, _ in getattr(pipeline, part).named_parameters()
        ]
        watched = denoiser_of(pipeline).watched(names)
        self.samples = SampleGradients(pipeline, watched, settings.dimensions, settings.seed)
        channels, side = pipeline.unet.config.in_channels, pipeline.unet.config.sample_size
        self.levels = noise_levels(torch.Size((channels, side, side)), settings)

    def project(
        self, images: torch.Tensor, captions: list[str], progress: Callable[[int, int], None] | None = None
    ) -> torch.Tensor:
        """float32 [N, D] on the CPU for pictures uint8 [N, 3, S, S]; `progress(done, N)` after each batch."""
        rows = []
        for first in range(0, len(captions), self.settings.batch_size):
            chosen = slice(first, first + self.settings.batch_size)
            rows.append(
                self.samples.project(images[chosen], captions[chosen], self.levels, (squared,))[:, 0].cpu()
            )
            if progress is not None:
                progress(min(first + self.settings.batch_size, len(captions)), len(captions))
        return torch.cat(rows)


def noise_levels(shape: torch.Size, settings: AttributionSettings) -> list[tuple[float, torch.Tensor]]:
    """K pairs of level and noise [C, H, W]: levels evenly over lowest_noise..1, alike for works and pictures."""
    count, lowest, found = settings.noise_levels, settings.lowest_noise, []
    for number in range(count):
        generator = torch.Generator().manual_seed(settings.seed * 1009 + number + 1)
        level = lowest + (1 - lowest) * (number + 0.5) / count
        found.append((level, torch.randn(shape, generator=generator)))
    return found
