"""One training step after another: batches, noise and captions drawn from the seed and the step alone."""

from __future__ import annotations

import math
from random import Random

import torch
from torch.nn.functional import mse_loss

from model.dataset import Dataset
from model.network import encode_text, to_network, velocity
from model.pipeline import MeltingPotPipeline
from model.settings import TrainSettings
from model.text import tokenize, training_caption


class Trainer:
    """Holds weights, their moving average and the optimiser; `step(n)` depends on n and the seed alone."""

    def __init__(
        self, pipeline: MeltingPotPipeline, dataset: Dataset, settings: TrainSettings, warm: bool
    ) -> None:
        self.pipeline, self.dataset, self.settings, self.warm = pipeline, dataset, settings, warm
        self.weights = [*pipeline.unet.parameters(), *pipeline.text_encoder.parameters()]
        for weight in self.weights:
            weight.requires_grad_(True)
        self.average = [weight.detach().clone() for weight in self.weights]
        self.optimiser = torch.optim.AdamW(
            self.weights,
            lr=settings.learning_rate,
            betas=(0.9, 0.99),
            weight_decay=settings.weight_decay,
            fused=True,
        )
        self.epoch = (-1, torch.empty(0, dtype=torch.int64))

    def rate(self, step: int) -> float:
        """Linear warm-up, level, linear fall to a twentieth. A start goes on with `continued_rate` of it."""
        s = self.settings
        top = s.learning_rate * (s.continued_rate if self.warm else 1)
        falling = max(1, int(s.steps * s.decay_fraction))
        left = min(1.0, (s.steps - step) / falling)
        return top * min(1.0, (step + 1) / max(1, min(s.warmup_steps, s.steps))) * max(0.05, left)

    def positions(self, step: int) -> torch.Tensor:
        """Works of the step's batch: int64 [B]; every work once an epoch."""
        total, first = len(self.dataset), step * self.settings.batch_size
        chosen = []
        for position in range(first, first + self.settings.batch_size):
            epoch, offset = divmod(position, total)
            if self.epoch[0] != epoch:
                generator = torch.Generator().manual_seed(self.settings.seed * 1_000_003 + epoch)
                self.epoch = (epoch, torch.randperm(total, generator=generator))
            chosen.append(int(self.epoch[1][offset]))
        return torch.tensor(chosen)

    def batch(self, step: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """picture, noise [B, 12, H, W], σ [B], token ids and mask [B, L] of one step."""
        s = self.settings
        chosen = self.positions(step)
        picture = to_network(self.dataset.images[chosen])
        generator = torch.Generator().manual_seed(s.seed * 7_919_117 + step)
        noise = torch.randn(picture.shape, generator=generator)
        odds = torch.randn(len(chosen), generator=generator) + math.log(s.noise_shift)
        sigma = torch.sigmoid(odds)  # logit-normal and shifted, arXiv 2403.03206
        random = Random(f"{s.seed}/{step}")
        captions = [training_caption(self.dataset.works[i], s, random) for i in chosen.tolist()]
        return picture, noise, sigma, *tokenize(self.pipeline.tokenizer, captions)

    def step(self, step: int) -> float:
        """One optimiser step; returns the loss."""
        picture, noise, sigma, ids, mask = self.batch(step)
        mix = sigma.view(-1, 1, 1, 1)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.settings.autocast):
            words, sentence = encode_text(self.pipeline.text_encoder, ids, mask)
            guess = velocity(
                self.pipeline.unet, (1 - mix) * picture + mix * noise, sigma, words, sentence, mask
            )
        loss = mse_loss(guess.float(), noise - picture)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.weights, 1.0)
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate(step)
        self.optimiser.step()
        self.optimiser.zero_grad()
        s = self.settings
        keep = min(s.ema_decay, s.continued_ema_decay if self.warm else (1 + step) / (10 + step))
        with torch.no_grad():
            torch._foreach_lerp_(self.average, self.weights, 1 - keep)
        return float(loss.detach())

    def averaged(self) -> None:
        """Exchange the weights and their moving average; call again to change back."""
        with torch.no_grad():
            for weight, mean in zip(self.weights, self.average, strict=True):
                held = weight.clone()
                weight.copy_(mean)
                mean.copy_(held)
