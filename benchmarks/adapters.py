"""What it costs that adapters do not know of each other: held-out loss of sums against a joint adapter.

    .venv/bin/python -m benchmarks.adapters --manifest MANIFEST.jsonl      (`make bench-adapters`: OpenMoji)

The artists with the most works get an adapter each, over a base trained on everybody else. A fifth of each
artist's works is kept apart, never trained on, and is what the losses are of. Nothing is chosen by them.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import torch

from benchmarks.model_speed import PAGE, ROOT
from model import lora
from model.adapters.library import adapters_in, fit_adapter, train_adapter
from model.adapters.serving import served_pipeline
from model.checkpoint import load_pipeline
from model.dataset import Dataset, Manifest, load_dataset
from model.evaluation.figures_page import write_between
from model.manifest_file import read_manifest
from model.settings import TrainSettings
from model.train import train
from model.trainer import Batch, Trainer

RESULT = ROOT / "benchmarks" / "results" / "adapters.json"
BEGIN, END = "adapters: written by make bench-adapters", "end of adapters"
SMALL = TrainSettings(size=32, widths=(32, 48, 64), text_width=64, autocast=False)
LEVELS = 8  # noise levels of the held-out loss, evenly between 0 and 1, the same noise for every model
EVERY = 5  # each fifth work of an artist is kept apart


def part(dataset: Dataset, chosen: list[int]) -> Dataset:
    """Some works of a dataset, as a dataset of its own."""
    works = tuple(dataset.works[i] for i in chosen)
    artists = sorted({work.artist for work in works})
    return Dataset(
        Manifest(works),
        dataset.images[chosen],
        [dataset.captions[i] for i in chosen],
        artists,
        torch.tensor([artists.index(work.artist) for work in works]),
    )


@torch.no_grad()
def held_out_loss(pipeline: Any, dataset: Dataset, settings: TrainSettings) -> float:
    """Mean loss over all works and levels, each with its own caption."""
    trainer = Trainer(pipeline, dataset, settings.but(batch_size=len(dataset)), warm=True)
    pipeline.unet.eval(), pipeline.text_encoder.eval()
    ids, mask = trainer.denoiser.tokens(dataset.captions)
    clean, losses = trainer.denoiser.clean(dataset.images), []
    for number in range(LEVELS):
        noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(number))
        level = torch.full((len(dataset),), (number + 0.5) / LEVELS)
        losses.append(float(trainer.loss(Batch(clean, noise, level, ids, mask))))
    return sum(losses) / len(losses)


def measure(
    dataset: Dataset, count: int, settings: TrainSettings, base_steps: int, steps: int, folder: Path
) -> dict[str, Any]:
    """Losses of base, adapters alone, their sums and the joint adapter, on works that none was trained on."""
    works = Counter(work.artist for work in dataset.works)
    chosen = [artist for artist, _ in sorted(works.items(), key=lambda item: (-item[1], item[0]))[:count]]
    of = {artist: [i for i, w in enumerate(dataset.works) if w.artist == artist] for artist in works}
    kept = {artist: of[artist][::EVERY] for artist in chosen}
    learned = {artist: [i for i in of[artist] if i not in kept[artist]] for artist in chosen}
    everybody = part(dataset, sorted(i for artist in works if artist not in chosen for i in of[artist]))
    base = train(everybody, settings.but(steps=base_steps), folder / "base").directory
    print(f"base: {base_steps} steps on {len(everybody)} works", flush=True)
    one = settings.but(steps=steps, lora_rank=8, lora_alpha=8.0)
    for artist in chosen:
        train_adapter(part(dataset, learned[artist]), one, base, folder / "library")
        print(f"adapter: {steps} steps on {len(learned[artist])} works of {artist}", flush=True)
    together = part(dataset, sorted(i for artist in chosen for i in learned[artist]))
    fit_adapter(together, one.but(steps=steps * count), base, folder / "joint")
    apart = part(dataset, sorted(i for artist in chosen for i in kept[artist]))
    adapters = adapters_in(folder / "library")
    joint = load_pipeline(base)
    lora.add_changes(joint.unet, lora.read(folder / "joint" / lora.FILE).changes(), 1.0)
    alone = 0.0
    for adapter in adapters:
        own = part(dataset, kept[adapter.artist])
        alone += len(own) * held_out_loss(served_pipeline(base, [adapter]), own, settings)
    sums = {
        f"all adapters, each {weight:.2g} times": held_out_loss(
            served_pipeline(base, adapters, dict.fromkeys(chosen, weight)), apart, settings
        )
        for weight in (1.0, count**-0.5, 1 / count)
    }
    losses = {
        "base": held_out_loss(load_pipeline(base), apart, settings),
        "each artist's adapter alone, on that artist": alone / len(apart),
        **sums,
        "joint adapter, as many steps in all": held_out_loss(joint, apart, settings),
    }
    return {
        "artists": count,
        "works": len(together),
        "held_out_works": len(apart),
        "base_works": len(everybody),
        "base_steps": base_steps,
        "steps_of_an_adapter": steps,
        "rank": one.lora_rank,
        "loss": {name: round(loss, 5) for name, loss in losses.items()},
    }


def table(result: dict[str, Any]) -> str:
    """The document for people."""
    base = result["loss"]["base"]
    lines = [
        f"{result['artists']} artists with {result['works']} works, {result['held_out_works']} kept apart; "
        f"base of {result['base_works']} works by others, {result['base_steps']} steps; adapters of rank "
        f"{result['rank']}, {result['steps_of_an_adapter']} steps each.",
        "",
        "| model | held-out loss | against the base |",
        "|---|--:|--:|",
    ]
    lines += [f"| {name} | {loss:.4f} | {loss / base - 1:+.1%} |" for name, loss in result["loss"].items()]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--artists", type=int, default=5)
    parser.add_argument("--base-steps", type=int, default=400)
    parser.add_argument("--steps", type=int, default=80, help="of each adapter")
    options = parser.parse_args()
    manifest, files = read_manifest(options.manifest)
    dataset = load_dataset(manifest, lambda work: files[work.content_hash], SMALL.size)
    began = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        asked = (options.artists, SMALL, options.base_steps, options.steps, Path(folder))
        result = measure(dataset, *asked) | {"core_seconds": round(time.process_time() - began)}
    print(table(result))
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    write_between(PAGE, BEGIN, END, table(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
