"""The command of the gaming suite: what `gaming.measure` found, as JSON and as a table in docs/benchmarks.md."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from model.dataset import load_dataset
from model.evaluation.figures_page import write_between
from model.evaluation.gaming import Suite, measure
from model.manifest_file import read_manifest

SIZE = 64  # px, at which near-copies are told
BEGIN, END = "gaming: written by make gaming", "end of gaming"

def table(found: dict[str, Any]) -> str:
    """The attacks as Markdown."""
    rows = [
        "| attack | attackers | their part before | after | all of theirs, after ÷ before | mean of the ratios | lowest to highest |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for name, one in found["attacks"].items():
        rows.append(
            f"| {name} | {one['attackers']} | {one['before']:.2%} | {one['after']:.2%} | {one['pooled']:.2f} | "
            f"{one['mean']:.2f} | {one['low']:.2f} to {one['high']:.2f} |"
        )
    head = (
        f"{found['works']:,} works by {found['artists']} artists, {found['pictures']} generated pictures, "
        f"{found['settings']['train']['size']} px."
    )
    return "\n".join([head, "", *rows, "", *null_table(found["null_artist"])])


def null_table(null: dict[str, Any]) -> list[str]:
    """Lines of the never-trained artist's table."""
    rows = [
        "| threshold: percentile of the mirrored negative scores | a never-trained artist is paid | when asked with "
        "the title of a never-trained artist's work | a trained artist is paid for their own title | artists paid a picture |",
        "|--:|--:|--:|--:|--:|",
    ]
    for percent, one in null["percents"].items():
        used = " (in use)" if int(percent) == null["in_use"] else ""
        rows.append(
            f"| {percent}{used} | {one['null']:.1%} | {one['null_asked']:.1%} | {one['own']:.1%} | {one['paid']:.1f} |"
        )
    return rows


def main() -> int:
    """Measure, write, and tell the goals that were missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--json", type=Path, help="where the figures go")
    parser.add_argument("--page", type=Path, help="page with the markers of the table")
    parser.add_argument("--halves", type=int, default=Suite.halves, help="models for the never-trained artist")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=JSON", help="any other attribution setting"
    )
    arguments = parser.parse_args()
    changes = {name: json.loads(value) for name, value in (item.split("=", 1) for item in arguments.set)}
    suite = Suite(attribution=Suite.attribution.but(**changes), halves=arguments.halves)
    began = time.monotonic()

    def told(what: str, done: int, everything: int) -> None:
        print(f"{time.monotonic() - began:6.0f} s  {done + 1}/{everything} {what}", file=sys.stderr, flush=True)

    manifest, files = read_manifest(arguments.manifest)
    dataset = load_dataset(manifest, lambda work: files[work.content_hash], SIZE)
    found = measure(dataset, suite, told) | {"seconds": round(time.monotonic() - began)}
    if arguments.json:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    if arguments.page:
        write_between(arguments.page, BEGIN, END, table(found))
    print(table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
