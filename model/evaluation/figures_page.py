"""The figures as a Markdown table between two markers of a page."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def write_between(page: Path, begin: str, end: str, text: str) -> None:
    """Replace what stands between the comments `begin` and `end` of a page by the text.

    Raises ValueError when one of them is missing or stands twice.
    """
    first, last = f"<!-- {begin} -->", f"<!-- {end} -->"
    content = page.read_text(encoding="utf-8")
    if content.count(first) != 1 or content.count(last) != 1 or content.index(first) > content.index(last):
        raise ValueError(f"{page} must hold {first} and, after it, {last}, once each")
    before, rest = content.split(first)
    page.write_text(f"{before}{first}\n{text}\n{last}{rest.split(last)[1]}", encoding="utf-8")


def table(record: dict[str, Any]) -> str:
    """The rows of a record of model/evaluation/figures.py."""
    rows = ["| figure | measured | to compare with |", "|---|--:|---|"]
    rows += [f"| {name} | {value} | {other} |" for name, value, other in _rows(record)]
    head = (
        f"Checkpoint `{record['checkpoint']}`: {record['steps']:,} steps, {record['works']:,} works by "
        f"{record['artists']} artists, {record['size_px']} px."
    )
    return "\n".join([head, "", *rows])


def _rows(record: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [*_distance_rows(record), *_memory_rows(record), *_heldout_rows(record)]


def _distance_rows(record: dict[str, Any]) -> list[tuple[str, str, str]]:
    apart, asked = record["distance"], record["asked_work"]
    kernel, frechet = apart["kernel"], apart["frechet"]
    sizes = f"{apart['pictures']} pictures to {apart['works']} works"
    rows = [
        (
            f"kernel distance of {sizes}, ×1000",
            f"{1000 * kernel['generated']:.2f}",
            f"{1000 * kernel['halves_of_works'][0]:.2f} of works to works (95 % below "
            f"{1000 * kernel['halves_of_works'][1]:.2f})",
        ),
        (
            f"Fréchet distance, {apart['components']} components",
            f"{frechet['generated']:.2f}",
            f"{frechet['halves_of_works'][0]:.2f} of works to works (95 % below "
            f"{frechet['halves_of_works'][1]:.2f})",
        ),
    ]
    for most in (1, 10):
        measured = ", ".join(f"{asked[name][f'top{most}']:.0%} by {name}" for name in ("looks", "features"))
        name = "the nearest work is the one asked for" if most == 1 else "it is among the ten nearest"
        rows.append((name, measured, f"{asked[f'chance{most}']:.1%} by chance"))
    return rows


def _memory_rows(record: dict[str, Any]) -> list[tuple[str, str, str]]:
    rows = []
    names = {"title": "asked by titles", "changed": "changed titles", "new": "new compositions"}
    for measure, found in record["memorisation"].items():
        works = found["works"]
        for kind in (kind for kind in names if kind in found):
            one = found[kind]
            rows.append(
                (
                    f"near-copies by {measure}, {names[kind]} ({one['pictures']} pictures)",
                    f"{one['near_copies']:.1%}; nearer than usual {one['nearer_than_usual']:.0%}",
                    f"works among themselves {works['near_copies']:.1%}; {works['nearer_than_usual']:.0%}",
                )
            )
    return rows


def _heldout_rows(record: dict[str, Any]) -> list[tuple[str, str, str]]:
    if "heldout" not in record:
        return []
    points = record["heldout"]["points"]
    best = min(points, key=lambda point: point["held_out"]["loss"])
    last = points[-1]
    settings = record["heldout"]["settings"]
    return [
        (
            f"loss on {last['held_out']['works']} works held out, after {last['step']:,} steps at "
            f"{settings['size']} px",
            f"{last['held_out']['loss']:.4f} ± {last['held_out']['standard_error']:.4f}",
            f"{last['trained']['loss']:.4f} on as many works of the training; least on those held out "
            f"{best['held_out']['loss']:.4f}, after {best['step']:,} steps",
        )
    ]
