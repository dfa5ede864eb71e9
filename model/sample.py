"""Pictures from prompts: the same checkpoint, prompt, seed and settings give the same picture on one
machine.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from diffusers import DiffusionPipeline
from PIL import Image

from model.denoiser import denoiser_of
from model.settings import SampleSettings
from model.upscale import upscale


def generate(
    pipeline: DiffusionPipeline,
    prompts: Sequence[str],
    seeds: Sequence[int],
    settings: SampleSettings,
    progress: Callable[[int, int], None] | None = None,
) -> list[Image.Image]:
    """One RGB picture of `output_size` px for each prompt and seed; `progress(done, all)` after each Euler
    step.

    Every pass has `batch_size` places, the free ones filled up: the order and number of prompts change no
    picture. On the pipeline's device, with noise drawn on the CPU. Raises ValueError when there is not one
    seed for each prompt.
    """
    if len(prompts) != len(seeds):
        raise ValueError(f"{len(prompts)} prompts but {len(seeds)} seeds; give one seed for each prompt")
    denoiser = denoiser_of(pipeline)
    pictures: list[Image.Image] = []
    width = settings.batch_size
    passes = -(-len(prompts) // width)
    for number in range(passes):
        asked = list(prompts[number * width : (number + 1) * width])
        drawn = list(seeds[number * width : (number + 1) * width])
        spare = width - len(asked)

        def step(done: int, steps: int, number: int = number) -> None:
            if progress is not None:
                progress(number * steps + done, passes * steps)

        with (
            torch.inference_mode(),
            torch.autocast(pipeline.device.type, torch.bfloat16, enabled=settings.autocast),
        ):
            made = denoiser.draw(
                asked + [asked[-1]] * spare, drawn + [drawn[-1]] * spare, settings, step
            )
        if settings.output_size:
            made = [upscale(picture, settings.output_size, settings.upscaler) for picture in made]
        pictures += made[: len(asked)]
    return pictures
