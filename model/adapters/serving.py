"""The served model: base + Σ weight · adapter, worked into the weights, so that serving costs nothing more.

The sum is taken anew from the base each time, in the order of the adapters' folders, and never by
subtracting: it depends on which adapters are there and on nothing that happened before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from diffusers import DiffusionPipeline

from model import checkpoint, lora
from model.adapters.library import Adapter
from model.checkpoint import load_pipeline
from model.settings import TrainSettings
from model.starting import size_of


def served_pipeline(
    base: Path, adapters: Sequence[Adapter], weights: Mapping[str, float] | None = None
) -> DiffusionPipeline:
    """The base with all adapters; `weights` by artist, 1 for the others.

    Raises ValueError when an adapter was trained over another base, or its file was changed.
    """
    pipeline = load_pipeline(base)
    mark = checkpoint.fingerprint_of(base)
    for adapter in sorted(adapters, key=lambda one: one.directory.name):
        if adapter.base != mark:
            raise ValueError(
                f"the adapter of {adapter.artist!r} was trained over base {adapter.base}, {base} is {mark}"
            )
        weight = (weights or {}).get(adapter.artist, 1.0)
        lora.add_changes(pipeline.unet, adapter.low_rank().changes(), weight)
    return pipeline


def save_served(
    base: Path, adapters: Sequence[Adapter], out_dir: Path, weights: Mapping[str, float] | None = None
) -> Path:
    """Write the served model as a checkpoint directory, whose works are the base's and the adapters'."""
    pipeline = served_pipeline(base, adapters, weights)
    ours = checkpoint.is_ours(base)
    works = {work["content_hash"]: work for work in (checkpoint.works_behind(base) if ours else [])}
    works |= {work["content_hash"]: work for adapter in adapters for work in adapter.works}
    settings = checkpoint.settings_of(base) if ours else TrainSettings(size=size_of(base))
    told = {
        "steps": 0,
        "base": checkpoint.fingerprint_of(base),
        "adapters": [_told(adapter, weights) for adapter in sorted(adapters, key=lambda a: a.directory.name)],
    }
    history = [*(checkpoint.history_of(base) if ours else []), told]
    settings = settings.but(save_dtype="float32")  # what is served and what is stored are the same numbers
    checkpoint.save_pipeline(pipeline, out_dir, settings, list(works.values()), history)
    return out_dir


def _told(adapter: Adapter, weights: Mapping[str, float] | None) -> dict[str, Any]:
    return {
        "artist": adapter.artist,
        "weights_sha256": adapter.weights_sha256,
        "weight": (weights or {}).get(adapter.artist, 1.0),
        "works": len(adapter.works),
    }
