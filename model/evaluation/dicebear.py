r"""Attribution where the right answer is known: 14 artists with a style each (DiceBear).

    python tools/dicebear_manifest.py .meltingpot/dicebear --per-style 32
    python -m model.evaluation.dicebear --manifest .meltingpot/dicebear/MANIFEST.jsonl \
        --out .meltingpot/dicebear/run

A small network is trained on all styles. Of the pictures that are asked by a style's name, how often does
that style's artist rank first? Once the method is told the prompt, and once an empty one: with the prompt it
may read the style's name alone, without it only the picture. λ is chosen for each method on pictures of other
seeds.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from model import checkpoint
from model.attribution.peers.task import PEERS, Peer, Task, artist_scores
from model.checkpoint import load_pipeline
from model.dataset import Dataset, load_dataset, pixels_of
from model.manifest_file import read_manifest
from model.pipeline import MeltingPotPipeline
from model.sample import generate
from model.settings import AttributionSettings, SampleSettings, TrainSettings
from model.train import train

TRAINING = TrainSettings(
    size=16,
    widths=(16, 32),
    heads=2,
    text_width=32,
    text_layers=1,
    steps=400,
    batch_size=64,
    learning_rate=3e-3,
    ema_decay=0.99,
    autocast=False,
    save_dtype="float32",
)
SAMPLING = SampleSettings(steps=20, guidance=2.0, output_size=0, batch_size=28)
ATTRIBUTION = AttributionSettings(noise_levels=8, lowest_noise=0.0, damping=0.1, batch_size=16)
DAMPINGS = (0.001, 0.01, 0.1, 1.0, 10.0)
ASKED, CHOOSING = 8, 4  # pictures of each style that are reported on, and others on which λ is chosen
FIRST_ASKED, FIRST_CHOOSING = 10_000, 20_000  # seeds
SAVE_EVERY = 100  # steps, so that an interrupted run goes on
Z = 1.959964  # of a 95 % interval

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Asked:
    """Generated pictures uint8 [Q, 3, S, S], prompts [Q], artists whose style was asked int64 [Q]."""

    pictures: torch.Tensor
    prompts: list[str]
    artists: np.ndarray


@dataclass(frozen=True)
class TopOne:
    """How often one method put the right artist first; `told`: whether it was given the prompt.

    seconds: processor time for all pictures. Gradients are shared: the works' are counted nowhere, the
    pictures' with the first method that needs them.
    """

    method: str
    told: bool
    damping: float
    hits: int
    of: int
    seconds: float

    @property
    def value(self) -> float:
        """hits / of."""
        return self.hits / self.of

    @property
    def interval(self) -> tuple[float, float]:
        """95 % of a binomial proportion (Wilson, J. Am. Stat. Assoc. 22, 1927)."""
        middle = (self.hits + Z**2 / 2) / (self.of + Z**2)
        spread = Z / (self.of + Z**2) * math.sqrt(self.hits * (self.of - self.hits) / self.of + Z**2 / 4)
        return middle - spread, middle + spread


def measure(
    manifest: Path, methods: Mapping[str, Peer], folder: Path, progress: Progress | None = None
) -> dict[str, float]:
    """Top-1 by method, and by "METHOD, no words" with empty prompts; see `examine`."""
    found = examine(manifest, methods, folder, progress)
    return {one.method + ("" if one.told else ", no words"): one.value for one in found}


def examine(
    manifest: Path, methods: Mapping[str, Peer], folder: Path, progress: Progress | None = None
) -> list[TopOne]:
    """Train into `folder` (or take up what was trained there), generate, and ask each method twice.

    manifest: of works whose title is one for all of an artist's (tools/dicebear_manifest.py writes it).
    `progress(what, done, all)`. Raises ValueError for a manifest of another kind.
    """
    told = progress or (lambda what, done, everything: None)
    described, files = read_manifest(manifest)
    dataset = load_dataset(described, lambda work: files[work.content_hash], TRAINING.size)
    titles = style_titles(dataset)
    if not _trained(folder, dataset):
        train(dataset, TRAINING, folder, None, lambda done, steps, _: told("train", done, steps), SAVE_EVERY)
    pipeline = load_pipeline(folder)
    asked = ask(pipeline, titles, ASKED, FIRST_ASKED, told)
    choosing = ask(pipeline, titles, CHOOSING, FIRST_CHOOSING, told)
    return compare(pipeline, dataset, methods, asked, choosing, ATTRIBUTION, told)


def _trained(folder: Path, dataset: Dataset) -> bool:
    """Whether the folder's checkpoint is this training, finished."""
    if not (folder / checkpoint.HISTORY).is_file():
        return False
    last = checkpoint.history_of(folder)[-1]
    same = checkpoint.settings_of(folder) == TRAINING and last["dataset_root"] == dataset.manifest.root()
    return same and last["steps"] == TRAINING.steps


