"""How fast a model trains and draws here, against a bare loop on the same weights and the machine's limit.

    .venv/bin/python -m benchmarks.model_speed        (`make bench-model`; --model DIR for any pipeline)

Writes benchmarks/results/model_speed.json and the table in docs/benchmarks.md. On a CPU the clock counts the
processor seconds of this process, so that others on the machine falsify less; on a GPU real seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.model_loop import bare_loop, pictures
from model.checkpoint import SHIPPED, load_pipeline
from model.compute import Compute, device_name
from model.denoiser import denoiser_of
from model.evaluation.figures_page import write_between
from model.sample import generate
from model.settings import SampleSettings, TrainSettings
from model.trainer import Trainer

ROOT = Path(__file__).parents[1]
RESULT = ROOT / "benchmarks" / "results" / "model_speed.json"
PAGE = ROOT / "docs" / "benchmarks.md"
BEGIN, END = "model speed: written by make bench-model", "end of model speed"
BATCHES = {"cpu": (1, 4, 16), "cuda": (1, 4, 16, 64, 256)}
MATMUL = {"cpu": 1024, "cuda": 8192}  # side of the square matrices whose product is the machine's limit
STEPS = 5  # of a generation, each with guidance
PASSES = 2  # of each measurement after one to warm up; the median counts


class Clock:
    """Seconds since `__init__`: of this process's cores on a CPU, real ones on a GPU."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.began = self._now()

    def _now(self) -> float:
        if self.device.type == "cpu":
            return time.process_time()
        torch.cuda.synchronize(self.device)
        return time.perf_counter()

    def seconds(self) -> float:
        return self._now() - self.began


def timed(device: torch.device, *actions: Callable[[], Any]) -> list[list[float]]:
    """Seconds of each action in each pass; every pass runs all, so that they share its weather."""
    for action in actions:
        action()
    found: list[list[float]] = [[] for _ in actions]
    for _ in range(PASSES):
        for action, seconds in zip(actions, found, strict=True):
            clock = Clock(device)
            action()
            seconds.append(clock.seconds())
    return found


def counted(action: Callable[[], Any]) -> int:
    """Floating point operations of matrix products, convolutions and attention (a multiply-add is two)."""
    with FlopCounterMode(display=False) as counter:
        action()
    return counter.get_total_flops()


def peak(device: torch.device, dtype: torch.dtype) -> float:
    """Operations a second of one large matrix product: the best of the passes."""
    side = MATMUL[device.type]
    left, right = (torch.randn(side, side, device=device).to(dtype) for _ in range(2))
    return 2 * side**3 / min(timed(device, lambda: left @ right)[0])


def training(pipeline: Any, compute: Compute, batch: int, autocast: bool, limit: float) -> dict[str, Any]:
    """Whole training steps: batch, forward, backward, optimiser, moving average."""
    denoiser = denoiser_of(pipeline)
    settings = TrainSettings(size=denoiser.size, steps=10**6, batch_size=batch, autocast=autocast)
    trainer = Trainer(pipeline, pictures(max(16, batch), denoiser.size), settings, warm=True, compute=compute)
    denoiser.train_mode(True)
    number = iter(range(10**6))
    (seconds,) = timed(trainer.device, lambda: trainer.step(next(number)))
    trainer.network = pipeline.unet  # compiled code hides its operations from the counter
    operations = counted(lambda: trainer.step(next(number))) / batch
    denoiser.train_mode(False)
    return {
        "what": "training",
        "batch": batch,
        "autocast": autocast,
        "compile": compute.compile,
        **_rates(batch, statistics.median(seconds), operations, limit),
    }


