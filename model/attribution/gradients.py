"""Per-sample gradients of the D-TRAK output function, projected to D numbers.

f = mean(v_θ(x_σ, σ, caption)²), averaged over K fixed noise draws and noise levels (D-TRAK, arXiv
2311.00500; v is what the kind of model predicts: noise, or a velocity). The gradient is taken for a part of
the weights alone (`Denoiser.watched`: the later half of the project's own network, or an adapter) and reduced
by a seeded CountSketch, which keeps inner products in expectation.
"""

from __future__ import annotations

import copy
from collections.abc import Callable

import torch
from diffusers import DiffusionPipeline
from diffusers.models.attention_processor import AttnProcessor
from torch.func import functional_call, grad, vmap

from model.compute import make_repeatable
from model.denoiser import Text, denoiser_of
from model.settings import AttributionSettings


class Gradients:
    """Projected gradients of one checkpoint; `project` gives the same numbers for the same picture and
    caption. Computed on the pipeline's device; what is random is drawn on the CPU.
    """

    def __init__(self, pipeline: DiffusionPipeline, settings: AttributionSettings) -> None:
        self.pipeline, self.settings, self.device = pipeline, settings, pipeline.device
        if self.device.type != "cpu":
            make_repeatable(self.device)
        self.denoiser = denoiser_of(pipeline)
        self.unet = copy.deepcopy(pipeline.unet).eval()
        self.unet.set_attn_processor(AttnProcessor())  # the fused attention has no batching rule under vmap
        state = {name: weight.detach() for name, weight in self.unet.named_parameters()}
        watched = set(self.denoiser.watched(list(state)))
        self.watched = {name: weight for name, weight in state.items() if name in watched}
        self.frozen = {name: weight for name, weight in state.items() if name not in watched}
        generator = torch.Generator().manual_seed(settings.seed)
        self.buckets, self.signs = {}, {}
        for name, weight in self.watched.items():
            bucket = torch.randint(settings.dimensions, (weight.numel(),), generator=generator)
            sign = torch.randint(2, (weight.numel(),), generator=generator).float() * 2 - 1
            self.buckets[name], self.signs[name] = bucket.to(self.device), sign.to(self.device)

    def project(
        self, images: torch.Tensor, captions: list[str], progress: Callable[[int, int], None] | None = None
    ) -> torch.Tensor:
        """float32 [N, D] on the CPU for pictures uint8 [N, 3, S, S]; `progress(done, N)` after each batch."""
        rows = []
        for first in range(0, len(captions), self.settings.batch_size):
            chosen = slice(first, first + self.settings.batch_size)
            rows.append(self._batch(images[chosen], captions[chosen]))
            if progress is not None:
                progress(min(first + self.settings.batch_size, len(captions)), len(captions))
        return torch.cat(rows)

    def _batch(self, images: torch.Tensor, captions: list[str]) -> torch.Tensor:
        ids, mask = (part.to(self.device) for part in self.denoiser.tokens(captions))
        with torch.no_grad():
            pictures = self.denoiser.clean(images.to(self.device))
            text = self.denoiser.encode(ids, mask)
        total = torch.zeros(len(captions), self.settings.dimensions, device=self.device)
        per_sample = vmap(grad(self._output), in_dims=(None, 0, None, text.batched()))
        levels, lowest = self.settings.noise_levels, self.settings.lowest_noise
        for number in range(levels):
            noise = torch.randn(
                pictures.shape[1:],
                generator=torch.Generator().manual_seed(self.settings.seed * 1009 + number + 1),
            )
            level = torch.tensor(lowest + (1 - lowest) * (number + 0.5) / levels, device=self.device)
            noisy = self.denoiser.mixed(pictures, noise.to(self.device), level)
            total += self._sketch(per_sample(self.watched, noisy, level, text))
        return (total / levels).cpu()

    def _output(
        self, watched: dict[str, torch.Tensor], noisy: torch.Tensor, level: torch.Tensor, text: Text
    ) -> torch.Tensor:
        def network(*inputs: torch.Tensor, **named: torch.Tensor) -> object:
            return functional_call(self.unet, {**self.frozen, **watched}, inputs, named)

        guess = self.denoiser.predict(network, noisy[None], level[None], text.alone())
        return guess.square().mean()

    def _sketch(self, gradients: dict[str, torch.Tensor]) -> torch.Tensor:
        """CountSketch [B, D] of per-sample gradients {name: [B, …]}."""
        first = next(iter(gradients.values()))
        out = torch.zeros(len(first), self.settings.dimensions, device=first.device)
        for name, gradient in gradients.items():
            out.index_add_(1, self.buckets[name], gradient.detach().flatten(1) * self.signs[name])
        return out