def style_titles(dataset: Dataset) -> list[str]:
    """What each artist's style is called, in the order of `dataset.artists`."""
    titles: dict[str, set[str]] = {artist: set() for artist in dataset.artists}
    for work in dataset.works:
        titles[work.artist].add(work.title)
    several = {artist: sorted(found) for artist, found in titles.items() if len(found) != 1}
    named = [next(iter(found)) for found in titles.values()]
    if several or len(set(named)) < len(named):
        raise ValueError(
            f"each artist's works need one title that no other artist's have, got {several or named}; "
            "write the manifest by tools/dicebear_manifest.py"
        )
    return named


def ask(
    pipeline: MeltingPotPipeline, titles: list[str], each: int, first_seed: int, progress: Progress
) -> Asked:
    """`each` pictures of every style, by its title alone."""
    prompts = [title for title in titles for _ in range(each)]
    seeds = list(range(first_seed, first_seed + len(prompts)))
    made = generate(pipeline, prompts, seeds, SAMPLING, lambda done, steps: progress("generate", done, steps))
    size = pipeline.unet.config.sample_size * 2
    pictures = torch.stack([pixels_of(picture, size) for picture in made])
    return Asked(pictures, prompts, np.repeat(np.arange(len(titles)), each))


def compare(
    pipeline: MeltingPotPipeline,
    dataset: Dataset,
    methods: Mapping[str, Peer],
    asked: Asked,
    choosing: Asked,
    settings: AttributionSettings,
    progress: Progress,
) -> list[TopOne]:
    """Each method's top-1 over `asked`, with λ chosen on `choosing`; first told the prompts, then not."""
    kept: dict = {}
    found = []
    for told in (True, False):
        for number, (name, method) in enumerate(methods.items()):
            progress(f"{name}{'' if told else ', no words'}", number, len(methods))
            tasks = [
                Task(
                    pipeline,
                    dataset,
                    part.pictures,
                    part.prompts if told else [""] * len(part.prompts),
                    settings,
                    progress=lambda done, everything: progress("gradients", done, everything),
                    kept=kept,
                )
                for part in (asked, choosing)
            ]
            damping = _chosen(method, tasks[1], choosing.artists)
            began = time.process_time()
            ranks = _ranks(_scores(method, tasks[0], damping), asked.artists)
            seconds = time.process_time() - began
            found.append(TopOne(name, told, damping, int((ranks == 1).sum()), len(ranks), seconds))
    return found


def _chosen(method: Peer, task: Task, artists: np.ndarray) -> float:
    """The λ with the best mean of 1/rank; the first, for a method that does not heed it."""
    tables = [_scores(method, task, damping) for damping in DAMPINGS[:2]]
    if np.array_equal(*tables):
        return DAMPINGS[0]
    tables += [_scores(method, task, damping) for damping in DAMPINGS[2:]]
    quality = [float((1 / _ranks(table, artists)).mean()) for table in tables]
    return DAMPINGS[int(np.argmax(quality))]


def _scores(method: Peer, task: Task, damping: float) -> np.ndarray:
    """float64 [Q, A]."""
    scores = method(replace(task, settings=task.settings.but(damping=damping)))
    return artist_scores(scores, task.dataset.artist_of, len(task.dataset.artists))


def _ranks(table: np.ndarray, artists: np.ndarray) -> np.ndarray:
    """Rank [Q] of the right artist in scores [Q, A], 1 the highest; of its equals half stand before it."""
    right = table[np.arange(len(table)), artists][:, None]
    return 1 + (table > right).sum(1) + ((table == right).sum(1) - 1) / 2


def main() -> int:
    """All peers' top-1 as a table; the stages on standard error."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="folder for the small checkpoint")
    arguments = parser.parse_args()

    def told(what: str, done: int, everything: int) -> None:
        print(f"\r{what} {done}/{everything}".ljust(40), end="", file=sys.stderr, flush=True)

    print("| method | told the prompt | top-1 | 95 % | λ | seconds |\n|---|---|--:|---|--:|--:|")
    for one in examine(arguments.manifest, PEERS, arguments.out, told):
        low, high = one.interval
        row = f"{one.value:.2f} ({one.hits} of {one.of}) | {low:.2f} to {high:.2f} | {one.damping:g}"
        print(f"| {one.method} | {'yes' if one.told else 'no'} | {row} | {one.seconds:.1f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
