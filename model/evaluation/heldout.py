"""The loss on works that a training never saw, beside the loss on works that it did: a curve over its steps.

    python -m model.evaluation.heldout --manifest MANIFEST.jsonl --out DIR --steps N --every K [--share 0.05]

trains on all but the works held out, measures every K steps and writes DIR/heldout.json and DIR/heldout.svg.
A model that is served is trained on all consenting works: this is a training of its own, for this curve
alone. Run again after an interruption, the command goes on from the last saved state.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from pathlib import Path
from statistics import NormalDist
from typing import Any

import torch

from model import checkpoint
from model.dataset import Dataset, Manifest, load_dataset
from model.duplicates.clusters import leaders
from model.evaluation.figures_plot import Line, plot
from model.manifest_file import read_manifest
from model.network import to_network, velocity
from model.pipeline import MeltingPotPipeline
from model.settings import TrainSettings
from model.train import train

LEVELS = 8  # noise levels, each with one fixed draw of noise for each work
SHARE = 0.05
CURVE, PLOT = "heldout.json", "heldout.svg"


def part_of(dataset: Dataset, positions: list[int]) -> Dataset:
    """The dataset of some of its works, in manifest order. Raises ValueError for none."""
    if not positions:
        raise ValueError("no work is left in this part of the dataset: give more works or another share")
    works = tuple(dataset.works[place] for place in sorted(positions))
    artists = sorted({work.artist for work in works})
    return Dataset(
        Manifest(works, dataset.manifest.context),
        dataset.images[sorted(positions)],
        [dataset.captions[place] for place in sorted(positions)],
        artists,
        torch.tensor([artists.index(work.artist) for work in works], dtype=torch.int64),
    )


def hold_out(dataset: Dataset, share: float = SHARE) -> tuple[Dataset, Dataset]:
    """(works to train on, works held out): about `share` of the clusters, by the hash of the leading work.

    The hash alone decides, so the same works are held out in every set that has them; near-copies go with
    their leader. Raises ValueError when one part would be empty.
    """
    if not 0 < share < 1:
        raise ValueError(f"share {share} must lie between 0 and 1")
    lead = leaders(dataset.images, [work.registered for work in dataset.works])
    held = [
        place
        for place, first in enumerate(lead)
        if int(dataset.works[first].content_hash[2:10], 16) < share * 2**32
    ]
    kept = sorted(set(range(len(dataset))) - set(held))
    return part_of(dataset, kept), part_of(dataset, held)


def noise_levels(shift: float, count: int = LEVELS) -> list[float]:
    """σ at the middles of `count` equally likely parts of what training draws (logit-normal and shifted):
    their mean loss estimates the training loss.
    """
    drawn = [NormalDist().inv_cdf((place + 0.5) / count) + math.log(shift) for place in range(count)]
    return [1 / (1 + math.exp(-odds)) for odds in drawn]


def work_losses(
    pipeline: MeltingPotPipeline, dataset: Dataset, shift: float, levels: int = LEVELS, batch: int = 32
) -> torch.Tensor:
    """float32 [N, levels]: the flow-matching loss of each work (mean square per number) at fixed levels.

    The noise comes from the work's hash and the level, so every checkpoint is asked the same.
    """
    found = []
    with torch.inference_mode():
        for first in range(0, len(dataset), batch):
            places = range(first, min(first + batch, len(dataset)))
            picture = to_network(dataset.images[first : first + batch])
            text = pipeline.encode([dataset.captions[place] for place in places])
            losses = []
            for level, sigma in enumerate(noise_levels(shift, levels)):
                noise = torch.stack(
                    [_noise(dataset.works[place].content_hash, level, picture.shape[1:]) for place in places]
                )
                mixed = (1 - sigma) * picture + sigma * noise
                guess = velocity(pipeline.unet, mixed, torch.full((len(places),), sigma), *text)
                losses.append((guess - (noise - picture)).square().mean((1, 2, 3)))
            found.append(torch.stack(losses, 1))
    return torch.cat(found)


def _noise(content_hash: str, level: int, shape: torch.Size) -> torch.Tensor:
    generator = torch.Generator().manual_seed(int(content_hash[2:16], 16) * 64 + level)
    return torch.randn(shape, generator=generator)


def held_out_loss(directory: Path, dataset: Dataset, levels: int = LEVELS) -> dict[str, Any]:
    """The loss of a checkpoint on the works of a dataset: loss, standard_error (over works), by_level, works,
    steps.

    Raises FileNotFoundError for a directory that is no checkpoint, ValueError for pictures of another size.
    """
    settings = checkpoint.settings_of(directory)
    if dataset.images.shape[-1] != settings.size:
        raise ValueError(
            f"{directory} makes {settings.size} px, the works have {dataset.images.shape[-1]} px"
        )
    losses = work_losses(checkpoint.load_pipeline(directory), dataset, settings.noise_shift, levels)
    each = losses.mean(1)
    return {
        "loss": round(float(each.mean()), 5),
        "standard_error": round(float(each.std() / len(each) ** 0.5), 5) if len(each) > 1 else None,
        "by_level": [round(value, 5) for value in losses.mean(0).tolist()],
        "works": len(each),
        "steps": checkpoint.total_steps(checkpoint.history_of(directory)),
    }


def heldout_curve(
    dataset: Dataset,
    settings: TrainSettings,
    out_dir: Path,
    every: int,
    share: float = SHARE,
    start: Path | None = None,
) -> dict[str, Any]:
    """Train on the works that are not held out, measuring both parts every `every` steps; writes CURVE and
    PLOT.

    The works of training are measured on a part as large as what is held out. Raises ValueError when `every`
    is below one or a part is empty.
    """
    if every < 1:
        raise ValueError(f"every {every} must be at least 1 step")
    kept, held = hold_out(dataset, share)
    seen = part_of(kept, list(range(0, len(kept), max(1, len(kept) // len(held))))[: len(held)])
    record: dict[str, Any] = {
        "settings": settings.to_json(),
        "size_px": settings.size,
        "share": share,
        "works": {"trained": len(kept), "held_out": len(held)},
        "held_out_root": held.manifest.root(),
        "levels": [round(sigma, 5) for sigma in noise_levels(settings.noise_shift)],
        "points": _points_so_far(out_dir, held.manifest.root()),
    }

    def measure() -> None:
        found = {"held_out": held_out_loss(out_dir, held), "trained": held_out_loss(out_dir, seen)}
        step = found["held_out"]["steps"]
        record["points"] = [point for point in record["points"] if point["step"] < step] + [
            {"step": step, **found}
        ]
        _write(record, settings, out_dir)
        print(
            f"step {step}: held out {found['held_out']['loss']}, trained {found['trained']['loss']}",
            flush=True,
        )

    def progress(step: int, steps: int, loss: float) -> None:
        if step > 1 and step % every == 1 % every and (out_dir / checkpoint.HISTORY).is_file():
            measure()  # what was saved after the step before

    result = train(kept, settings, out_dir, start, progress, every)
    record["settings"] = result.settings.to_json()
    measure()
    return record


def _points_so_far(out_dir: Path, root: str) -> list[dict[str, Any]]:
    path = out_dir / CURVE
    before = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return list(before["points"]) if before.get("held_out_root") == root else []


def _write(record: dict[str, Any], settings: TrainSettings, out_dir: Path) -> None:
    rows = (out_dir / checkpoint.LOG).read_text(encoding="utf-8").splitlines()
    record["training"] = [json.loads(row) for row in rows]
    checkpoint.write_json(out_dir / CURVE, record)
    lines = [Line("training loss", [(row["step"], row["loss"]) for row in smoothed(record["training"])])]
    for key, name in (("trained", "works of the training"), ("held_out", "works held out")):
        lines.append(
            Line(name, [(point["step"], point[key]["loss"]) for point in record["points"]], dots=True)
        )
    title = f"Flow-matching loss at {settings.size} px, {record['works']['held_out']} works held out"
    (out_dir / PLOT).write_text(plot(lines, title, "training step", "loss"), encoding="utf-8")


def smoothed(rows: list[dict[str, Any]], most: int = 60) -> list[dict[str, Any]]:
    """At most `most` rows: means of neighbouring ones, each at its last step."""
    width = max(1, -(-len(rows) // most))
    parts = [rows[first : first + width] for first in range(0, len(rows), width)]
    return [
        {"step": part[-1]["step"], "loss": sum(row["loss"] for row in part) / len(part)} for part in parts
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description="Train with works held out and measure the loss on them.")
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--every", type=int, required=True)
    parser.add_argument("--share", type=float, default=SHARE)
    parser.add_argument("--exclude-artist", action="append", default=[], metavar="NAME")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=JSON", help="a training setting")
    arguments = parser.parse_args()
    manifest, files = read_manifest(arguments.manifest, arguments.exclude_artist)
    changes = {name: json.loads(value) for name, value in (item.split("=", 1) for item in arguments.set)}
    settings = TrainSettings.from_json({**TrainSettings().to_json(), **changes, "steps": arguments.steps})
    dataset = load_dataset(manifest, lambda work: files[work.content_hash], settings.size)
    began = time.monotonic()
    record = heldout_curve(dataset, settings, arguments.out, arguments.every, arguments.share)
    print(f"{arguments.out / CURVE}: {len(record['points'])} points, {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
