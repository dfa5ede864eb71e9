"""What training, sampling and attribution need to know of a text-to-image model, whatever its kind.

Two kinds satisfy it: the project's own network on pixel blocks (`model/pixels.py`, flow matching) and
Stable-Diffusion-type pipelines on latents (`model/latents.py`, noise or v-prediction).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import torch
from diffusers import DiffusionPipeline
from PIL import Image

from model.pipeline import MeltingPotPipeline
from model.settings import SampleSettings, TrainSettings

if TYPE_CHECKING:
    from model.compute import Compute

STABLE_DIFFUSION = "StableDiffusionPipeline"
Step = Callable[[int, int], None]


class Text(NamedTuple):
    """What the network is told: words [B, L, W]; sentence [B, W] and mask [B, L] where the kind has them."""

    words: torch.Tensor
    sentence: torch.Tensor | None = None
    mask: torch.Tensor | None = None


class Denoiser(Protocol):
    """A network that takes noise from pictures [B, C, H, W], told a noise level 0..1 and a text."""

    pipeline: Any
    unknown_word: str  # stands for a dropped word in captions
    lora_targets: tuple[str, ...]  # ends of the names of modules that an adapter changes
    costly: bool  # whether `clean` runs a network, so that its result is better kept

    @property
    def size(self) -> int:
        """Side of the pictures in px."""

    def train_mode(self, on: bool) -> None:
        """Switch what is trained between training and use."""

    def weights(self) -> list[torch.nn.Parameter]:
        """What a training changes: all of it, or the adapter's weights when there is one."""

    def watched(self, names: Sequence[str]) -> list[str]:
        """Of the weights "unet.…" and "text_encoder.…", those whose gradients attribute."""

    def tokens(self, texts: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
        """Token ids and mask, int64 [B, L] each."""

    def encode(self, ids: torch.Tensor, mask: torch.Tensor) -> Text:
        """Tokens on the device to what the network is told."""

    def clean(self, images: torch.Tensor) -> torch.Tensor:
        """Pictures uint8 [B, 3, S, S] on the device to float [B, C, H, W]: the space that is denoised."""

    def levels(self, count: int, generator: torch.Generator, settings: TrainSettings) -> torch.Tensor:
        """Noise levels of a training batch, float [count] in 0..1."""

    def mixed(self, clean: torch.Tensor, noise: torch.Tensor, level: torch.Tensor) -> torch.Tensor:
        """The picture with noise at a level ([B] or one for all)."""

    def target(self, clean: torch.Tensor, noise: torch.Tensor, level: torch.Tensor) -> torch.Tensor:
        """What the network is to predict there."""

    def predict(self, network: Any, noisy: torch.Tensor, level: torch.Tensor, text: Text) -> torch.Tensor:
        """What `network` (the pipeline's UNet, or a stand-in with other weights) predicts."""

    def draw(
        self, prompts: list[str], seeds: list[int], settings: SampleSettings, step: Step
    ) -> list[Image.Image]:
        """One picture of the network's own size for each prompt and seed; `step(done, steps)`."""

    def save(self, out_dir: Path, settings: TrainSettings) -> None:
        """Write the parts of a standard diffusers directory."""

    def card(self, settings: TrainSettings, credits: dict[str, Any]) -> str:
        """The model card (README.md) of such a directory."""


def denoiser_of(pipeline: DiffusionPipeline) -> Denoiser:
    """The kind of a pipeline. Raises TypeError for one that the project cannot train."""
    if isinstance(pipeline, MeltingPotPipeline):
        from model.pixels import PixelDenoiser

        return PixelDenoiser(pipeline)
    if type(pipeline).__name__ == STABLE_DIFFUSION:  # by name: importing it is slow, and most never need it
        from model.latents import LatentDenoiser

        return LatentDenoiser(pipeline)
    raise TypeError(
        f"{type(pipeline).__name__} cannot be trained here; give the project's own pipeline or a "
        f"{STABLE_DIFFUSION} (SD 1.x or 2.x)"
    )


def move(pipeline: DiffusionPipeline, compute: Compute) -> torch.device:
    """Put the pipeline on the device of `compute` and return it."""
    device = compute.resolved()
    pipeline.to(device)
    return device
