"""Checkpoints as standard diffusers directories, with the works behind them, their settings and their
history.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from diffusers import DiffusionPipeline, FlowMatchEulerDiscreteScheduler, UNet2DConditionModel
from diffusers.utils import logging as diffusers_logging
from transformers import CLIPTextModel, PreTrainedTokenizerFast
from transformers.utils import logging as transformers_logging

from model import lora
from model.compute import Compute
from model.dataset import Manifest
from model.denoiser import denoiser_of, move
from model.files import fingerprint, read_json, write_json
from model.latents import INDEX, PARTS, is_latent, open_latent
from model.pipeline import MeltingPotPipeline
from model.settings import TrainSettings

diffusers_logging.disable_progress_bar()  # a second's work; the product shows its own progress
transformers_logging.disable_progress_bar()

SHIPPED = Path(__file__).resolve().parent / "checkpoints"  # one directory a checkpoint
WORKS, SETTINGS, HISTORY, LOG = "works.json", "settings.json", "history.json", "log.jsonl"
DATASET = "dataset.json"


def save_pipeline(
    pipeline: DiffusionPipeline,
    out_dir: Path,
    settings: TrainSettings,
    works: list[dict[str, Any]],
    history: list[dict[str, Any]],
) -> None:
    """Write the directory that diffusers opens (the project's own kind by
    `DiffusionPipeline.from_pretrained(out_dir, trust_remote_code=True)`), with what it was made of.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    denoiser = denoiser_of(pipeline)
    denoiser.save(out_dir, settings)
    ordered = sorted(works, key=lambda work: work["content_hash"])
    write_json(out_dir / WORKS, {"schema": "meltingpot/works@1", "works": ordered})
    write_json(out_dir / SETTINGS, settings.to_json())
    write_json(out_dir / HISTORY, history)
    card = denoiser.card(settings, _credits(ordered, history))
    (out_dir / "README.md").write_text(card, encoding="utf-8")


def _credits(works: list[dict[str, Any]], history: list[dict[str, Any]]) -> dict[str, Any]:
    """What a model card says of works and training."""
    licences = sorted({work.get("licence", "") for work in works} - {""})
    return {
        "licence": licences[0].lower() if len(licences) == 1 else "other",
        "works": len(works),
        "artists": len({work["artist"] for work in works}),
        "steps": total_steps(history),
        "prompt": next((w["title"] for w in works if w.get("title")), "a picture"),
    }


def load_pipeline(directory: Path, device: str = "cpu") -> DiffusionPipeline:
    """Open a checkpoint, or a Stable Diffusion directory, in float32 on a device ("auto", "cpu", "cuda")
    without running any code of the directory (it may come from a stranger).

    Raises FileNotFoundError when a part is missing.
    """
    pipeline = open_latent(directory) if is_latent(directory) else _open_pixels(directory)
    move(pipeline, Compute(device))
    return pipeline


def _open_pixels(directory: Path) -> MeltingPotPipeline:
    for part in ("unet", "text_encoder", "tokenizer", "scheduler"):
        if not (directory / part).is_dir():
            raise FileNotFoundError(f"{directory} has no {part}/: it is not a checkpoint of this project")
    unet = UNet2DConditionModel.from_pretrained(
        directory / "unet", torch_dtype=torch.float32, low_cpu_mem_usage=False, use_safetensors=True
    )
    text_encoder = CLIPTextModel.from_pretrained(
        directory / "text_encoder", dtype=torch.float32, use_safetensors=True
    )
    return MeltingPotPipeline(
        unet.eval(),
        text_encoder.float().eval(),
        PreTrainedTokenizerFast.from_pretrained(directory / "tokenizer"),
        FlowMatchEulerDiscreteScheduler.from_pretrained(directory / "scheduler"),
    )


def fingerprint_of(directory: Path) -> str:
    """0x sha256 over everything that a checkpoint's pictures depend on, whatever stands beside it."""
    return fingerprint(directory, (*PARTS, INDEX, lora.FILE))


def is_ours(directory: Path) -> bool:
    """Whether the works behind a directory are known: a base from elsewhere does not name them."""
    return (directory / WORKS).is_file()


def works_behind(directory: Path) -> list[dict[str, Any]]:
    """The works.json entries of a checkpoint."""
    return list(read_json(directory / WORKS)["works"])


def settings_of(directory: Path) -> TrainSettings:
    """The settings a checkpoint was trained with."""
    return TrainSettings.from_json(read_json(directory / SETTINGS))


def history_of(directory: Path) -> list[dict[str, Any]]:
    """One entry for each training in the checkpoint's life: steps, seed, dataset root, works."""
    return list(read_json(directory / HISTORY))


def total_steps(history: list[dict[str, Any]]) -> int:
    """Steps over the checkpoint's whole life."""
    return sum(int(entry["steps"]) for entry in history)


def usable_start(manifest: Manifest, shipped: Path = SHIPPED) -> Path | None:
    """The shipped checkpoint with the most works, all of which consent in this manifest, or None."""
    usable = [
        (len(works_behind(directory)), directory)
        for directory in sorted(path.parent for path in shipped.glob(f"*/{WORKS}"))
        if may_start(directory, manifest)
    ]
    return max(usable, default=(0, None), key=lambda found: found[0])[1]


def may_start(directory: Path, manifest: Manifest) -> bool:
    """Whether all works behind a checkpoint are known and consent in this manifest.

    Otherwise a work without consent would live on in the new model, and its artist would earn nothing from
    it.
    """
    if not is_ours(directory):
        return False
    behind = {work["content_hash"] for work in works_behind(directory)}
    return bool(behind) and behind <= {work.content_hash for work in manifest.works}
