"""The state of a training that runs, so that an interrupted one goes on where it was, on any device."""

from __future__ import annotations

import hashlib
from pathlib import Path

import torch

from model.dataset import Dataset, canonical
from model.settings import TrainSettings
from model.trainer import Trainer

STATE = "resume.pt"  # only while a training runs; removed from the finished directory
PART = ".part"  # of a state that is being written


def state_key(dataset: Dataset, settings: TrainSettings, start: Path | None) -> str:
    """What a saved state must agree with; the number of steps is free, so that a training can be made
    longer.
    """
    return hashlib.sha256(
        canonical([settings.but(steps=0).to_json(), dataset.manifest.root(), str(start)])
    ).hexdigest()


def load_state(trainer: Trainer, path: Path, key: str) -> tuple[int, list[float]]:
    """(steps done, their losses) of the saved state, now the trainer's; (0, []) without one of `key`."""
    if not path.is_file():
        return 0, []
    state = torch.load(path, weights_only=True, map_location=trainer.device)
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


def save_state(trainer: Trainer, path: Path, key: str, step: int, losses: list[float]) -> None:
    """Written under another name first: a kill while writing leaves the state before it."""
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


def forget_state(path: Path) -> None:
    """A finished training has none."""
    for left in (path, path.with_suffix(PART)):
        left.unlink(missing_ok=True)
