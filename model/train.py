r"""Training: the same settings, works, threads and start give the same weights.

    python -m model.train --manifest MANIFEST.jsonl --out DIR --steps N [--start DIR] \
        [--exclude-artist NAME …]

made the shipped checkpoint. Run again after an interruption, the command goes on from the last saved state.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from model import checkpoint
from model.dataset import Dataset, canonical, load_dataset
from model.manifest_file import read_manifest
from model.pipeline import MeltingPotPipeline
from model.settings import TrainSettings
from model.starting import continued_pipeline, default_steps, new_pipeline
from model.trainer import Trainer

STATE = "resume.pt"  # only while a training runs; removed from the finished directory
PART = ".part"  # of a state that is being written
Progress = Callable[[int, int, float], None]


class TrainingDiverged(ArithmeticError):
    """The loss is no number any more: what is trained from here on is no model."""


@dataclass(frozen=True)
class TrainResult:
    """`directory` holds the checkpoint; `total_steps` counts its whole life."""

    directory: Path
    settings: TrainSettings
    root: str
    steps: int
    total_steps: int
    loss: float  # mean over the last tenth of the steps
    seconds: float
    started_from: Path | None


def train(
    dataset: Dataset,
    settings: TrainSettings,
    out_dir: Path,
    start: Path | None = None,
    progress: Progress | None = None,
    save_every: int = 0,
) -> TrainResult:
    """Train on the dataset, from `start` if given, and write a checkpoint directory.

    `progress(step, steps, loss)` after every step. With `save_every`, an interrupted run goes on where it
    was saved. Raises ValueError when works behind the start are missing from the dataset, or for numbers
    below one; TrainingDiverged when the loss is no number.
    """
    began = time.monotonic()
    torch.use_deterministic_algorithms(True)
    settings, pipeline = _pipeline_for(dataset, _chosen(dataset, settings, start), start)
    trainer = Trainer(pipeline, dataset, settings, warm=start is not None)
    pipeline.unet.train(), pipeline.text_encoder.train()
    key = _state_key(dataset, settings, start)
    out_dir.mkdir(parents=True, exist_ok=True)
    done, losses = _resume(trainer, out_dir / STATE, key)
    for step in range(done, settings.steps):
        losses.append(trainer.step(step))
        _expect_finite(math.isfinite(losses[-1]), f"the loss is {losses[-1]} at step {step + 1}", settings)
        if progress is not None:
            progress(step + 1, settings.steps, losses[-1])
        if save_every and (step + 1) % save_every == 0 and step + 1 < settings.steps:
            _save_state(trainer, out_dir / STATE, key, step + 1, losses)
            history = _save(trainer, out_dir, losses, start)
    history = _save(trainer, out_dir, losses, start)
    for left in (out_dir / STATE, (out_dir / STATE).with_suffix(PART)):
        left.unlink(missing_ok=True)
    pipeline.unet.eval(), pipeline.text_encoder.eval()
    tail = losses[-max(1, len(losses) // 10) :]
    return TrainResult(
        out_dir,
        settings,
        dataset.manifest.root(),
        settings.steps,
        checkpoint.total_steps(history),
        sum(tail) / len(tail),
        time.monotonic() - began,
        start,
    )


def _chosen(dataset: Dataset, settings: TrainSettings, start: Path | None) -> TrainSettings:
    """The settings with a number of steps."""
    if settings.steps < 0 or settings.batch_size < 1:
        raise ValueError(
            f"steps {settings.steps} must be 0 (chosen) or more, batch_size {settings.batch_size} 1 or more"
        )
    return settings if settings.steps else settings.but(steps=default_steps(len(dataset), settings, start))


def _expect_finite(finite: bool, what: str, settings: TrainSettings) -> None:
    if not finite:
        raise TrainingDiverged(
            f"{what}: lower learning_rate ({settings.learning_rate}) or turn autocast off, and train again"
        )


def _pipeline_for(
    dataset: Dataset, settings: TrainSettings, start: Path | None
) -> tuple[TrainSettings, MeltingPotPipeline]:
    if start is None:
        return settings, new_pipeline(dataset, settings)
    present = {work.content_hash for work in dataset.works}
    missing = [work for work in checkpoint.works_behind(start) if work["content_hash"] not in present]
    if missing:
        raise ValueError(
            f"{len(missing)} works behind {start} are not in the dataset (the first: "
            f"{missing[0]['title']!r}); train from nothing instead"
        )
    return continued_pipeline(start, dataset, settings)


def _state_key(dataset: Dataset, settings: TrainSettings, start: Path | None) -> str:
    """What a saved state must agree with; the number of steps is free, so that a training can be made
    longer.
    """
    return hashlib.sha256(
        canonical([settings.but(steps=0).to_json(), dataset.manifest.root(), str(start)])
    ).hexdigest()


def _resume(trainer: Trainer, path: Path, key: str) -> tuple[int, list[float]]:
    if not path.is_file():
        return 0, []
    state = torch.load(path, weights_only=True)
    if state["key"] != key:  # left over by another training into the same directory
        return 0, []
    with torch.no_grad():
        for weight, mean, saved, saved_mean in zip(
            trainer.weights, trainer.average, state["weights"], state["average"], strict=True
        ):
            weight.copy_(saved)
            mean.copy_(saved_mean)
    trainer.optimiser.load_state_dict(state["optimiser"])
    return int(state["step"]), list(state["losses"])


def _save_state(trainer: Trainer, path: Path, key: str, step: int, losses: list[float]) -> None:
    part = path.with_suffix(PART)
    torch.save(
        {
            "key": key,
            "step": step,
            "losses": losses,
            "weights": [w.detach() for w in trainer.weights],
            "average": trainer.average,
            "optimiser": trainer.optimiser.state_dict(),
        },
        part,
    )
    part.replace(path)


def _save(trainer: Trainer, out_dir: Path, losses: list[float], start: Path | None) -> list[dict[str, Any]]:
    """Write the moving average as a checkpoint; the trainer's own weights stay as they are."""
    before = checkpoint.history_of(start) if start else []
    works = {work.content_hash: work.credits() for work in trainer.dataset.works}
    history = [
        *before,
        {
            "steps": len(losses),
            "batch_size": trainer.settings.batch_size,
            "seed": trainer.settings.seed,
            "works": len(works),
            "dataset_root": trainer.dataset.manifest.root(),
            "from_start": start is not None,
            "torch": torch.__version__,
            "threads": torch.get_num_threads(),
        },
    ]
    trainer.averaged()
    stored = (weight.detach().to(getattr(torch, trainer.settings.save_dtype)) for weight in trainer.weights)
    finite = all(bool(weight.isfinite().all()) for weight in stored)
    _expect_finite(finite, "weights to be saved are infinite or no numbers", trainer.settings)
    saved = [weight.detach().clone() for weight in trainer.weights]
    checkpoint.save_pipeline(trainer.pipeline, out_dir, trainer.settings, list(works.values()), history)
    checkpoint.write_json(out_dir / checkpoint.DATASET, trainer.dataset.manifest.to_json())
    with torch.no_grad():
        for weight, exact in zip(trainer.weights, saved, strict=True):
            weight.copy_(exact)  # saving rounds to the stored type
    trainer.averaged()
    width = max(1, len(losses) // 500)
    rows = [
        {"step": i + width, "loss": round(sum(losses[i : i + width]) / width, 5)}
        for i in range(0, len(losses) - width + 1, width)
    ]
    (out_dir / checkpoint.LOG).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return history


def main() -> None:
    parser = argparse.ArgumentParser(description="Train a checkpoint from a MANIFEST.jsonl.")
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--start", type=Path)
    parser.add_argument("--exclude-artist", action="append", default=[], metavar="NAME")
    parser.add_argument("--save-every", type=int, default=200)
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=JSON", help="any other training setting"
    )
    arguments = parser.parse_args()
    manifest, files = read_manifest(arguments.manifest, arguments.exclude_artist)
    changes = {name: json.loads(value) for name, value in (item.split("=", 1) for item in arguments.set)}
    settings = TrainSettings.from_json({**TrainSettings().to_json(), **changes, "steps": arguments.steps})
    dataset = load_dataset(manifest, lambda work: files[work.content_hash], settings.size)
    print(f"{len(dataset)} works by {len(dataset.artists)} artists, root {manifest.root()}", flush=True)
    began = time.monotonic()

    def show(step: int, steps: int, loss: float) -> None:
        if step % 20 == 0 or step == steps:
            print(f"step {step}/{steps} loss {loss:.4f} {time.monotonic() - began:.0f} s", flush=True)

    result = train(dataset, settings, arguments.out, arguments.start, show, arguments.save_every)
    print(
        f"{result.directory}: {result.total_steps} steps in all, loss {result.loss:.4f}, "
        f"{result.seconds:.0f} s"
    )


if __name__ == "__main__":
    main()
