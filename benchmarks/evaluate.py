"""How good the model's attribution and contributions are, measured in one run for ours and every peer.

    .venv/bin/python -m benchmarks.evaluate [--manifest MANIFEST.jsonl] [--least 14]     (`make evaluate`)

Writes benchmarks/results/evaluate.json and tables in docs/benchmarks.md (only for the default set; for
others the JSON goes to --out). All at 16×16 px with the network of `model.settings.SMALL`, the same code as
the served one. Two processes: one trains, the other does everything else and then helps. What is trained is
kept in the work folder: an interrupted run goes on.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from benchmarks import evaluate_page
from benchmarks.chain import ROOT
from model.attribution.retraining import retrained, shrunk
from model.dataset import Dataset, Manifest, load_dataset
from model.evaluation import faithfulness
from model.evaluation.faithfulness import FaithfulnessSettings
from model.manifest_file import read_manifest
from model.settings import SMALL

RESULT = ROOT / "benchmarks" / "results" / "evaluate.json"
WORK = ROOT / ".meltingpot" / "evaluate"
SIZE = 64  # px at which works are loaded; the small networks see them shrunk
LEAST = 14  # works of an artist who takes part
Progress = Callable[[str, int, int], None]


def works_of(manifest: Path, least: int) -> Dataset:
    """The works of artists with at least `least` of them, at 64 px. Raises ValueError when none has."""
    described, files = read_manifest(manifest)
    counts = Counter(work.artist for work in described.works)
    works = tuple(work for work in described.works if counts[work.artist] >= least)
    if not works:
        raise ValueError(f"no artist in {manifest} has {least} works; give a smaller --least")
    return load_dataset(Manifest(works), lambda work: files[work.content_hash], SIZE)


def small(dataset: Dataset) -> Dataset:
    """The same works as the small networks see them."""
    return Dataset(
        dataset.manifest,
        shrunk(dataset.images, SMALL.size),
        dataset.captions,
        dataset.artists,
        dataset.artist_of,
    )


# -- the second process: everything that is no retraining of the evaluation, then a hand with those ---------------


def beside(folder: Path, dataset: Dataset, progress: Progress) -> None:
    """Each part writes NAME.json into the folder; one that lies there is not measured again."""
    for name, measure in evaluate_page.PARTS.items():
        if not (folder / f"{name}.json").is_file():
            began = time.monotonic()
            found = measure(dataset, folder, lambda what, done, of, name=name: progress(f"{name}: {what}", done, of))
            found["seconds"] = round(time.monotonic() - began)
            _write(folder / f"{name}.json", found)
    plans = folder / "plans.pickle"
    while not plans.is_file():
        time.sleep(1)
    for plan, runs in reversed(pickle.loads(plans.read_bytes())):  # written by our own first process
        for run in reversed(runs):
            retrained(plan, [run], 1)


def _beside_in_process(options: argparse.Namespace) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "benchmarks.evaluate", "--beside", *sys.argv[1:]]
    return subprocess.Popen(command, cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"})


# -- the first process ---------------------------------------------------------------------------------------------


def measure(dataset: Dataset, folder: Path, settings: FaithfulnessSettings, progress: Progress) -> dict[str, Any]:
    """Faithfulness of ours and every peer, and the removal test; `folder` keeps what is trained."""
    seen = small(dataset)
    work = faithfulness.prepare(seen, settings, SMALL, folder / "trained")
    part = folder / "plans.part"
    part.write_bytes(pickle.dumps(work.parts))
    part.replace(folder / "plans.pickle")
    asked = faithfulness.ask(work, settings, 1, progress)
    methods, dampings = faithfulness.effects_by_method(seen, asked, settings)
    found = faithfulness.compare(methods, asked, settings)
    found["damping"] = dampings
    found["removal"] = faithfulness.removal(
        seen, asked, methods, settings, SMALL, folder / "trained", 0, progress
    )
    sizes = (work.pipeline.unet, work.pipeline.text_encoder)
    found["set"] = {
        "works": len(dataset),
        "artists": len(dataset.artists),
        "size_px": SMALL.size,
        "parameters": sum(weight.numel() for part in sizes for weight in part.parameters()),
        "settings": settings.to_json(),
    }
    return found


def _write(path: Path, data: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    part.replace(path)


def _default_manifest() -> Path:
    """All of OpenMoji, described by its own tool."""
    folder = WORK / "openmoji"
    if not (folder / "MANIFEST.jsonl").is_file():
        command = [sys.executable, "tools/openmoji_manifest.py", str(folder), "--all"]
        subprocess.run(command, cwd=ROOT, check=True)
    return folder / "MANIFEST.jsonl"


def _teller(name: str) -> Progress:
    began, last = time.monotonic(), [0.0]

    def tell(what: str, done: int, of: int) -> None:
        now = time.monotonic()
        if now - last[0] > 10 or done == of:
            last[0] = now
            print(f"[{now - began:5.0f} s] {name}: {what} {done}/{of}", flush=True)

    return tell


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--manifest", type=Path, help="another set of works")
    parser.add_argument("--least", type=int, default=LEAST, help="works of an artist who takes part")
    parser.add_argument("--out", type=Path, help="where the JSON of another set goes")
    parser.add_argument("--work", type=Path, default=WORK, help="folder for what is trained")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=JSON", help="of the evaluation, see "
                        "FaithfulnessSettings: evaluated=96 and more on a GPU or with more time")
    parser.add_argument("--anew", action="store_true", help="measure again what the work folder has")
    parser.add_argument("--beside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    own_set = options.manifest is None
    manifest = options.manifest or _default_manifest()
    changes = {name: json.loads(value) for name, value in (item.split("=", 1) for item in options.set)}
    settings = FaithfulnessSettings.from_json({**FaithfulnessSettings().to_json(), **changes})
    folder = options.work / ("openmoji" if own_set else manifest.resolve().parent.name)
    dataset = works_of(manifest, options.least)
    if options.beside:
        beside(folder, dataset, _teller("beside"))
        return 0
    if options.anew:
        for left in [*folder.glob("*.json"), *folder.glob("trained/*.npz")]:
            left.unlink()
    (folder / "plans.pickle").unlink(missing_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    other = _beside_in_process(options)
    try:
        found = measure(dataset, folder, settings, _teller("evaluate"))
        if other.wait() != 0:
            raise RuntimeError("the second process failed; its message stands above")
    finally:
        other.kill()
    found |= evaluate_page.joined(folder)
    found["seconds"] = round(time.monotonic() - began)
    result = RESULT if own_set else options.out or folder / "evaluate.json"
    _write(result, found)
    if own_set:
        evaluate_page.write(found)
    print(f"{result}\n{evaluate_page.table(found)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
