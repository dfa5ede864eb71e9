"""One training step after another: batches, noise and captions drawn from the seed and the step alone."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

import torch
from diffusers import DiffusionPipeline
from torch.nn.functional import mse_loss

from model.compute import Compute
from model.dataset import Dataset
from model.denoiser import denoiser_of, move
from model.settings import TrainSettings
from model.text import training_caption


class Batch(NamedTuple):
    """clean pictures and noise [B, C, H, W], noise level [B], token ids and mask [B, L] of one step."""

    clean: torch.Tensor
    noise: torch.Tensor
    level: torch.Tensor
    ids: torch.Tensor
    mask: torch.Tensor


class Trainer:
    """Holds weights, their moving average and the optimiser; `step(n)` depends on n and the seed alone."""

    def __init__(
        self,
        pipeline: DiffusionPipeline,
        dataset: Dataset,
        settings: TrainSettings,
        warm: bool,
        compute: Compute | None = None,
    ) -> None:
        self.pipeline, self.dataset, self.settings, self.warm = pipeline, dataset, settings, warm
        self.compute = compute or Compute()
        self.device = move(pipeline, self.compute)
        self.denoiser = denoiser_of(pipeline)
        self.network = self.compute.compiled(pipeline.unet)
        self.weights = self.denoiser.weights()
        self.kept = self._encoded() if self.denoiser.costly else None
        self.average = [weight.detach().clone() for weight in self.weights]
        self.optimiser = torch.optim.AdamW(
            self.weights,
            lr=settings.learning_rate,
            betas=(0.9, 0.99),
            weight_decay=settings.weight_decay,
            fused=True,
        )
        self.epoch = (-1, torch.empty(0, dtype=torch.int64))
        self.ready: tuple[int, Batch | None] = (-1, None)

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

    def batch(self, step: int) -> Batch:
        """Everything random is drawn on the CPU, so that every device trains on the same."""
        s = self.settings
        chosen = self.positions(step)
        clean = self._clean(chosen)
        generator = torch.Generator().manual_seed(s.seed * 7_919_117 + step)
        noise = torch.randn(clean.shape, generator=generator)
        level = self.denoiser.levels(len(chosen), generator, s)
        random = Random(f"{s.seed}/{step}")
        unknown = self.denoiser.unknown_word
        captions = [training_caption(self.dataset.works[i], s, random, unknown) for i in chosen.tolist()]
        ids, mask = self.denoiser.tokens(captions)
        return Batch(*(part.to(self.device) for part in (clean, noise, level, ids, mask)))

    def _clean(self, chosen: torch.Tensor) -> torch.Tensor:
        if self.kept is not None:
            return self.kept[chosen.to(self.kept.device)]
        return self.denoiser.clean(self.dataset.images[chosen].to(self.device))

    def _encoded(self) -> torch.Tensor:
        """Every work in the space that is denoised, once: the part that gets there is never trained."""
        parts = self.dataset.images.split(self.settings.batch_size)
        return torch.cat([self.denoiser.clean(part.to(self.device)) for part in parts])

    def loss(self, batch: Batch) -> torch.Tensor:
        """Mean squared error of what the network predicts, with the graph behind it."""
        denoiser = self.denoiser
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.settings.autocast):
            text = denoiser.encode(batch.ids, batch.mask)
            noisy = denoiser.mixed(batch.clean, batch.noise, batch.level)
            guess = denoiser.predict(self.network, noisy, batch.level, text)
        return mse_loss(guess.float(), denoiser.target(batch.clean, batch.noise, batch.level))

    def step(self, step: int) -> float:
        """One optimiser step; returns the loss."""
        batch = self.ready[1] if self.ready[0] == step else self.batch(step)
        loss = self.loss(batch)
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
        if self.device.type != "cpu":  # the next batch is made while the device still computes this one
            self.ready = (step + 1, self.batch(step + 1))
        return float(loss.detach())

    def exchange(self) -> None:
        """Exchange the weights and their moving average; call again to change back."""
        with torch.no_grad():
            for weight, mean in zip(self.weights, self.average, strict=True):
                held = weight.clone()
                weight.copy_(mean)
                mean.copy_(held)