def generation(pipeline: Any, batch: int, autocast: bool, limit: float) -> dict[str, Any]:
    """`sample.generate` beside the bare loop, both to pictures of the network's size."""
    settings = SampleSettings(steps=STEPS, output_size=0, batch_size=batch, autocast=autocast)
    prompts, seeds = [f"picture {n}" for n in range(batch)], list(range(batch))
    ours, bare = timed(
        pipeline.device,
        lambda: generate(pipeline, prompts, seeds, settings),
        lambda: bare_loop(pipeline, prompts, seeds, settings),
    )
    operations = counted(lambda: bare_loop(pipeline, prompts[:1], seeds[:1], settings))
    ratios = [one / other for one, other in zip(ours, bare, strict=True)]
    return {
        "what": "generation",
        "batch": batch,
        "autocast": autocast,
        "compile": "",
        **_rates(batch, statistics.median(ours), operations, limit),
        "over_bare_loop": round(statistics.median(ratios), 3),
    }


def _rates(batch: int, seconds: float, operations: float, limit: float) -> dict[str, Any]:
    return {
        "per_second": round(batch / seconds, 3),
        "gflop_each": round(operations / 1e9, 3),
        "share_of_limit": round(operations * batch / seconds / limit, 3),
    }


def measure(model: Path, compute: Compute, batches: tuple[int, ...]) -> dict[str, Any]:
    """The document: conditions, limits and rows."""
    device = compute.resolved()
    load = os.getloadavg()[0]
    limits = {False: peak(device, torch.float32), True: peak(device, torch.bfloat16)}
    rows = []
    for autocast in (False, True):
        for batch in batches:
            pipeline = load_pipeline(model, str(device))
            rows.append(generation(pipeline, batch, autocast, limits[autocast]))
            print(json.dumps(rows[-1]), flush=True)
            for backend in ("", compute.compile) if compute.compile else ("",):
                pipeline, how = load_pipeline(model, str(device)), Compute(str(device), backend)
                rows.append(training(pipeline, how, batch, autocast, limits[autocast]))
                print(json.dumps(rows[-1]), flush=True)
    return {
        "model": model.name,
        "device": device_name(device),
        "clock": "core-second of this process" if device.type == "cpu" else "second",
        "threads": torch.get_num_threads(),
        "cores": os.cpu_count(),
        "load_average_before": round(load, 2),
        "torch": torch.__version__,
        "steps_of_a_generation": STEPS,
        "limit_gflops": {"float32": round(limits[False] / 1e9, 1), "bfloat16": round(limits[True] / 1e9, 1)},
        "rows": rows,
    }


def table(result: dict[str, Any]) -> str:
    """The document for people."""
    limits = result["limit_gflops"]
    lines = [
        f"`{result['model']}` on {result['device']}, {result['threads']} thread(s), {result['cores']} cores, "
        f"load {result['load_average_before']} before it began, torch {result['torch']}. Limit "
        f"(one matrix product): {limits['float32']} GFLOP/s in float32, {limits['bfloat16']} in bfloat16.",
        "",
        f"| what | batch | arithmetic | compiled | pictures per {result['clock']} | GFLOP a picture "
        "| of the limit | time over the bare loop |",
        "|---|--:|---|---|--:|--:|--:|--:|",
    ]
    lines += [
        f"| {row['what']} | {row['batch']} | {'bfloat16' if row['autocast'] else 'float32'} "
        f"| {row['compile']} | {row['per_second']} | {row['gflop_each']} | {row['share_of_limit']:.0%} "
        f"| {row.get('over_bare_loop', '')} |"
        for row in sorted(result["rows"], key=lambda row: row["what"])
    ]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, default=SHIPPED / "openmoji-64", help="any pipeline directory")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--compile", default=None, help="also train compiled (default: inductor on a GPU)")
    parser.add_argument("--batches", type=int, nargs="+")
    options = parser.parse_args()
    device = Compute(options.device).resolved()
    backend = options.compile if options.compile is not None else {"cuda": "inductor"}.get(device.type, "")
    batches = tuple(options.batches or BATCHES[device.type])
    result = measure(options.model, Compute(options.device, backend), batches)
    print(table(result))
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    write_between(PAGE, BEGIN, END, table(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
