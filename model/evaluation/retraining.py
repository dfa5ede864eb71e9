"""Training the small network again on some of the artists, and asking each result for its loss on pictures.

All retrainings of one seed share their first weights and their noise, so that what differs between them is
the artists: the part of a loss that the seed alone decides is one constant for all subsets.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from model.attribution.arrays import read_arrays, write_arrays
from model.dataset import Dataset, Manifest, canonical
from model.evaluation.settings import LossSettings
from model.network import encode_text, to_network, velocity
from model.pipeline import MeltingPotPipeline
from model.settings import TrainSettings
from model.starting import new_pipeline
from model.text import tokenize
from model.trainer import Trainer

BATCH = 256  # pictures looked at together


@dataclass(frozen=True)
class Pictures:
    """images uint8 [Q, 3, S, S] with the prompts [Q] they were asked for."""

    images: torch.Tensor
    prompts: list[str]

    def __post_init__(self) -> None:
        if self.images.dtype != torch.uint8 or len(self.images) != len(self.prompts):
            raise ValueError(
                f"{self.images.dtype} {tuple(self.images.shape)} and {len(self.prompts)} prompts; "
                "give uint8 pictures with a prompt each"
            )

    def __len__(self) -> int:
        return len(self.prompts)

    def digest(self) -> str:
        """sha256 of pictures and prompts, hex."""
        return hashlib.sha256(
            self.images.contiguous().numpy().tobytes() + canonical(list(self.prompts))
        ).hexdigest()


@dataclass(frozen=True)
class Retraining:
    """One training: on the artists of `subset` (bool [A]), from `seed`."""

    subset: np.ndarray
    seed: int


def part_of(dataset: Dataset, subset: np.ndarray) -> Dataset:
    """The works of the artists in `subset` (bool [A], in the order of `dataset.artists`).

    Raises ValueError when none is left.
    """
    kept = torch.from_numpy(np.asarray(subset, dtype=bool))[dataset.artist_of].nonzero().flatten()
    if not len(kept):
        raise ValueError("a training needs works: choose a subset of artists who have some")
    works = tuple(dataset.works[i] for i in kept.tolist())
    artists = sorted({work.artist for work in works})
    position = {artist: number for number, artist in enumerate(artists)}
    return Dataset(
        Manifest(works, dataset.manifest.context),
        dataset.images[kept],
        [dataset.captions[i] for i in kept.tolist()],
        artists,
        torch.tensor([position[work.artist] for work in works], dtype=torch.int64),
    )


def retrain(dataset: Dataset, settings: TrainSettings, retraining: Retraining) -> MeltingPotPipeline:
    """The averaged weights after `settings.steps` steps; the vocabulary is the whole dataset's."""
    settings = settings.but(seed=retraining.seed)
    pipeline = new_pipeline(dataset, settings)
    trainer = Trainer(pipeline, part_of(dataset, retraining.subset), settings, warm=False)
    pipeline.unet.train(), pipeline.text_encoder.train()
    for step in range(settings.steps):
        loss = trainer.step(step)
        if not np.isfinite(loss):
            raise ArithmeticError(f"the loss is {loss} at step {step + 1}: lower learning_rate")
    trainer.averaged()
    for weight in trainer.weights:
        weight.requires_grad_(False)
    pipeline.unet.eval(), pipeline.text_encoder.eval()
    return pipeline


@torch.no_grad()
def picture_losses(pipeline: MeltingPotPipeline, pictures: Pictures, settings: LossSettings) -> torch.Tensor:
    """float32 [Q, K]: the flow-matching loss of each picture and prompt at K evenly spaced noise levels."""
    blocks = to_network(pictures.images)
    ids, mask = tokenize(pipeline.tokenizer, pictures.prompts)
    words, sentence = encode_text(pipeline.text_encoder, ids, mask)
    found = torch.zeros(len(pictures), settings.noise_levels)
    for level in range(settings.noise_levels):
        sigma = torch.tensor((level + 0.5) / settings.noise_levels)
        generator = torch.Generator().manual_seed(settings.seed * 1009 + level)
        noise = torch.randn(blocks.shape[1:], generator=generator)
        for first in range(0, len(pictures), BATCH):
            part = slice(first, first + BATCH)
            noisy = (1 - sigma) * blocks[part] + sigma * noise
            guess = velocity(
                pipeline.unet, noisy, sigma.expand(len(noisy)), words[part], sentence[part], mask[part]
            )
            found[part, level] = (guess - (noise - blocks[part])).square().flatten(1).mean(1)
    return found


@dataclass(frozen=True)
class Plan:
    """Everything that decides the outcome of retrainings, and where outcomes are kept."""

    dataset: Dataset
    settings: TrainSettings
    pictures: Pictures
    losses: LossSettings
    folder: Path | None = None  # a retraining found here is not done again

    def path(self, retraining: Retraining) -> Path | None:
        """The file of one outcome; its name is a hash over all that decides it."""
        if self.folder is None:
            return None
        key = canonical(
            [
                self.dataset.manifest.root(),
                self.settings.to_json(),
                self.pictures.digest(),
                self.losses.to_json(),
                np.packbits(retraining.subset).tobytes().hex(),
                retraining.seed,
                torch.__version__,
            ]
        )
        return self.folder / f"{hashlib.sha256(key).hexdigest()[:32]}.npz"


def retrained_losses(
    plan: Plan,
    retrainings: Sequence[Retraining],
    processes: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> np.ndarray:
    """float32 [M, Q]: mean loss over the noise levels of each picture after each of the retrainings.

    `processes`: 0 for as many as processors; each takes one thread. `progress(done, M)` after each.
    """
    if plan.folder is not None:
        plan.folder.mkdir(parents=True, exist_ok=True)
    workers = processes or len(os.sched_getaffinity(0))
    if workers == 1 or len(retrainings) < 2:
        return np.stack([_told(_outcome(plan, one), i, retrainings, progress) for i, one in enumerate(retrainings)])
    # Spawned, not forked: torch's threads do not survive a fork.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, _begin, (plan,)) as pool:
        outcomes = pool.map(_outcome_there, retrainings)
        return np.stack([_told(one, i, retrainings, progress) for i, one in enumerate(outcomes)])


def _told(
    outcome: np.ndarray, number: int, all_of_them: Sequence[Retraining], progress: Callable[[int, int], None] | None
) -> np.ndarray:
    if progress is not None:
        progress(number + 1, len(all_of_them))
    return outcome


def _outcome(plan: Plan, retraining: Retraining) -> np.ndarray:
    """float32 [Q]."""
    path = plan.path(retraining)
    if path is not None and path.is_file():
        return read_arrays(path, ("losses",))["losses"]
    pipeline = retrain(plan.dataset, plan.settings, retraining)
    found = picture_losses(pipeline, plan.pictures, plan.losses).mean(1).numpy()
    if path is not None:
        part = path.with_suffix(f".{os.getpid()}")
        write_arrays(part, {"losses": found})
        part.replace(path)
    return found


_plan: Plan | None = None  # of a worker process


def _begin(plan: Plan) -> None:
    global _plan
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    _plan = plan


def _outcome_there(retraining: Retraining) -> np.ndarray:
    if _plan is None:
        raise RuntimeError("a worker process began without its plan")
    return _outcome(_plan, retraining)
