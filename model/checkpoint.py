"""Checkpoints as standard diffusers directories, with the works behind them, their settings and their
history.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import torch
from diffusers import FlowMatchEulerDiscreteScheduler, UNet2DConditionModel
from diffusers.utils import logging as diffusers_logging
from safetensors.torch import load_file, save_file
from transformers import CLIPTextModel, PreTrainedTokenizerFast
from transformers.utils import logging as transformers_logging

from model.dataset import Manifest
from model.pipeline import MeltingPotPipeline
from model.settings import TrainSettings

diffusers_logging.disable_progress_bar()  # a second's work; the product shows its own progress
transformers_logging.disable_progress_bar()

SHIPPED = Path(__file__).resolve().parent / "checkpoints"  # one directory a checkpoint
WORKS, SETTINGS, HISTORY, LOG = "works.json", "settings.json", "history.json", "log.jsonl"
DATASET = "dataset.json"
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


def write_json(path: Path, data: Any) -> None:
    """Sorted, indented JSON: the same data gives the same bytes."""
    path.write_text(json.dumps(data, ensure_ascii=False, sort_keys=True, indent=1) + "\n", encoding="utf-8")


def read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def save_pipeline(
    pipeline: MeltingPotPipeline,
    out_dir: Path,
    settings: TrainSettings,
    works: list[dict[str, Any]],
    history: list[dict[str, Any]],
) -> None:
    """Write the directory that `DiffusionPipeline.from_pretrained(out_dir, trust_remote_code=True)` opens."""
    out_dir.mkdir(parents=True, exist_ok=True)
    dtype = getattr(torch, settings.save_dtype)
    parts = {"unet": pipeline.unet, "text_encoder": pipeline.text_encoder}
    for part in parts.values():
        torch.nn.Module.to(
            part, dtype
        )  # diffusers' own `to` warns of a rule that this network has no use for
    pipeline.save_pretrained(out_dir, safe_serialization=True)
    for part in parts.values():
        torch.nn.Module.to(part, torch.float32)
    _name_as_usual(out_dir)
    shutil.copyfile(Path(__file__).with_name("pipeline.py"), out_dir / "pipeline.py")
    ordered = sorted(works, key=lambda work: work["content_hash"])
    write_json(out_dir / WORKS, {"schema": "meltingpot/works@1", "works": ordered})
    write_json(out_dir / SETTINGS, settings.to_json())
    write_json(out_dir / HISTORY, history)
    _write_card(out_dir, pipeline, settings, ordered, history)


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


def _write_card(
    out_dir: Path,
    pipeline: MeltingPotPipeline,
    settings: TrainSettings,
    works: list[dict[str, Any]],
    history: list[dict[str, Any]],
) -> None:
    licences = sorted({work.get("licence", "") for work in works} - {""})
    size = sum(p.numel() for part in (pipeline.unet, pipeline.text_encoder) for p in part.parameters())
    (out_dir / "README.md").write_text(
        CARD.format(
            licence=licences[0].lower() if len(licences) == 1 else "other",
            parameters=size / 1e6,
            works=len(works),
            artists=len({work["artist"] for work in works}),
            steps=total_steps(history),
            prompt=next((w["title"] for w in works if w.get("title")), "a picture"),
            size=settings.size,
        ),
        encoding="utf-8",
    )


def load_pipeline(directory: Path, device: str = "cpu") -> MeltingPotPipeline:
    """Open a checkpoint in float32 without running any code of the directory (it may come from a stranger).

    Raises FileNotFoundError when a part is missing.
    """
    for part in ("unet", "text_encoder", "tokenizer", "scheduler"):
        if not (directory / part).is_dir():
            raise FileNotFoundError(f"{directory} has no {part}/: it is not a checkpoint of this project")
    unet = UNet2DConditionModel.from_pretrained(
        directory / "unet", torch_dtype=torch.float32, low_cpu_mem_usage=False, use_safetensors=True
    )
    text_encoder = CLIPTextModel.from_pretrained(
        directory / "text_encoder", dtype=torch.float32, use_safetensors=True
    )
    pipeline = MeltingPotPipeline(
        unet.eval(),
        text_encoder.float().eval(),
        PreTrainedTokenizerFast.from_pretrained(directory / "tokenizer"),
        FlowMatchEulerDiscreteScheduler.from_pretrained(directory / "scheduler"),
    )
    return pipeline.to(device)


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
    """The shipped checkpoint with the most works, all of which consent in this manifest, or None.

    Otherwise a work without consent would live on in the new model, and its artist would earn nothing from
    it.
    """
    consenting = {work.content_hash for work in manifest.works}
    usable = []
    for directory in sorted(path.parent for path in shipped.glob(f"*/{WORKS}")):
        behind = {work["content_hash"] for work in works_behind(directory)}
        if behind and behind <= consenting:
            usable.append((len(behind), directory))
    return max(usable, default=(0, None), key=lambda found: found[0])[1]
