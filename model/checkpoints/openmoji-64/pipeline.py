"""Text-to-image pipeline in pixel space, made by Melting Pot AI's model/train.py. Needs torch, diffusers,
transformers.

    from diffusers import DiffusionPipeline
    pipeline = DiffusionPipeline.from_pretrained(DIRECTORY, trust_remote_code=True)
    pipeline("smiling face with sunglasses").images[0]

This file is copied into every checkpoint, so it stands alone: it imports nothing of the project.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from diffusers import (
    DiffusionPipeline,
    FlowMatchEulerDiscreteScheduler,
    ImagePipelineOutput,
    UNet2DConditionModel,
)
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
    ) -> ImagePipelineOutput:
        """One picture per prompt and seed (default 0, 1, …); `callback(step, steps)` after each step."""
        prompts = [prompt] if isinstance(prompt, str) else list(prompt)
        seeds = list(range(len(prompts))) if seeds is None else seeds
        if len(seeds) != len(prompts):
            raise ValueError(f"{len(prompts)} prompts but {len(seeds)} seeds; give one seed for each prompt")
        words, sentence, mask = self.encode(prompts + [""] * len(prompts))
        latents = torch.cat([self.starting_noise(seed) for seed in seeds])
        self.scheduler.set_timesteps(num_inference_steps, device=self.device)
        for index, timestep in enumerate(self.scheduler.timesteps):
            out = self.unet(
                torch.cat([latents, latents]),
                timestep,
                encoder_hidden_states=words,
                class_labels=sentence,
                encoder_attention_mask=mask,
            ).sample
            asked, free = out.chunk(2)
            latents = self.scheduler.step(
                free + guidance_scale * (asked - free), timestep, latents
            ).prev_sample
            if callback is not None:
                callback(index + 1, num_inference_steps)
        return ImagePipelineOutput(images=[self._picture(one, output_size) for one in latents])

    @staticmethod
    def _picture(latent: torch.Tensor, output_size: int | None) -> Image.Image:
        pixels = ((pixel_shuffle(latent.float(), 2) + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
        image = Image.fromarray(pixels.permute(1, 2, 0).cpu().numpy())
        return image.resize((output_size, output_size), Image.Resampling.LANCZOS) if output_size else image
