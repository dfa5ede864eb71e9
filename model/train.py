r"""Training: the same settings, works, threads and start give the same weights.

    python -m model.train --manifest MANIFEST.jsonl --out DIR --steps N [--start DIR] \
        [--exclude-artist NAME …] [--device auto] [--compile inductor]

made the shipped checkpoint. It uses a GPU if there is one. `--start` is a checkpoint to go on with, or a
Stable Diffusion directory (then with `--set lora_rank=16`, or all of its UNet is trained). Run again after an
interruption, the command goes on from the last saved state.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from model import checkpoint
from model.compute import Compute, make_repeatable
from model.dataset import Dataset, load_dataset, without
from model.manifest_file import read_manifest
from model.resume import STATE, forget_state, load_state, save_state, state_key
from model.settings import TrainSettings
from model.starting import Beginning, begin, default_steps, size_of
from model.trainer import Trainer

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
    compute: Compute | None = None,
    copies: Collection[str] = (),
) -> TrainResult:
    """Train on the dataset, from `start` if given, and write a checkpoint directory.

    copies: content hashes of near-copies. They stand among the works behind the checkpoint and are never
    drawn: the work that they copy is, so that nobody gains weight in the model by copying.
    `progress(step, steps, loss)` after every step. With `save_every`, an interrupted run goes on where it
    was saved. Raises ValueError when works behind the start are missing from the dataset, or for numbers
    below one; TrainingDiverged when the loss is no number.
    """
    began = time.monotonic()
    if start is not None:
        _expect_all_works(dataset, start)
    seen = without(dataset, copies) if copies else dataset
    beginning = begin(seen, _chosen(seen, settings, start), start)
    settings = beginning.settings
    trainer = trainer_of(beginning, seen, compute)

    def save(losses: list[float]) -> None:
        _save(trainer, dataset, out_dir, losses, start)

    losses = run(trainer, out_dir, state_key(seen, settings, start), save, progress, save_every)
    return TrainResult(
        out_dir,
        settings,
        dataset.manifest.root(),
        settings.steps,
        checkpoint.total_steps(checkpoint.history_of(out_dir)),
        last_loss(losses),
        time.monotonic() - began,
        start,
    )


def trainer_of(beginning: Beginning, dataset: Dataset, compute: Compute | None) -> Trainer:
    """A trainer that gives the same weights each time."""
    compute = compute or Compute()
    make_repeatable(compute.resolved())
    return Trainer(beginning.pipeline, dataset, beginning.settings, beginning.warm, compute)


def run(
    trainer: Trainer,
    out_dir: Path,
    key: str,
    save: Callable[[list[float]], None],
    progress: Progress | None,
    save_every: int,
) -> list[float]:
    """All steps of a training, from the state saved under `key` if there is one; `save(losses)` writes what
    is to be used, every `save_every` steps and at the end. Returns the losses.
    """
    settings = trainer.settings
    trainer.denoiser.train_mode(True)
    out_dir.mkdir(parents=True, exist_ok=True)
    done, losses = load_state(trainer, out_dir / STATE, key)
    for step in range(done, settings.steps):
        losses.append(trainer.step(step))
        _expect_finite(math.isfinite(losses[-1]), f"the loss is {losses[-1]} at step {step + 1}", settings)
        if progress is not None:
            progress(step + 1, settings.steps, losses[-1])
        if save_every and (step + 1) % save_every == 0 and step + 1 < settings.steps:
            save_state(trainer, out_dir / STATE, key, step + 1, losses)
            save(losses)
    save(losses)
    forget_state(out_dir / STATE)
    trainer.denoiser.train_mode(False)
    return losses


def last_loss(losses: list[float]) -> float:
    """Mean over the last tenth of the steps."""
    tail = losses[-max(1, len(losses) // 10) :]
    return sum(tail) / len(tail)


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


def _expect_all_works(dataset: Dataset, start: Path) -> None:
    """Of a base from elsewhere the works are not known; the checkpoint's card says so."""
    if not checkpoint.is_ours(start):
        return
    present = {work.content_hash for work in dataset.works}
    missing = [work for work in checkpoint.works_behind(start) if work["content_hash"] not in present]
    if missing:
        raise ValueError(
            f"{len(missing)} works behind {start} are not in the dataset (the first: "
            f"{missing[0]['title']!r}); train from nothing instead"
        )


