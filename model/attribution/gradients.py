"""Per-sample gradients of the D-TRAK output function, projected to D numbers.

f = mean(v_θ(x_σ, σ, caption)²), averaged over K fixed noise draws and noise levels (D-TRAK, arXiv
2311.00500, with the velocity of flow matching in the place of the predicted noise). The gradient is taken
for the later half of the network alone and reduced by a seeded CountSketch, which keeps inner products in
expectation.
"""

from __future__ import annotations

import copy
from collections.abc import Callable

import torch
from diffusers.models.attention_processor import AttnProcessor
from torch.func import functional_call, grad, vmap

from model.network import encode_text, to_network, velocity
from model.pipeline import MeltingPotPipeline
from model.settings import AttributionSettings
from model.text import tokenize

PARTS = ("up_blocks.0.", "up_blocks.1.")  # tell artists apart as well as all of the later half, in less time


class Gradients:
    """Projected gradients of one checkpoint; `project` gives the same numbers for the same picture and
    caption.
    """

    def __init__(self, pipeline: MeltingPotPipeline, settings: AttributionSettings) -> None:
        self.pipeline, self.settings = pipeline, settings
        self.unet = copy.deepcopy(pipeline.unet).eval()
        self.unet.set_attn_processor(AttnProcessor())  # the fused attention has no batching rule under vmap
        state = {name: weight.detach() for name, weight in self.unet.named_parameters()}
        self.watched = {name: weight for name, weight in state.items() if name.startswith(PARTS)}
        self.frozen = {name: weight for name, weight in state.items() if name not in self.watched}
        generator = torch.Generator().manual_seed(settings.seed)
        self.buckets, self.signs = {}, {}
        for name, weight in self.watched.items():
            self.buckets[name] = torch.randint(settings.dimensions, (weight.numel(),), generator=generator)
            self.signs[name] = torch.randint(2, (weight.numel(),), generator=generator).float() * 2 - 1

    def project(
        self, images: torch.Tensor, captions: list[str], progress: Callable[[int, int], None] | None = None
    ) -> torch.Tensor:
        """float32 [N, D] for pictures uint8 [N, 3, S, S]; `progress(done, N)` after each batch."""
        rows = []
        for first in range(0, len(captions), self.settings.batch_size):
            chosen = slice(first, first + self.settings.batch_size)
            rows.append(self._batch(images[chosen], captions[chosen]))
            if progress is not None:
                progress(min(first + self.settings.batch_size, len(captions)), len(captions))
        return torch.cat(rows)

    def _batch(self, images: torch.Tensor, captions: list[str]) -> torch.Tensor:
        pictures = to_network(images)
        ids, mask = tokenize(self.pipeline.tokenizer, captions)
        with torch.no_grad():
            words, sentence = encode_text(self.pipeline.text_encoder, ids, mask)
        total = torch.zeros(len(captions), self.settings.dimensions)
        per_sample = vmap(grad(self._output), in_dims=(None, 0, None, 0, 0, 0))
        levels, lowest = self.settings.noise_levels, self.settings.lowest_noise
        for level in range(levels):
            noise = torch.randn(
                pictures.shape[1:],
                generator=torch.Generator().manual_seed(self.settings.seed * 1009 + level + 1),
            )
            sigma = torch.tensor(lowest + (1 - lowest) * (level + 0.5) / levels)
            noisy = (1 - sigma) * pictures + sigma * noise
            total += self._sketch(per_sample(self.watched, noisy, sigma, words, sentence, mask))
        return total / levels

    def _output(
        self,
        watched: dict[str, torch.Tensor],
        noisy: torch.Tensor,
        sigma: torch.Tensor,
        words: torch.Tensor,
        sentence: torch.Tensor,
        mask: torch.Tensor,
    ) -> torch.Tensor:
        def network(*inputs: torch.Tensor, **named: torch.Tensor) -> object:
            return functional_call(self.unet, {**self.frozen, **watched}, inputs, named)

        guess = velocity(network, noisy[None], sigma[None], words[None], sentence[None], mask[None])
        return guess.square().mean()

    def _sketch(self, gradients: dict[str, torch.Tensor]) -> torch.Tensor:
        """CountSketch [B, D] of per-sample gradients {name: [B, …]}."""
        first = next(iter(gradients.values()))
        out = torch.zeros(len(first), self.settings.dimensions)
        for name, gradient in gradients.items():
            out.index_add_(1, self.buckets[name], gradient.detach().flatten(1) * self.signs[name])
        return out
