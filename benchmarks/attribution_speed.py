"""What attribution costs beside the generation that it pays for, on the shipped checkpoint.

    .venv/bin/python -m benchmarks.attribution_speed        (`make bench-attribution`)

Writes benchmarks/results/attribution_speed.json and the table in docs/benchmarks.md. Core-seconds of this process;
generation and attribution take turns, so that both share the machine's weather. Ratios compare the same number
of pictures. A generation's time grows with its steps alone: 50 are measured as ten times STEPS.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from model.attribution import shares
from model.attribution.gradients import Gradients
from model.attribution.index import quantise
from model.checkpoint import SHIPPED, load_pipeline
from model.evaluation.figures_page import write_between
from model.sample import generate
from model.settings import AttributionSettings, SampleSettings

ROOT = Path(__file__).parents[1]
RESULT = ROOT / "benchmarks" / "results" / "attribution_speed.json"
PAGE = ROOT / "docs" / "benchmarks.md"
BEGIN, END = "attribution speed: written by make bench-attribution", "end of attribution speed"
STEPS, LONG = 5, 50  # measured, and of the generation that the audited method is compared with
PASSES = 3  # after one to warm up; the median counts
WORKS = 16  # of the index's speed
ARTISTS = 10_000  # of the scores' speed
Progress = Callable[[str, int, int], None]


def seconds(action: Callable[[], Any]) -> float:
    """Core-seconds of this process."""
    began = time.process_time()
    action()
    return time.process_time() - began


def one_batch(pipeline: Any, gradients: Gradients, batch: int, told: Progress) -> dict[str, float]:
    """Medians of a generation's STEPS and of the attribution of as many pictures."""
    prompts, seeds = [f"picture {number}" for number in range(batch)], list(range(batch))
    drawing = SampleSettings(steps=STEPS, batch_size=batch, output_size=0)
    pictures = torch.randint(256, (batch, 3, 64, 64), dtype=torch.uint8)
    actions = (
        lambda: generate(pipeline, prompts, seeds, drawing),
        lambda: quantise(gradients.project(pictures, prompts)),
    )
    found: list[list[float]] = [[], []]
    for number in range(PASSES + 1):
        for action, taken in zip(actions, found, strict=True):
            taken.append(seconds(action))
        told(f"batch {batch}", number + 1, PASSES + 1)
    drawn, attributed = (statistics.median(taken[1:]) for taken in found)
    product = SampleSettings().steps
    return {
        "batch": batch,
        "generation_step_s": round(drawn / STEPS, 4),
        "attribution_s": round(attributed, 4),
        "audited_over_generation": round(attributed / (drawn * LONG / STEPS), 4),
        "audited_over_product_generation": round(attributed / (drawn * product / STEPS), 4),
    }


def scoring(dimensions: int) -> float:
    """Core-seconds of the exact integer scores of one picture against ARTISTS rows."""
    random = np.random.default_rng(0)
    rows = random.integers(-127, 128, (ARTISTS, dimensions), dtype=np.int8)
    query = random.integers(-127, 128, dimensions, dtype=np.int8)
    return seconds(lambda: shares.scores(rows, query))


def measure(progress: Progress | None = None) -> dict[str, Any]:
    """The document: ratios by batch, the index's speed and sizes. `progress(stage, done, all)`."""
    told = progress or (lambda stage, done, everything: None)
    load, settings = os.getloadavg()[0], AttributionSettings()
    pipeline = load_pipeline(SHIPPED / "openmoji-64")
    gradients = Gradients(pipeline, settings)
    rows = [one_batch(pipeline, gradients, batch, told) for batch in (1, 4)]
    works = torch.randint(256, (WORKS, 3, 64, 64), dtype=torch.uint8)
    build = seconds(lambda: gradients.project(works, ["a work"] * WORKS))
    told("index", 1, 1)
    return {
        "model": "openmoji-64",
        "clock": "core-seconds of this process",
        "threads": torch.get_num_threads(),
        "load_average_before": round(load, 2),
        "torch": torch.__version__,
        "settings": settings.to_json(),
        "watched_weights": gradients.samples.count,
        "batches": rows,
        # No student serves: what serves a sale is the audited method itself, see docs/design.md.
        "served_over_generation": {
            str(row["batch"]): row["audited_over_product_generation"] for row in rows
        },
        "audited_over_generation": {str(row["batch"]): row["audited_over_generation"] for row in rows},
        "index_works_per_core_second": round(WORKS / build, 2),
        "bytes_per_artist": settings.dimensions,
        "query_bytes": settings.dimensions,
        f"scores_of_{ARTISTS}_artists_s": round(scoring(settings.dimensions), 4),
        "peak_memory_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def table(result: dict[str, Any]) -> str:
    """The document for people."""
    steps = SampleSettings().steps
    lines = [
        f"`{result['model']}`, {result['threads']} thread(s), load {result['load_average_before']} before it began, "
        f"torch {result['torch']}; {result['watched_weights']:,} weights watched.",
        "",
        f"| pictures at once | attribution, core-s | of a {LONG}-step guided generation (goal 10 %) "
        f"| of the product's {steps}-step generation (goal 1 %) |",
        "|--:|--:|--:|--:|",
    ]
    lines += [
        f"| {row['batch']} | {row['attribution_s']} | {row['audited_over_generation']:.1%} "
        f"| {row['audited_over_product_generation']:.1%} |"
        for row in result["batches"]
    ]
    return "\n".join(
        [
            *lines,
            "",
            f"Index: {result['index_works_per_core_second']} works per core-second, {result['bytes_per_artist']:,} "
            f"bytes an artist, {result['query_bytes']:,} a picture's query; scores of {ARTISTS:,} artists in "
            f"{result[f'scores_of_{ARTISTS}_artists_s']} s; memory at most {result['peak_memory_mib']} MiB.",
        ]
    )


def main() -> int:
    result = measure(lambda stage, done, everything: print(f"{stage}: {done} of {everything}", flush=True))
    print(table(result))
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    write_between(PAGE, BEGIN, END, table(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