def _save(
    trainer: Trainer, dataset: Dataset, out_dir: Path, losses: list[float], start: Path | None
) -> None:
    """Write the moving average as a checkpoint; the trainer's own weights stay as they are."""
    before = checkpoint.history_of(start) if start and checkpoint.is_ours(start) else []
    works = {work.content_hash: work.credits() for work in dataset.works}
    told = training_record(trainer, len(losses)) | {"works": len(dataset), "dataset_root": dataset.manifest.root()}
    if copies := len(dataset) - len(trainer.dataset):
        told["near_copies_not_drawn"] = copies
    told |= {"from_start": start is not None}
    if start is not None and not checkpoint.is_ours(start):
        told["base"] = checkpoint.fingerprint_of(start)
    with averaged(trainer):
        checkpoint.save_pipeline(
            trainer.pipeline, out_dir, trainer.settings, list(works.values()), [*before, told]
        )
    checkpoint.write_json(out_dir / checkpoint.DATASET, dataset.manifest.to_json())
    write_log(out_dir / checkpoint.LOG, losses)


def training_record(trainer: Trainer, steps: int) -> dict[str, Any]:
    """What the history says of one training."""
    return {
        "steps": steps,
        "batch_size": trainer.settings.batch_size,
        "seed": trainer.settings.seed,
        "works": len(trainer.dataset),
        "dataset_root": trainer.dataset.manifest.root(),
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        **trainer.compute.described(trainer.settings.autocast),
    }


@contextmanager
def averaged(trainer: Trainer) -> Iterator[None]:
    """The moving average in the place of the trained weights, for saving, which may round it. Raises
    TrainingDiverged when the stored type cannot hold it.
    """
    trainer.exchange()
    dtype = getattr(torch, trainer.settings.save_dtype)
    finite = all(bool(weight.detach().to(dtype).isfinite().all()) for weight in trainer.weights)
    _expect_finite(finite, "weights to be saved are infinite or no numbers", trainer.settings)
    saved = [weight.detach().clone() for weight in trainer.weights]
    yield
    with torch.no_grad():
        for weight, exact in zip(trainer.weights, saved, strict=True):
            weight.copy_(exact)
    trainer.exchange()


def write_log(path: Path, losses: list[float]) -> None:
    """At most some 500 lines of step and mean loss."""
    width = max(1, len(losses) // 500)
    rows = [
        {"step": i + width, "loss": round(sum(losses[i : i + width]) / width, 5)}
        for i in range(0, len(losses) - width + 1, width)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description="Train a checkpoint from a MANIFEST.jsonl.")
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--start", type=Path)
    parser.add_argument("--exclude-artist", action="append", default=[], metavar="NAME")
    parser.add_argument("--save-every", type=int, default=200)
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    parser.add_argument("--compile", default="", help="backend of torch.compile, such as inductor")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=JSON", help="any other training setting"
    )
    arguments = parser.parse_args()
    manifest, files = read_manifest(arguments.manifest, arguments.exclude_artist)
    changes = {name: json.loads(value) for name, value in (item.split("=", 1) for item in arguments.set)}
    settings = TrainSettings.from_json({**TrainSettings().to_json(), **changes, "steps": arguments.steps})
    size = size_of(arguments.start) if arguments.start else settings.size
    dataset = load_dataset(manifest, lambda work: files[work.content_hash], size)
    print(f"{len(dataset)} works by {len(dataset.artists)} artists, root {manifest.root()}", flush=True)
    began = time.monotonic()

    def show(step: int, steps: int, loss: float) -> None:
        if step % 20 == 0 or step == steps:
            print(f"step {step}/{steps} loss {loss:.4f} {time.monotonic() - began:.0f} s", flush=True)

    compute = Compute(arguments.device, arguments.compile)
    print(", ".join(f"{name} {value}" for name, value in compute.described(settings.autocast).items()))
    result = train(dataset, settings, arguments.out, arguments.start, show, arguments.save_every, compute)
    print(
        f"{result.directory}: {result.total_steps} steps in all, loss {result.loss:.4f}, "
        f"{result.seconds:.0f} s"
    )


if __name__ == "__main__":
    main()
