"""The project's own kind of model: flow matching over 2×2 px blocks, text encoder trained along."""

from __future__ import annotations

import math
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from model import lora
from model.denoiser import Step, Text
from model.files import read_json, write_json
from model.network import BLOCK, encode_text, to_network, velocity
from model.pipeline import MeltingPotPipeline
from model.settings import SampleSettings, TrainSettings
from model.text import UNKNOWN, tokenize

TOKENIZER_CLASS, TEXT_PREFIX = "PreTrainedTokenizerFast", "text_model."
CARD = """---
library_name: diffusers
pipeline_tag: text-to-image
license: {licence}
---
# Melting Pot AI checkpoint

A {parameters:.1f} M parameter text-to-image model, trained from scratch with flow matching on {works} works
by {artists} artists, all of whom are named in `works.json`. {steps} training steps in its whole life.

```python
from diffusers import DiffusionPipeline
pipeline = DiffusionPipeline.from_pretrained("THIS_DIRECTORY", trust_remote_code=True)
pipeline("{prompt}", output_size=512).images[0].save("picture.png")
```

- `works.json`: content hash, title, artist, licence and source of every work behind the weights.
- `dataset.json`: the manifest it was trained on last: captions and tags of each work, and the Merkle root.
- `settings.json`: the training settings; `history.json`: each training of its life; `log.jsonl`: step, loss.
- Made by `python -m model.train --manifest MANIFEST.jsonl --out DIR --steps {steps}` or its equal in a round
  of the platform, with these settings; `history.json` says with how many threads.
- Pictures are {size}×{size} px. With few works and many steps it can repeat works: compare outputs with them.
"""


class PixelDenoiser:
    """Satisfies `model.denoiser.Denoiser`. Noise level σ: x = (1−σ)·picture + σ·noise (arXiv 2209.03003)."""

    unknown_word = UNKNOWN
    # Attention stands at the lowest resolution only, so an adapter of it alone would learn little.
    lora_targets = ("to_q", "to_k", "to_v", "to_out.0", "conv1", "conv2", "proj_in", "proj_out")
    costly = False

    def __init__(self, pipeline: MeltingPotPipeline) -> None:
        self.pipeline = pipeline

    @property
    def size(self) -> int:
        return self.pipeline.unet.config.sample_size * BLOCK

    def train_mode(self, on: bool) -> None:
        self.pipeline.unet.train(on), self.pipeline.text_encoder.train(on)

    def weights(self) -> list[torch.nn.Parameter]:
        if lora.is_adapted(self.pipeline.unet):
            self.pipeline.text_encoder.requires_grad_(False)
            return lora.adapter_weights(self.pipeline.unet)
        chosen = [*self.pipeline.unet.parameters(), *self.pipeline.text_encoder.parameters()]
        for weight in chosen:
            weight.requires_grad_(True)
        return chosen

    def watched(self, names: Sequence[str]) -> list[str]:
        """The adapter; without one all of both networks: measured against retraining, all that is left out
        costs agreement.
        """
        return [name for name in names if lora.is_lora(name)] or list(names)

    def tokens(self, texts: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
        return tokenize(self.pipeline.tokenizer, texts)

    def encode(self, ids: torch.Tensor, mask: torch.Tensor) -> Text:
        return Text(*encode_text(self.pipeline.text_encoder, ids, mask), mask)

    def clean(self, images: torch.Tensor) -> torch.Tensor:
        return to_network(images)

    def levels(self, count: int, generator: torch.Generator, settings: TrainSettings) -> torch.Tensor:
        """Logit-normal and shifted (arXiv 2403.03206)."""
        return torch.sigmoid(torch.randn(count, generator=generator) + math.log(settings.noise_shift))

    def mixed(self, clean: torch.Tensor, noise: torch.Tensor, level: torch.Tensor) -> torch.Tensor:
        mix = level.view(-1, 1, 1, 1)
        return (1 - mix) * clean + mix * noise

    def target(self, clean: torch.Tensor, noise: torch.Tensor, level: torch.Tensor) -> torch.Tensor:
        return noise - clean

    def predict(self, network: Any, noisy: torch.Tensor, level: torch.Tensor, text: Text) -> torch.Tensor:
        return velocity(network, noisy, level, text.words, text.sentence, text.mask)

    def draw(
        self, prompts: list[str], seeds: list[int], settings: SampleSettings, step: Step
    ) -> list[Image.Image]:
        return self.pipeline(
            prompts,
            seeds,
            num_inference_steps=settings.steps,
            guidance_scale=settings.guidance,
            callback=step,
        ).images

    def save(self, out_dir: Path, settings: TrainSettings) -> None:
        """An adapter is worked into the weights: the directory opens like any other of this kind."""
        dtype = getattr(torch, settings.save_dtype)
        pipeline = self.pipeline
        if lora.is_adapted(pipeline.unet):
            unet = lora.merged(pipeline.unet)
            pipeline = MeltingPotPipeline(
                unet, pipeline.text_encoder, pipeline.tokenizer, pipeline.scheduler
            )
        parts = (pipeline.unet, pipeline.text_encoder)
        for part in parts:
            # diffusers' own `to` warns of a rule that this network has no use for
            torch.nn.Module.to(part, dtype)
        pipeline.save_pretrained(out_dir, safe_serialization=True)
        for part in parts:
            torch.nn.Module.to(part, torch.float32)
        _name_as_usual(out_dir)
        shutil.copyfile(Path(__file__).with_name("pipeline.py"), out_dir / "pipeline.py")

    def card(self, settings: TrainSettings, credits: dict[str, Any]) -> str:
        parts = (self.pipeline.unet, self.pipeline.text_encoder)
        named = (weight for part in parts for weight in part.named_parameters())
        size = sum(weight.numel() for name, weight in named if not lora.is_lora(name))
        return CARD.format(parameters=size / 1e6, size=settings.size, **credits)


def _name_as_usual(out_dir: Path) -> None:
    """Names that every transformers since 4 knows; version 5 writes its own, and 4 would then begin with a
    random text encoder.
    """
    index = read_json(out_dir / "model_index.json")
    index["_class_name"] = ["pipeline", MeltingPotPipeline.__name__]
    index["tokenizer"] = ["transformers", TOKENIZER_CLASS]
    write_json(out_dir / "model_index.json", index)
    tokenizer = read_json(out_dir / "tokenizer" / "tokenizer_config.json")
    write_json(
        out_dir / "tokenizer" / "tokenizer_config.json", tokenizer | {"tokenizer_class": TOKENIZER_CLASS}
    )
    path = out_dir / "text_encoder" / "model.safetensors"
    stored = load_file(path)  # a view of the file, which is about to be written anew
    weights = {TEXT_PREFIX + name.removeprefix(TEXT_PREFIX): w.clone() for name, w in stored.items()}
    save_file(weights, path, metadata={"format": "pt"})
