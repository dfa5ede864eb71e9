"""How much arithmetic a training is, as a number that follows from settings and shapes alone.

Counted are the multiplications and additions of convolution and linear layers (two for each weight and
position), which are nearly all of it; a training step takes three forward passes' worth (forward, gradients
of what enters a layer, gradients of its weights; Kaplan et al. 2020, arXiv 2001.08361, 2.1). Nothing is
measured: a fast machine and a slow one count the same.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from diffusers import UNet2DConditionModel
from torch import nn
from transformers import CLIPTextConfig, CLIPTextModel

from model.files import read_json
from model.network import build_unet
from model.settings import TrainSettings
from model.text import SPECIAL, build_text_encoder

PASSES = 3


def directory_operations(directory: Path) -> int:
    """Of one picture through UNet and text encoder of a pipeline directory; its weights are not read."""
    with torch.device("meta"):
        unet = UNet2DConditionModel.from_config(read_json(directory / "unet" / "config.json"))
        text = CLIPTextModel(CLIPTextConfig(**read_json(directory / "text_encoder" / "config.json")))
    return _forward(unet) + _text(text)


def network_operations(settings: TrainSettings) -> int:
    """Of one picture through a network of these settings, which nobody has to build."""
    with torch.device("meta"):
        return _forward(build_unet(settings)) + _text(build_text_encoder(len(SPECIAL), settings))


def training_operations(settings: TrainSettings, each: int) -> int:
    """Of `settings.steps` steps, with `each` operations for one picture's forward pass."""
    return PASSES * settings.steps * settings.batch_size * each


def _text(encoder: CLIPTextModel) -> int:
    """Every linear layer of the encoder works on every token."""
    weights = sum(layer.weight.numel() for layer in encoder.modules() if isinstance(layer, nn.Linear))
    return 2 * weights * encoder.config.max_position_embeddings


def _forward(unet: UNet2DConditionModel) -> int:
    """Counted layer by layer while a picture without content passes the network without weights."""
    found = 0

    def count(layer: nn.Module, _: Any, out: torch.Tensor) -> None:
        nonlocal found
        outputs = layer.weight.shape[0]
        found += 2 * layer.weight.numel() // outputs * out.numel()

    for layer in unet.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            layer.register_forward_hook(count)
    config = unet.config
    with torch.device("meta"), torch.no_grad():
        told = {}
        if config.class_embed_type == "projection":
            told["class_labels"] = torch.zeros(1, config.projection_class_embeddings_input_dim)
        words = torch.zeros(1, 1, config.cross_attention_dim)
        noisy = torch.zeros(1, config.in_channels, config.sample_size, config.sample_size)
        unet(noisy, torch.zeros(1), encoder_hidden_states=words, **told)
    return found
