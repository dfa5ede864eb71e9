"""Text-to-image pipeline in pixel space, made by Melting Pot AI's model/train.py. Needs torch, diffusers,
transformers.

    from diffusers import DiffusionPipeline
    pipeline = DiffusionPipeline.from_pretrained(DIRECTORY, trust_remote_code=True)
    pipeline("smiling face with sunglasses").images[0]

This file is copied into every checkpoint, so it stands alone: it imports nothing of the project.
"""
# No `from __future__ import annotations` here: diffusers up to 0.35 reads the types of `__init__` as classes.

from collections.abc import Callable

import numpy
import torch
from diffusers import (
    DiffusionPipeline,
    FlowMatchEulerDiscreteScheduler,
    ImagePipelineOutput,
    UNet2DConditionModel,
)
from diffusers.utils.torch_utils import randn_tensor
from PIL import Image
from torch.nn.functional import pixel_shuffle
from transformers import CLIPTextModel, PreTrainedTokenizerFast


class MeltingPotPipeline(DiffusionPipeline):
    """Flow matching with classifier-free guidance over 2×2 px blocks."""

    model_cpu_offload_seq = "text_encoder->unet"

    def __init__(
        self,
        unet: UNet2DConditionModel,
        text_encoder: CLIPTextModel,
        tokenizer: PreTrainedTokenizerFast,
        scheduler: FlowMatchEulerDiscreteScheduler,
    ) -> None:
        super().__init__()
        text_encoder.to(unet.dtype)  # transformers opens weights in their stored type, diffusers in float32
        self.register_modules(unet=unet, text_encoder=text_encoder, tokenizer=tokenizer, scheduler=scheduler)

    def encode(self, prompts: list[str]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Word states [B, L, W], sentence vectors [B, W] and mask [B, L] of the prompts."""
        batch = self.tokenizer(
            prompts,
            padding="max_length",
            truncation=True,
            max_length=self.tokenizer.model_max_length,
            return_tensors="pt",
        ).to(self.device)
        out = self.text_encoder(input_ids=batch.input_ids, attention_mask=batch.attention_mask)
        return out.last_hidden_state, out.pooler_output, batch.attention_mask

    def starting_noise(self, seed: int) -> torch.Tensor:
        """Noise [1, C, H, W] of one seed, drawn on the CPU so that every machine draws the same."""
        side, channels = self.unet.config.sample_size, self.unet.config.in_channels
        generator = torch.Generator().manual_seed(seed)
        return torch.randn(1, channels, side, side, generator=generator).to(self.device, self.unet.dtype)

    @torch.no_grad()
    def __call__(
        self,
        prompt: str | list[str],
        seeds: list[int] | None = None,
        num_inference_steps: int = 20,
        guidance_scale: float = 3.0,
        output_size: int | None = None,
        callback: Callable[[int, int], None] | None = None,
        generator: torch.Generator | list[torch.Generator] | None = None,
        output_type: str = "pil",
        return_dict: bool = True,
    ) -> ImagePipelineOutput | tuple:
        """One picture per prompt; `callback(step, steps)` after each step.

        Noise comes from `seeds` (default 0, 1, …), one for each prompt, or from torch generators instead.
        `images`: for `output_type` "pil" a list of pictures, `output_size` px a side when given; for "np"
        float32 [B, S, S, 3] and for "pt" float32 [B, 3, S, S] in 0..1, at the network's size.
        """
        prompts = [prompt] if isinstance(prompt, str) else list(prompt)
        self._check(prompts, num_inference_steps, output_size, output_type)
        latents = self._noise(len(prompts), seeds, generator)
        words, sentence, mask = self.encode(prompts + [""] * len(prompts))
        self.scheduler.set_timesteps(num_inference_steps, device=self.device)
        for index, timestep in enumerate(self.scheduler.timesteps):
            out = self.unet(
                torch.cat([latents, latents]),
                timestep,
                encoder_hidden_states=words,
                class_labels=sentence,
                encoder_attention_mask=mask,
            ).sample
            asked, free = out.to(latents.dtype).chunk(2)  # under autocast: rounded once, not at each step
            latents = self.scheduler.step(
                free + guidance_scale * (asked - free), timestep, latents
            ).prev_sample
            if callback is not None:
                callback(index + 1, num_inference_steps)
        images = self._images(latents, output_size, output_type)
        return ImagePipelineOutput(images=images) if return_dict else (images,)

    @staticmethod
    def _check(prompts: list[str], steps: int, output_size: int | None, output_type: str) -> None:
        if not prompts or steps < 1:
            raise ValueError(f"{len(prompts)} prompts and {steps} steps; give at least one of each")
        if output_type not in ("pil", "np", "pt"):
            raise ValueError(f"output_type {output_type!r} is unknown; give 'pil', 'np' or 'pt'")
        if output_size and output_type != "pil":
            raise ValueError("output_size scales PIL pictures; leave it out, or ask for output_type 'pil'")

    def _noise(
        self,
        count: int,
        seeds: list[int] | None,
        generator: torch.Generator | list[torch.Generator] | None,
    ) -> torch.Tensor:
        """Starting noise [count, C, H, W]."""
        if seeds is not None and generator is not None:
            raise ValueError("give seeds or a generator, not both")
        if generator is not None:
            side, channels = self.unet.config.sample_size, self.unet.config.in_channels
            shape = (count, channels, side, side)
            return randn_tensor(shape, generator=generator, device=self.device, dtype=self.unet.dtype)
        seeds = list(range(count)) if seeds is None else list(seeds)
        if len(seeds) != count:
            raise ValueError(f"{count} prompts but {len(seeds)} seeds; give one seed for each prompt")
        return torch.cat([self.starting_noise(seed) for seed in seeds])

    @staticmethod
    def _images(
        latents: torch.Tensor, output_size: int | None, output_type: str
    ) -> list[Image.Image] | numpy.ndarray | torch.Tensor:
        pixels = ((pixel_shuffle(latents.float(), 2) + 1) * 127.5).round().clamp(0, 255)
        if output_type == "pt":
            return pixels / 255
        pixels = pixels.permute(0, 2, 3, 1).cpu().numpy()
        if output_type == "np":
            return pixels / 255
        images = [Image.fromarray(one.astype("uint8")) for one in pixels]
        if not output_size:
            return images
        return [image.resize((output_size, output_size), Image.Resampling.LANCZOS) for image in images]
