"""How good a checkpoint is, in figures: distance of its pictures to the works, memorisation, loss on works
held out.

    python -m model.evaluation.figures --checkpoint DIR --manifest MANIFEST.jsonl [--heldout DIR]    (`make
    figures`)

Works for any checkpoint and the manifest with its works. Writes benchmarks/results/figures.json, the table in
docs/benchmarks.md and the nearest pairs as a picture. Prompts and seeds are fixed beforehand.
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch
from PIL import Image

from model import checkpoint
from model.dataset import Dataset, Manifest, load_dataset
from model.evaluation.distance import COMPONENTS, by_chance, frechet_distance, kernel_distance
from model.evaluation.figures_nearest import asked_work_found, memorisation_figures, show_pairs
from model.evaluation.figures_page import table, write_between
from model.evaluation.heldout import CURVE, PLOT
from model.evaluation.sheet import PROMPTS, SheetPrompt, read_prompts, save_sheet
from model.features import NAME, SIZE_PX, picture_features
from model.manifest_file import read_manifest
from model.sample import generate
from model.settings import SampleSettings

ROOT = Path(__file__).resolve().parents[2]
HALVINGS = 20  # of the works, for the distance of one half to the other
TITLE_SEEDS = 1_000_000  # seeds of pictures asked by titles count from here, away from the sheet's
ROUND_SEEDS = 1_000


@dataclass
class Made:
    """Generated pictures with what was asked: `asked` is the position of the work whose title was the
    prompt.
    """

    kinds: list[str] = field(default_factory=list)
    prompts: list[str] = field(default_factory=list)
    seeds: list[int] = field(default_factory=list)
    asked: list[int | None] = field(default_factory=list)
    pictures: list[Image.Image] = field(default_factory=list)

    def add(self, kind: str, prompt: str, seed: int, asked: int | None = None) -> None:
        (
            self.kinds.append(kind),
            self.prompts.append(prompt),
            self.seeds.append(seed),
            self.asked.append(asked),
        )

    def images(self, places: list[int]) -> torch.Tensor:
        """uint8 [N, 3, S, S]"""
        return torch.stack([torch.from_numpy(np.array(self.pictures[i])).permute(2, 0, 1) for i in places])


def works_of(directory: Path, manifest_path: Path) -> Dataset:
    """The works behind a checkpoint, at its size. Raises ValueError when the manifest lacks one."""
    manifest, files = read_manifest(manifest_path)
    behind = {work["content_hash"] for work in checkpoint.works_behind(directory)}
    works = tuple(work for work in manifest.works if work.content_hash in behind)
    if len(works) < len(behind):
        raise ValueError(
            f"{manifest_path} lacks {len(behind) - len(works)} of the {len(behind)} works behind {directory}"
        )
    size = checkpoint.settings_of(directory).size
    return load_dataset(Manifest(works), lambda work: files[work.content_hash], size)


def to_make(prompts: list[SheetPrompt], dataset: Dataset, rounds: int, titles: int) -> tuple[Made, list[int]]:
    """(what is to be generated, works to compare with): the sheet `rounds` times with other seeds, then
    titles of works. No work that is asked for stands among those to compare with.
    """
    made = Made()
    for number in range(rounds):
        for place, one in enumerate(prompts):
            made.add(one.kind, one.prompt, number * ROUND_SEEDS + place)
    order = [place for place, work in enumerate(dataset.works) if work.title]
    Random(0).shuffle(order)
    asked = order[: min(titles, len(order) // 2)]
    for place in asked:
        made.add("title", dataset.works[place].title, TITLE_SEEDS + place, place)
    return made, sorted(set(range(len(dataset))) - set(asked))


def distance_figures(
    images: torch.Tensor, dataset: Dataset, asked: list[int], others: list[int]
) -> dict[str, Any]:
    """Of pictures asked by the titles of the works `asked`, to the works `others`, beside real sets of the
    same sizes.
    """
    known = picture_features(dataset.images)
    made, generator = picture_features(images), torch.Generator().manual_seed(0)
    halves = []
    for _ in range(HALVINGS):
        order = torch.randperm(len(known), generator=generator)
        left, right = known[order[: len(others)]], known[order[len(others) :]]
        halves.append((kernel_distance(left, right), frechet_distance(left, right)))
    kernel, frechet = torch.tensor(halves).double().T
    return {
        "pictures": len(made),
        "works": len(others),
        "components": COMPONENTS,
        "kernel": {
            "generated": round(kernel_distance(known[others], made), 6),
            "works_asked_for": round(kernel_distance(known[others], known[asked]), 6),
            "halves_of_works": [round(float(kernel.mean()), 6), round(float(kernel.quantile(0.95)), 6)],
            "by_chance": round(by_chance(known[others], made), 6),
        },
        "frechet": {
            "generated": round(frechet_distance(known[others], made), 4),
            "works_asked_for": round(frechet_distance(known[others], known[asked]), 4),
            "halves_of_works": [round(float(frechet.mean()), 4), round(float(frechet.quantile(0.95)), 4)],
        },
    }


def figures(
    directory: Path,
    dataset: Dataset,
    prompts: list[SheetPrompt],
    rounds: int,
    titles: int,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[dict[str, Any], Image.Image]:
    """All figures of a checkpoint and a picture of the nearest pairs.

    Raises ValueError when fewer than two titles can be asked, and what opening the checkpoint raises.
    """
    made, others = to_make(prompts, dataset, rounds, titles)
    settings = SampleSettings(output_size=0)
    made.pictures = generate(
        checkpoint.load_pipeline(directory), made.prompts, made.seeds, settings, progress
    )
    by_title = [place for place, asked in enumerate(made.asked) if asked is not None]
    asked = [work for work in made.asked if work is not None]
    memory = memorisation_figures(made.images(list(range(len(made.prompts)))), made.kinds, dataset)
    ratios, nearest = memory.pop("ratios"), memory.pop("nearest")
    history = checkpoint.history_of(directory)
    record = {
        "checkpoint": directory.name,
        "dataset_root": history[-1]["dataset_root"],
        "steps": checkpoint.total_steps(history),
        "works": len(dataset),
        "artists": len(dataset.artists),
        "size_px": dataset.images.shape[-1],
        "sampling": settings.to_json(),
        "sheet": {"prompts": len(prompts), "rounds": rounds},
        "features": f"{NAME}, at {SIZE_PX} px",
        "distance": distance_figures(made.images(by_title), dataset, asked, others),
        "asked_work": asked_work_found(made.images(by_title), asked, dataset),
        "memorisation": memory,
    }
    return record, show_pairs(made.pictures, made.prompts, ratios, nearest, dataset)


def heldout_of(directory: Path) -> dict[str, Any]:
    """The points of a curve that model/evaluation/heldout.py wrote. Raises FileNotFoundError without one."""
    record = json.loads((directory / CURVE).read_text(encoding="utf-8"))
    settings = {name: record["settings"][name] for name in ("steps", "batch_size", "size", "widths")}
    return {
        "settings": settings,
        **{name: record[name] for name in ("works", "share", "held_out_root", "points")},
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure how good a checkpoint is.")
    parser.add_argument("--checkpoint", type=Path)
    parser.add_argument("--manifest", type=Path)
    parser.add_argument("--prompts", type=Path, default=PROMPTS)
    parser.add_argument(
        "--rounds", type=int, default=3, help="how often the sheet is drawn, each with other seeds"
    )
    parser.add_argument("--titles", type=int, default=192, help="pictures asked by titles of works")
    parser.add_argument("--heldout", type=Path, help="a directory written by model.evaluation.heldout")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results" / "figures.json")
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / "benchmarks.md")
    parser.add_argument("--images", type=Path, default=ROOT / "docs" / "images")
    parser.add_argument(
        "--measured", type=Path, help="a record that this command wrote: write its table, draw nothing"
    )
    arguments = parser.parse_args()
    if not arguments.measured and not (arguments.checkpoint and arguments.manifest):
        parser.error("give --checkpoint and --manifest, or --measured")
    return arguments


def _measured(arguments: argparse.Namespace) -> dict[str, Any]:
    """The record of the checkpoint; writes the picture of the nearest pairs."""
    began = time.monotonic()

    def show(done: int, steps: int) -> None:
        if done % 20 == 0 or done == steps:
            print(f"sampling step {done}/{steps} {time.monotonic() - began:.0f} s", flush=True)

    dataset = works_of(arguments.checkpoint, arguments.manifest)
    prompts = read_prompts(arguments.prompts)
    record, pairs = figures(arguments.checkpoint, dataset, prompts, arguments.rounds, arguments.titles, show)
    save_sheet(pairs, None, arguments.images / "nearest.png")
    return record


def main() -> None:
    arguments = _arguments()
    record = checkpoint.read_json(arguments.measured) if arguments.measured else _measured(arguments)
    if arguments.heldout:
        record["heldout"] = heldout_of(arguments.heldout)
        arguments.images.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(arguments.heldout / PLOT, arguments.images / PLOT)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    checkpoint.write_json(arguments.out, record)
    write_between(arguments.page, "figures: written by make figures", "end of figures", table(record))
    print(table(record))


if __name__ == "__main__":
    main()
