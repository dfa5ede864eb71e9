"""What `make evaluate` measures beside the retrainings, and how its figures are told in docs/benchmarks.md."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.chain import ROOT
from model.attribution.peers.task import PEERS
from model.dataset import Dataset
from model.evaluation import dicebear
from model.evaluation.figures_page import write_between
from model.evaluation.ours import Ours
from model.settings import SMALL, RetrainSettings

PAGE = ROOT / "docs" / "benchmarks.md"
BEGIN, END = "evaluate: written by make evaluate", "end of evaluate"
Progress = Callable[[str, int, int], None]


def near_copies(dataset: Dataset, folder: Path, progress: Progress) -> dict[str, Any]:
    """Near-copy search among a million works, and what is told apart."""
    from benchmarks import near_copies as measured

    return measured.measure(lambda text: progress(str(text), 0, 1))


def gaming(dataset: Dataset, folder: Path, progress: Progress) -> dict[str, Any]:
    """Attackers' shares before and after."""
    from model.evaluation import gaming as measured

    return measured.measure(dataset, progress=progress)


def dicebear_top1(dataset: Dataset, folder: Path, progress: Progress) -> dict[str, Any]:
    """How often the right artist ranks first where the right answer is known."""
    import subprocess
    import sys

    target = folder / "dicebear"
    if not (target / "MANIFEST.jsonl").is_file():
        command = [sys.executable, "tools/dicebear_manifest.py", str(target), "--per-style", "32"]
        subprocess.run(command, cwd=ROOT, check=True)
    methods = {"ours": Ours(SMALL, RetrainSettings(retrains=8)), **PEERS}
    return {"top1": dicebear.measure(target / "MANIFEST.jsonl", methods, target / "run", progress)}


def attribution_speed(dataset: Dataset, folder: Path, progress: Progress) -> dict[str, Any]:
    """Time of an attribution over that of a generation."""
    from benchmarks import attribution_speed as measured

    return measured.measure(lambda text: progress(str(text), 0, 1))


# Those whose times count come last: then only one other process is at work.
PARTS: dict[str, Callable[[Dataset, Path, Progress], dict[str, Any]]] = {
    "gaming": gaming,
    "dicebear": dicebear_top1,
    "near_copies": near_copies,
    "attribution_speed": attribution_speed,
}


def joined(folder: Path) -> dict[str, Any]:
    """The keys of evaluate.json that come from the parts' files."""
    told = {name: json.loads((folder / f"{name}.json").read_text(encoding="utf-8")) for name in PARTS}
    games, speed = told["gaming"], told["attribution_speed"]
    keys = (
        "copies10_index", "copies10_end_to_end", "identities10_end_to_end", "null_artist_paid_fraction",
    )  # fmt: skip
    return {
        **{key: games[key] for key in keys},
        # One picture at a time, as most orders are.
        "served_over_generation": speed["served_over_generation"]["1"],
        "audited_over_generation": speed["audited_over_generation"]["1"],
        "near_copy": {key: told["near_copies"][key] for key in ("p99_ms_1m", "recall", "precision")},
        "dicebear_top1": told["dicebear"]["top1"],
        "parts_seconds": {name: part.get("seconds") for name, part in told.items()},
    }


def table(found: dict[str, Any]) -> str:
    """The figures as Markdown."""
    ours = [name for name in found["lds"] if name.startswith("ours")]
    removal = found["removal"]
    chosen = found["set"]
    lines = [
        f"{chosen['works']:,} works by {chosen['artists']} artists at {chosen['size_px']} px, "
        f"{chosen['parameters']:,} parameters; {chosen['settings']['evaluated']} halves of the artists × "
        f"{len(chosen['settings']['evaluated_seeds'])} seeds to report on, {max(chosen['settings']['fitted'])} "
        f"others to fit; {chosen['settings']['pictures'] - chosen['settings']['chosen_on']} generated pictures "
        f"reported, λ chosen on {chosen['settings']['chosen_on']} others; {found['seconds'] // 60} minutes.",
        "",
        f"Ceiling {found['ceiling']:.3f} (one seed's losses with the other's: r = {found['between_seeds']:.3f}); "
        f"artists' names exchanged at random reach {found['null_95']:.3f} in 5 % of draws.",
        "",
        "| method | LDS [95 %] | of the ceiling | " + " | ".join(f"{name} minus it" for name in ours)
        + " | loss when its first artists are away | DiceBear top-1 (without words) |",
        "|---|---|--:|" + "---|" * len(ours) + "--:|--:|",
    ]  # fmt: skip
    for name, (value, low, high) in sorted(found["lds"].items(), key=lambda item: -item[1][0]):
        minus = [found[_minus_key(found, one)].get(name) for one in ours]
        told = ["" if part is None else f"{part[0]:+.3f} [{part[1]:+.3f}, {part[2]:+.3f}]" for part in minus]
        asked = "ours" if name == "ours-16" else name
        first = found["dicebear_top1"].get(asked)
        blind = found["dicebear_top1"].get(f"{asked}, no words")
        seen = "" if first is None else f"{first:.2f} ({blind:.2f})"
        away = f"{removal[name]:+.2f} %" if name in removal else ""
        lines.append(
            f"| {name} | {value:.3f} [{low:.3f}, {high:.3f}] | {value / found['ceiling']:.2f} | "
            + " | ".join(told)
            + f" | {away} | {seen} |"
        )
    lines += ["", f"Artists taken away by lot: {removal['random']:+.2f} %."]
    return "\n".join(lines)


def _minus_key(found: dict[str, Any], method: str) -> str:
    """Where `method` minus each peer stands."""
    own = f"ours_minus_peer_{method[5:]}"
    return own if own in found else "ours_minus_peer"


def write(found: dict[str, Any]) -> None:
    """Put the table between the page's markers."""
    write_between(PAGE, BEGIN, END, table(found))
