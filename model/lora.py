"""Low-rank adapters (LoRA, arXiv 2106.09685) of a UNet, by peft, in diffusers' standard file.

W' = W + (alpha / rank) · B·A, with A [rank, in] random and B [out, rank] zero at the beginning.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import UNet2DConditionModel
from safetensors import safe_open
from safetensors.torch import save_file

FILE = "pytorch_lora_weights.safetensors"
NAME = "melting_pot"  # of the one adapter that a training changes
PREFIX = "unet."
METADATA = "lora_adapter_metadata"  # diffusers' header entry with rank and alpha


def is_lora(name: str) -> bool:
    """Whether a weight of the UNet is an adapter's."""
    return ".lora_A." in name or ".lora_B." in name


def is_adapted(unet: UNet2DConditionModel) -> bool:
    return any(is_lora(name) for name, _ in unet.named_parameters())


def adapter_weights(unet: UNet2DConditionModel) -> list[torch.nn.Parameter]:
    """The adapter's weights, switched to be trained; all others stay as they are."""
    for name, weight in unet.named_parameters():
        weight.requires_grad_(is_lora(name))
    return [weight for name, weight in unet.named_parameters() if is_lora(name)]


def add(unet: UNet2DConditionModel, rank: int, alpha: float, targets: Sequence[str], seed: int) -> None:
    """Put a fresh adapter, drawn from the seed, on every module whose name ends with a target. The UNet then
    still computes what it did.
    """
    from peft import LoraConfig  # slow to import, and most trainings have no adapter

    if rank < 1:
        raise ValueError(f"lora_rank {rank} must be 1 or more")
    config = LoraConfig(r=rank, lora_alpha=alpha, target_modules=list(targets), lora_dropout=0.0)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        unet.add_adapter(config, adapter_name=NAME)


def save(unet: UNet2DConditionModel, directory: Path, dtype: torch.dtype) -> None:
    """Write the adapter as the file that `pipe.load_lora_weights(directory)` of diffusers reads.

    diffusers' own writer puts two entries into the header, in an order that changes from run to run; with
    one, the same adapter gives the same bytes.
    """
    from peft.utils import get_peft_model_state_dict

    state = get_peft_model_state_dict(unet, adapter_name=NAME)
    config = unet.peft_config[NAME]
    targets = config.target_modules
    told = {
        "r": config.r,
        "lora_alpha": config.lora_alpha,
        "target_modules": targets if isinstance(targets, str) else sorted(targets),
        "lora_dropout": 0.0,
        "bias": "none",
    }
    header = json.dumps({PREFIX + key: value for key, value in told.items()}, sort_keys=True)
    weights = {PREFIX + name: w.detach().to("cpu", dtype).contiguous() for name, w in state.items()}
    directory.mkdir(parents=True, exist_ok=True)
    save_file(weights, directory / FILE, metadata={METADATA: header})


def load(unet: UNet2DConditionModel, directory: Path) -> None:
    """Put the directory's adapter on the UNet, in float32."""
    low_rank = read(directory / FILE)
    state = {PREFIX + name: weight for name, weight in low_rank.weights.items()}
    metadata = {PREFIX + key: value for key, value in low_rank.config.items()}
    unet.load_lora_adapter(state, prefix="unet", adapter_name=NAME, metadata=metadata)
    for weight in adapter_weights(unet):
        weight.data = weight.data.float()


@dataclass(frozen=True)
class LowRank:
    """An adapter's file: weights float32 by name (without `unet.`), and rank, alpha, … as stored."""

    weights: dict[str, torch.Tensor]
    config: dict[str, object]

    def changes(self) -> dict[str, torch.Tensor]:
        """{module: (alpha / rank) · B·A in the shape of the module's weight}, float32."""
        scale = float(self.config["lora_alpha"]) / int(self.config["r"])  # type: ignore[arg-type]
        found = {}
        for name in sorted(self.weights):
            if not name.endswith(".lora_A.weight"):
                continue
            module = name.removesuffix(".lora_A.weight")
            down, up = self.weights[name], self.weights[f"{module}.lora_B.weight"]
            product = up.flatten(1) @ down.flatten(1)
            found[module] = scale * product.reshape(len(up), *down.shape[1:])
        return found


def read(path: Path) -> LowRank:
    """Read an adapter's file. Raises ValueError when it is none of a UNet with rank and alpha."""
    try:
        with safe_open(path, framework="pt") as file:
            header = json.loads((file.metadata() or {}).get(METADATA, "{}"))
            weights = {
                name.removeprefix(PREFIX): file.get_tensor(name).float()
                for name in file.keys()
                if name.startswith(PREFIX)
            }
    except (OSError, json.JSONDecodeError) as error:
        raise ValueError(f"{path} is no LoRA file: {error}") from error
    config = {key.removeprefix(PREFIX): value for key, value in header.items() if key.startswith(PREFIX)}
    if not weights or not {"r", "lora_alpha"} <= config.keys():
        raise ValueError(f"{path} holds no LoRA of a UNet with rank and alpha in its header")
    return LowRank(weights, config)


def add_changes(unet: UNet2DConditionModel, changes: Mapping[str, torch.Tensor], weight: float) -> None:
    """Add `weight` times an adapter's changes to a UNet's own weights, in place."""
    with torch.no_grad():
        for module, change in changes.items():
            own = unet.get_submodule(module).weight
            own.add_(change.to(own.device), alpha=weight)


def merged(unet: UNet2DConditionModel) -> UNet2DConditionModel:
    """A copy with the adapter worked into the weights, as a plain UNet."""
    plain = copy.deepcopy(unet)
    plain.fuse_lora()
    plain.unload_lora()
    return plain
