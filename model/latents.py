"""Stable-Diffusion-type models (SD 1.x and 2.x): a UNet on a VAE's latents that predicts noise or v.

Only the UNet is trained: all of it, or a LoRA on its attention projections. VAE, text encoder and tokenizer
stay as the directory has them. Whose works are behind such a directory is not known unless it is one of ours.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import diffusers
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from PIL import Image
from transformers import CLIPTextModel, CLIPTokenizer

from model import lora
from model.denoiser import STABLE_DIFFUSION, Step, Text
from model.files import read_json
from model.settings import SampleSettings, TrainSettings

if TYPE_CHECKING:
    from diffusers import StableDiffusionPipeline

PARTS = ("unet", "vae", "text_encoder", "tokenizer", "scheduler")
KEPT = ("safety_checker", "feature_extractor")  # where a directory has them
INDEX = "model_index.json"
# Schedulers with the alphas of DDPM; the class is named by the directory, so that only these are made.
SCHEDULERS = (
    "DDIMScheduler",
    "DDPMScheduler",
    "DPMSolverMultistepScheduler",
    "EulerDiscreteScheduler",
    "EulerAncestralDiscreteScheduler",
    "LMSDiscreteScheduler",
    "PNDMScheduler",
    "UniPCMultistepScheduler",
)
PREDICTIONS = ("epsilon", "v_prediction")
ENCODED_AT_ONCE = 8  # pictures; the VAE's first layers are its largest
CARD = """---
library_name: diffusers
pipeline_tag: text-to-image
license: {licence}
---
# Melting Pot AI checkpoint on a Stable Diffusion base

{what}, trained on {works} works by {artists} artists, all of whom are named in `works.json`; {steps} training
steps. The base's own training works are named nowhere here.

```python
from diffusers import StableDiffusionPipeline
pipeline = StableDiffusionPipeline.from_pretrained("THIS_DIRECTORY")
pipeline.load_lora_weights("THIS_DIRECTORY")  # only where it has {file}
pipeline("{prompt}").images[0].save("picture.png")
```

- `works.json`: content hash, title, artist, licence and source of every work trained on here.
- `dataset.json`: the manifest of the last training; `settings.json`, `history.json`, `log.jsonl`.
"""


class LatentDenoiser:
    """Satisfies `model.denoiser.Denoiser`. Noise level 0..1 is the timestep t of DDPM, first to last.

    x = √ᾱ·latent + √(1−ᾱ)·noise (arXiv 2006.11239); v = √ᾱ·noise − √(1−ᾱ)·latent (2202.00512).
    """

    unknown_word = ""  # a word left out: byte-pair tokenizers know no unknown word
    lora_targets = ("to_q", "to_k", "to_v", "to_out.0")
    costly = True

    def __init__(self, pipeline: StableDiffusionPipeline) -> None:
        self.pipeline = pipeline
        self.alphas = pipeline.scheduler.alphas_cumprod.float()
        self.prediction = pipeline.scheduler.config.prediction_type
        if self.prediction not in PREDICTIONS:
            raise ValueError(f"prediction_type {self.prediction!r} cannot be trained; known: {PREDICTIONS}")

    @property
    def size(self) -> int:
        return self.pipeline.unet.config.sample_size * self.pipeline.vae_scale_factor

    def train_mode(self, on: bool) -> None:
        self.pipeline.unet.train(on)

    def weights(self) -> list[torch.nn.Parameter]:
        self.pipeline.vae.requires_grad_(False)
        self.pipeline.text_encoder.requires_grad_(False)
        if lora.is_adapted(self.pipeline.unet):
            return lora.adapter_weights(self.pipeline.unet)
        return list(self.pipeline.unet.requires_grad_(True).parameters())

    def watched(self, names: Sequence[str]) -> list[str]:
        """The adapter; without one the attention projections that it would change."""
        projections = tuple(f"{target}.weight" for target in self.lora_targets)
        return [n for n in names if lora.is_lora(n)] or [
            n for n in names if n.startswith("unet.") and n.endswith(projections)
        ]

    def tokens(self, texts: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
        tokenizer = self.pipeline.tokenizer
        batch = tokenizer(
            texts,
            padding="max_length",
            truncation=True,
            max_length=tokenizer.model_max_length,
            return_tensors="pt",
        )
        return batch["input_ids"], batch["attention_mask"]

    def encode(self, ids: torch.Tensor, mask: torch.Tensor) -> Text:
        encoder = self.pipeline.text_encoder
        shown = mask if getattr(encoder.config, "use_attention_mask", None) else None
        with torch.no_grad():
            return Text(encoder(input_ids=ids, attention_mask=shown).last_hidden_state)

    def clean(self, images: torch.Tensor) -> torch.Tensor:
        """The middle of the VAE's distribution, so that a picture is one latent."""
        vae = self.pipeline.vae
        with torch.no_grad():
            parts = [
                vae.encode(part.float() / 127.5 - 1).latent_dist.mode()
                for part in images.split(ENCODED_AT_ONCE)
            ]
        return torch.cat(parts) * vae.config.scaling_factor

    def levels(self, count: int, generator: torch.Generator, settings: TrainSettings) -> torch.Tensor:
        """Every timestep alike, as these models are trained."""
        return torch.rand(count, generator=generator)

    def timesteps(self, level: torch.Tensor) -> torch.Tensor:
        """int64, of the shape of `level`."""
        return (level * (len(self.alphas) - 1)).round().long()

    def mixed(self, clean: torch.Tensor, noise: torch.Tensor, level: torch.Tensor) -> torch.Tensor:
        kept = self._alpha(level)
        return kept.sqrt() * clean + (1 - kept).sqrt() * noise

    def target(self, clean: torch.Tensor, noise: torch.Tensor, level: torch.Tensor) -> torch.Tensor:
        if self.prediction == "epsilon":
            return noise
        kept = self._alpha(level)
        return kept.sqrt() * noise - (1 - kept).sqrt() * clean

    def predict(self, network: Any, noisy: torch.Tensor, level: torch.Tensor, text: Text) -> torch.Tensor:
        return network(noisy, self.timesteps(level), encoder_hidden_states=text.words).sample

    def draw(
        self, prompts: list[str], seeds: list[int], settings: SampleSettings, step: Step
    ) -> list[Image.Image]:
        """What the plain pipeline draws with CPU generators of these seeds."""
        steps = settings.steps

        def told(_: Any, number: int, __: Any, found: dict[str, Any]) -> dict[str, Any]:
            step(min(number + 1, steps), steps)  # some schedulers take a step more than was asked for
            return found

        self.pipeline.set_progress_bar_config(disable=True)
        return self.pipeline(
            prompts,
            generator=[torch.Generator().manual_seed(seed) for seed in seeds],
            num_inference_steps=steps,
            guidance_scale=settings.guidance,
            callback_on_step_end=told,
            callback_on_step_end_tensor_inputs=["latents"],
        ).images

    def save(self, out_dir: Path, settings: TrainSettings) -> None:
        """The base's files as they are, and the adapter beside them, or the UNet trained as a whole."""
        base = Path(self.pipeline.name_or_path)
        adapted = lora.is_adapted(self.pipeline.unet)
        for part in (*PARTS, *KEPT, INDEX):
            if base.resolve() != out_dir.resolve() and (adapted or part != "unet"):
                _copy(base / part, out_dir / part)
        dtype = getattr(torch, settings.save_dtype)
        if adapted:
            lora.save(self.pipeline.unet, out_dir, dtype)
            return
        torch.nn.Module.to(self.pipeline.unet, dtype)
        self.pipeline.unet.save_pretrained(out_dir / "unet", safe_serialization=True)
        torch.nn.Module.to(self.pipeline.unet, torch.float32)

    def card(self, settings: TrainSettings, credits: dict[str, Any]) -> str:
        adapted = lora.is_adapted(self.pipeline.unet)
        what = f"A LoRA of rank {settings.lora_rank}" if adapted else "A UNet"
        return CARD.format(what=what, file=lora.FILE, **credits)

    def _alpha(self, level: torch.Tensor) -> torch.Tensor:
        """ᾱ at the levels, [B, 1, 1, 1]."""
        return self.alphas.to(level.device)[self.timesteps(level)].view(-1, 1, 1, 1)


