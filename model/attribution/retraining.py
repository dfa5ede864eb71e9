"""Training the small network again on some of the artists, and asking each result for its loss on pictures.

All retrainings of one seed share their first weights and their noise, so that what differs between them is
the artists: the part of a loss that the seed alone decides is one constant for all subsets.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from model.attribution.arrays import read_arrays, write_arrays
from model.attribution.ensemble import Scorer
from model.dataset import Dataset, Manifest, canonical
from model.denoiser import Text, denoiser_of
from model.pipeline import MeltingPotPipeline
from model.settings import AttributionSettings, RetrainSettings, TrainSettings
from model.starting import new_pipeline
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


def shrunk(images: torch.Tensor, size: int) -> torch.Tensor:
    """uint8 [N, 3, size, size] of uint8 [N, 3, S, S]: means over blocks, whole numbers on every machine.

    Raises ValueError when S is no multiple of `size`.
    """
    side = images.shape[-1]
    if side % size:
        raise ValueError(f"{side} px cannot be shrunk to {size} px: give a multiple")
    block = side // size
    sums = images.to(torch.int64).unflatten(3, (size, block)).unflatten(2, (size, block)).sum((3, 5))
    return ((2 * sums + block**2) // (2 * block**2)).to(torch.uint8)


def shrunk_dataset(dataset: Dataset, size: int) -> Dataset:
    """The same works at `size` px."""
    return replace(dataset, images=shrunk(dataset.images, size), measured={})


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
    trainer.denoiser.train_mode(True)
    for step in range(settings.steps):
        loss = trainer.step(step)
        if not np.isfinite(loss):
            raise ArithmeticError(f"the loss is {loss} at step {step + 1}: lower learning_rate")
    trainer.exchange()
    for weight in trainer.weights:
        weight.requires_grad_(False)
    trainer.denoiser.train_mode(False)
    return pipeline


@torch.no_grad()
def picture_losses(pipeline: MeltingPotPipeline, pictures: Pictures, settings: RetrainSettings) -> torch.Tensor:
    """float32 [Q, K]: the flow-matching loss of each picture and prompt at K evenly spaced noise levels."""
    denoiser = denoiser_of(pipeline)
    device = pipeline.device
    clean = denoiser.clean(pictures.images.to(device))
    text = denoiser.encode(*(part.to(device) for part in denoiser.tokens(pictures.prompts)))
    found = torch.zeros(len(pictures), settings.noise_levels, device=device)
    for number in range(settings.noise_levels):
        generator = torch.Generator().manual_seed(settings.noise_seed * 1009 + number)
        noise = torch.randn(clean.shape[1:], generator=generator).to(device)
        for first in range(0, len(pictures), BATCH):
            part = slice(first, first + BATCH)
            level = torch.full((len(clean[part]),), (number + 0.5) / settings.noise_levels, device=device)
            noisy = denoiser.mixed(clean[part], noise, level)
            told = Text(*(None if values is None else values[part] for values in text))
            guess = denoiser.predict(pipeline.unet, noisy, level, told)
            miss = guess - denoiser.target(clean[part], noise.expand_as(noisy), level)
            found[part, number] = miss.square().flatten(1).mean(1)
    return found.cpu()


@dataclass(frozen=True)
class Outcome:
    """losses float32 [Q], means over the noise levels; scores float32 [Q, A]: what D-TRAK in this network
    says of its artists, 0 for those it was not trained on; [Q, 0] where the plan asks for none.
    """

    losses: np.ndarray
    scores: np.ndarray


@dataclass(frozen=True)
class Plan:
    """Everything that decides the outcome of retrainings, and where outcomes are kept."""

    dataset: Dataset
    settings: TrainSettings
    pictures: Pictures
    losses: RetrainSettings
    scores: AttributionSettings | None = None  # of the gradients that each network is also asked for
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
                [self.losses.noise_levels, self.losses.noise_seed],
                self.scores.to_json() if self.scores else None,
                np.packbits(retraining.subset).tobytes().hex(),
                retraining.seed,
                torch.__version__,
            ]
        )
        return self.folder / f"{hashlib.sha256(key).hexdigest()[:32]}.npz"


def retrained(
    plan: Plan,
    retrainings: Sequence[Retraining],
    processes: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> list[Outcome]:
    """The outcome of each of the retrainings. `progress(done, M)` after each.

    `processes`: 0 for as many as processors, or one with a GPU; each takes one thread.
    """
    if plan.folder is not None:
        plan.folder.mkdir(parents=True, exist_ok=True)
    workers = processes or (1 if torch.cuda.is_available() else len(os.sched_getaffinity(0)))
    if workers == 1 or len(retrainings) < 2:
        return _told((_outcome(plan, one) for one in retrainings), len(retrainings), progress)
    # Spawned, not forked: torch's threads do not survive a fork.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, _begin, (plan,)) as pool:
        return _told(pool.map(_outcome_there, retrainings), len(retrainings), progress)


def _told(
    outcomes: Iterable[Outcome], count: int, progress: Callable[[int, int], None] | None
) -> list[Outcome]:
    found = []
    for outcome in outcomes:
        found.append(outcome)
        if progress is not None:
            progress(len(found), count)
    return found


def _outcome(plan: Plan, retraining: Retraining) -> Outcome:
    path = plan.path(retraining)
    if path is not None and path.is_file():
        kept = read_arrays(path, ("losses", "scores"))
        return Outcome(kept["losses"], kept["scores"])
    pipeline = retrain(plan.dataset, plan.settings, retraining)
    losses = picture_losses(pipeline, plan.pictures, plan.losses).mean(1).numpy()
    found = Outcome(losses, _scores(plan, retraining, pipeline))
    if path is not None:
        part = path.with_suffix(f".{os.getpid()}")
        write_arrays(part, {"losses": found.losses, "scores": found.scores})
        part.replace(path)
    return found


def _scores(plan: Plan, retraining: Retraining, pipeline: MeltingPotPipeline) -> np.ndarray:
    """float32 [Q, A] in the order of all artists."""
    if plan.scores is None:
        return np.zeros((len(plan.pictures), 0), dtype=np.float32)
    part = part_of(plan.dataset, retraining.subset)
    settings = plan.scores.but(seed=retraining.seed)
    own = Scorer(pipeline, part, settings).scores(plan.pictures.images, plan.pictures.prompts)
    found = np.zeros((len(plan.pictures), len(plan.dataset.artists)), dtype=np.float32)
    found[:, [plan.dataset.artists.index(artist) for artist in part.artists]] = own
    return found


_plan: Plan | None = None  # of a worker process


def _begin(plan: Plan) -> None:
    global _plan
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    _plan = plan


def _outcome_there(retraining: Retraining) -> Outcome:
    if _plan is None:
        raise RuntimeError("a worker process began without its plan")
    return _outcome(_plan, retraining)
