"""What a training begins with: fresh weights, or a checkpoint widened by the new works' words."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import DiffusionPipeline, FlowMatchEulerDiscreteScheduler
from torch import nn

from model import checkpoint, lora
from model.dataset import Dataset, caption_of
from model.denoiser import denoiser_of
from model.latents import is_latent, open_latent
from model.network import TIMESTEPS, build_unet
from model.pipeline import MeltingPotPipeline
from model.settings import TrainSettings
from model.text import build_text_encoder, build_tokenizer, vocabulary, words_in_order

SHAPE = ("size", "widths", "heads", "text_width", "text_layers", "max_tokens", "noise_shift")

CONTINUED_STEPS = 100
FEWEST_STEPS, MOST_STEPS, EPOCHS = 200, 320, 200


@dataclass(frozen=True)
class Beginning:
    """A pipeline to train, the settings as they then are, and whether what is trained was trained before."""

    settings: TrainSettings
    pipeline: DiffusionPipeline
    warm: bool


def begin(dataset: Dataset, settings: TrainSettings, start: Path | None) -> Beginning:
    """Fresh weights or the start's; with `lora_rank`, an adapter on them that is trained alone."""
    if start is None:
        pipeline = new_pipeline(dataset, settings)
    elif is_latent(start):
        settings, pipeline = settings.but(size=size_of(start)), open_latent(start)
    else:
        settings, pipeline = continued_pipeline(start, dataset, settings)
    found = pipeline.unet.peft_config[lora.NAME] if lora.is_adapted(pipeline.unet) else None
    if found is not None:
        settings = settings.but(lora_rank=found.r, lora_alpha=float(found.lora_alpha))
    elif settings.lora_rank:
        add_adapter(pipeline, settings)
    fresh = start is None or (found is None and settings.lora_rank > 0)
    return Beginning(settings, pipeline, warm=not fresh)


def add_adapter(pipeline: DiffusionPipeline, settings: TrainSettings) -> None:
    """A fresh adapter of the settings' rank, drawn from the seed, on the targets of the kind of model."""
    targets = denoiser_of(pipeline).lora_targets
    lora.add(pipeline.unet, settings.lora_rank, settings.lora_alpha, targets, settings.seed)


def size_of(start: Path) -> int:
    """Side in px of the pictures that a directory was trained on."""
    if is_latent(start):
        shrink = 2 ** (len(checkpoint.read_json(start / "vae" / "config.json")["block_out_channels"]) - 1)
        return checkpoint.read_json(start / "unet" / "config.json")["sample_size"] * shrink
    return checkpoint.settings_of(start).size


def default_steps(works: int, settings: TrainSettings, start: Path | None) -> int:
    """Steps that suit a demonstration on two cores: about a minute with a start, two and a half from nothing.

    From nothing a small set gets fewer steps, as it only repeats itself after some two hundred epochs; with
    fewer than FEWEST_STEPS no picture comes out of the noise.
    """
    if start is not None:
        return CONTINUED_STEPS
    return max(FEWEST_STEPS, min(MOST_STEPS, EPOCHS * works // settings.batch_size))


def _words(dataset: Dataset, known: list[str], most: int = 0) -> list[str]:
    """The works' words; where only `most` may be known, those of titles come first: people ask by titles, and a
    title's own word is rarely a frequent one.
    """
    texts = [caption_of(work.title, work.tags) for work in dataset.works] + dataset.captions
    if not most:
        return vocabulary(texts, known)
    return vocabulary(texts, vocabulary((work.title for work in dataset.works), known))[:most]


def new_pipeline(dataset: Dataset, settings: TrainSettings) -> MeltingPotPipeline:
    """Untrained weights drawn from the seed; the vocabulary is that of the dataset's captions."""
    words = _words(dataset, [], settings.max_words)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        unet = build_unet(settings)
        text_encoder = build_text_encoder(len(words), settings)
    nn.init.zeros_(unet.conv_out.weight)  # the first guess is zero, not noise
    nn.init.zeros_(unet.conv_out.bias)
    return MeltingPotPipeline(
        unet,
        text_encoder,
        build_tokenizer(words, settings.max_tokens),
        FlowMatchEulerDiscreteScheduler(num_train_timesteps=TIMESTEPS, shift=settings.noise_shift),
    )


def continued_pipeline(
    start: Path, dataset: Dataset, settings: TrainSettings
) -> tuple[TrainSettings, MeltingPotPipeline]:
    """The start's weights; words it does not know begin at its unknown word. The start's network shape
    stays.
    """
    behind = checkpoint.settings_of(start)
    settings = settings.but(**{name: getattr(behind, name) for name in SHAPE})
    pipeline = checkpoint.load_pipeline(start)
    known = words_in_order(pipeline.tokenizer)
    words = _words(dataset, known)
    if len(words) > len(known):
        old = pipeline.text_encoder.get_input_embeddings().weight.detach()
        unknown = old[pipeline.tokenizer.unk_token_id].clone()
        pipeline.text_encoder.resize_token_embeddings(len(words), mean_resizing=False)
        with torch.no_grad():
            pipeline.text_encoder.get_input_embeddings().weight[len(known) :] = unknown
        pipeline.tokenizer = build_tokenizer(words, settings.max_tokens)
    return settings, pipeline