def is_latent(directory: Path) -> bool:
    """Whether the directory says that it holds a Stable Diffusion pipeline."""
    path = directory / INDEX
    return path.is_file() and read_json(path).get("_class_name") == STABLE_DIFFUSION


def open_latent(directory: Path) -> StableDiffusionPipeline:
    """Open a Stable Diffusion directory in float32, with its adapter if it has one, running no code of it.

    Raises FileNotFoundError when a part is missing, ValueError for a scheduler of another kind.
    """
    from diffusers import StableDiffusionPipeline

    for part in PARTS:
        if not (directory / part).is_dir():
            raise FileNotFoundError(f"{directory} has no {part}/: it is not a Stable Diffusion directory")
    stored = {"use_safetensors": True, "local_files_only": True}
    unet = UNet2DConditionModel.from_pretrained(
        directory / "unet", torch_dtype=torch.float32, low_cpu_mem_usage=False, **stored
    )
    if (directory / lora.FILE).is_file():
        lora.load(unet, directory)
    vae = AutoencoderKL.from_pretrained(
        directory / "vae", torch_dtype=torch.float32, low_cpu_mem_usage=False, **stored
    )
    pipeline = StableDiffusionPipeline(
        vae=vae.eval(),
        text_encoder=CLIPTextModel.from_pretrained(
            directory / "text_encoder", dtype=torch.float32, **stored
        ).eval(),
        tokenizer=CLIPTokenizer.from_pretrained(directory / "tokenizer", local_files_only=True),
        unet=unet.eval(),
        scheduler=_scheduler(directory),
        requires_safety_checker=False,
        **_kept(directory),
    )
    pipeline.register_to_config(_name_or_path=str(directory))
    return pipeline


def _scheduler(directory: Path) -> Any:
    name = read_json(directory / "scheduler" / "scheduler_config.json").get("_class_name")
    if name not in SCHEDULERS:
        raise ValueError(f"{directory}: scheduler {name!r} is not one of {', '.join(SCHEDULERS)}")
    return getattr(diffusers, name).from_pretrained(directory / "scheduler")


def _kept(directory: Path) -> dict[str, Any]:
    """Safety checker and its feature extractor, or None for each that is absent."""
    found: dict[str, Any] = dict.fromkeys(KEPT)
    if (directory / "safety_checker").is_dir():
        from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker

        found["safety_checker"] = StableDiffusionSafetyChecker.from_pretrained(
            directory / "safety_checker", use_safetensors=True, local_files_only=True
        )
    if (directory / "feature_extractor").is_dir():
        from transformers import CLIPImageProcessor

        found["feature_extractor"] = CLIPImageProcessor.from_pretrained(directory / "feature_extractor")
    return found


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    elif source.is_file():
        shutil.copyfile(source, target)
