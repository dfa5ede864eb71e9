"""The denoising network: a small UNet over 2×2 px blocks, conditioned on the words and on the sentence as a
whole.
"""

from __future__ import annotations

import torch
from diffusers import UNet2DConditionModel
from torch.nn.functional import pixel_shuffle, pixel_unshuffle
from transformers import CLIPTextModel

from model.settings import TrainSettings

BLOCK = (
    2  # px; the network sees S/2 × S/2 positions with 12 channels, a quarter of the work of full resolution
)
TIMESTEPS = 1000  # the noise level σ ∈ [0, 1] is told to the network as 1000·σ


def build_unet(settings: TrainSettings) -> UNet2DConditionModel:
    """An untrained UNet; attention to the words only at the lowest resolution, where it is cheap."""
    if settings.size % (BLOCK * 2 ** (len(settings.widths) - 1)):
        raise ValueError(f"size {settings.size} must divide by {BLOCK * 2 ** (len(settings.widths) - 1)}")
    levels = len(settings.widths)
    return UNet2DConditionModel(
        sample_size=settings.size // BLOCK,
        in_channels=3 * BLOCK**2,
        out_channels=3 * BLOCK**2,
        block_out_channels=settings.widths,
        down_block_types=("DownBlock2D",) * (levels - 1) + ("CrossAttnDownBlock2D",),
        mid_block_type="UNetMidBlock2DCrossAttn",
        up_block_types=("CrossAttnUpBlock2D",) + ("UpBlock2D",) * (levels - 1),
        layers_per_block=1,
        norm_num_groups=16,
        cross_attention_dim=settings.text_width,
        attention_head_dim=settings.heads,  # diffusers reads this as the number of heads
        class_embed_type="projection",  # the sentence vector joins the time embedding
        projection_class_embeddings_input_dim=settings.text_width,
    )


def to_network(images: torch.Tensor) -> torch.Tensor:
    """uint8 [B, 3, S, S] to float [B, 12, S/2, S/2] in -1..1."""
    return pixel_unshuffle(images.float() / 127.5 - 1, BLOCK)


def to_pixels(latents: torch.Tensor) -> torch.Tensor:
    """Float [B, 12, S/2, S/2] to uint8 [B, 3, S, S]."""
    return ((pixel_shuffle(latents.float(), BLOCK) + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)


def encode_text(
    encoder: CLIPTextModel, ids: torch.Tensor, mask: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Word states [B, L, W] and sentence vector [B, W]."""
    out = encoder(input_ids=ids, attention_mask=mask)
    return out.last_hidden_state, out.pooler_output


def velocity(
    unet: UNet2DConditionModel,
    noisy: torch.Tensor,
    sigma: torch.Tensor,
    words: torch.Tensor,
    sentence: torch.Tensor,
    mask: torch.Tensor,
) -> torch.Tensor:
    """Predicted dx/dσ = noise − picture [B, 12, H, W] at x = (1−σ)·picture + σ·noise (rectified flow,
    2209.03003).
    """
    return unet(
        noisy,
        sigma * TIMESTEPS,
        encoder_hidden_states=words,
        class_labels=sentence,
        encoder_attention_mask=mask,
    ).sample
