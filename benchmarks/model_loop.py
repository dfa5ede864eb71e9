"""What speeds are compared with: the least loop that draws, on the same weights; and pictures to train on."""

from __future__ import annotations

from typing import Any

import torch
from PIL import Image

from model.dataset import Dataset, Manifest, WorkRecord
from model.denoiser import denoiser_of
from model.network import to_pixels
from model.settings import SampleSettings


@torch.inference_mode()
def bare_loop(
    pipeline: Any, prompts: list[str], seeds: list[int], settings: SampleSettings
) -> list[Image.Image]:
    """Encode, denoise with guidance, decode: no checks, no progress, no filling up of the batch."""
    denoiser, unet, device = denoiser_of(pipeline), pipeline.unet, pipeline.device
    shape = (unet.config.in_channels, unet.config.sample_size, unet.config.sample_size)
    noise = [torch.randn(shape, generator=torch.Generator().manual_seed(seed)) for seed in seeds]
    scheduler = pipeline.scheduler
    scheduler.set_timesteps(settings.steps, device=device)
    with torch.autocast(device.type, torch.bfloat16, enabled=settings.autocast):
        ids, mask = (part.to(device) for part in denoiser.tokens([*prompts, *[""] * len(prompts)]))
        text = denoiser.encode(ids, mask)
        told = {"encoder_hidden_states": text.words}
        if text.sentence is not None:
            told |= {"class_labels": text.sentence, "encoder_attention_mask": text.mask}
        latents = torch.stack(noise).to(device) * getattr(scheduler, "init_noise_sigma", 1.0)
        for timestep in scheduler.timesteps:
            seen = torch.cat([latents, latents])
            if hasattr(scheduler, "scale_model_input"):
                seen = scheduler.scale_model_input(seen, timestep)
            asked, free = unet(seen, timestep, **told).sample.to(latents.dtype).chunk(2)
            guided = free + settings.guidance * (asked - free)
            latents = scheduler.step(guided, timestep, latents).prev_sample
        pixels = _decoded(pipeline, latents)
    return [Image.fromarray(one) for one in pixels.permute(0, 2, 3, 1).cpu().numpy()]


def _decoded(pipeline: Any, latents: torch.Tensor) -> torch.Tensor:
    """uint8 [B, 3, S, S]."""
    vae = getattr(pipeline, "vae", None)
    if vae is None:
        return to_pixels(latents)
    decoded = vae.decode(latents / vae.config.scaling_factor).sample.float()
    return ((decoded + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)


def pictures(count: int, size: int) -> Dataset:
    """Seeded noise with titles: speed does not ask what is on a picture."""
    works = tuple(WorkRecord(f"0x{n:064x}", "", "", "nobody", f"picture {n}", ("a",)) for n in range(count))
    images = torch.randint(256, (count, 3, size, size), generator=torch.Generator().manual_seed(0))
    return Dataset(
        Manifest(works),
        images.to(torch.uint8),
        [work.title for work in works],
        ["nobody"],
        torch.zeros(count, dtype=torch.int64),
    )
