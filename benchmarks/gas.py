"""Whole-transaction gas of everything that moves money, works or stake, with 10, 1,000 and 10,000 holders.

    .venv/bin/python -m benchmarks.gas        (from the project root; `make bench-gas`)

Writes benchmarks/results/gas.json and the table in docs/benchmarks.md. Fails when the cost of a sale depends
on how many holders there are; a goal that is missed is told, and fails only with --strict.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from benchmarks.chain import HARDFORK, ROOT, deployed_world
from benchmarks.rows import ROWS
from model.evaluation.figures_page import write_between

RESULT = ROOT / "benchmarks" / "results" / "gas.json"
PAGE = ROOT / "docs" / "benchmarks.md"
BEGIN, END = "gas: written by make bench-gas", "end of gas"
HOLDERS = (10, 1_000, 10_000)
# Of the cheapest: most that a sale may cost more, whatever the number of holders.
MOST_SPREAD = 0.01


Found = dict[str, dict[int, dict[str, Any]]]


def measure(holders: tuple[int, ...], names: list[str]) -> Found:
    """{row: {number of holders: {first, repeat, storage}}}; every row begins on the same chain."""
    found: Found = {name: {} for name in names}
    for count in holders:
        with deployed_world() as world:
            world.mint_to(count)
            for name in names:
                before = world.rpc("evm_snapshot")
                first, repeat = ROWS[name][0](world)
                # The last transaction of a row is the repeated one: these writes are what it pays for.
                storage = world.storage_of_last()
                world.rpc("evm_revert", before)
                found[name][count] = {"first": first, "repeat": repeat, "storage": storage}
                print(f"{count:>6} holders  {name:<30} first {first:>9,}  repeat {repeat:>9,}", flush=True)
    return found


def document(found: Found) -> dict[str, Any]:
    """What gas.json says. A row's own figures are those with the most holders."""
    rows: dict[str, Any] = {}
    for name, by_holders in found.items():
        goal, repeats = ROWS[name][1], [gas["repeat"] for gas in by_holders.values()]
        most = by_holders[max(by_holders)]
        told = {str(n): {"first": gas["first"], "repeat": gas["repeat"]} for n, gas in by_holders.items()}
        rows[name] = told if name == "fulfil_pool" else told[str(max(by_holders))] | {"by_holders": told}
        rows[name] |= {
            "goal": goal,
            "reached": None if goal is None else max(repeats) <= goal,
            "spread": round(max(repeats) / min(repeats) - 1, 5),
            "storage_of_repeat": most["storage"],
        }
    return {"unit": "gas of a whole transaction, from its receipt", "hardfork": HARDFORK, **rows}


def rows_of(result: dict[str, Any]) -> dict[str, Any]:
    """The rows of such a document by name."""
    return {name: result[name] for name in ROWS if name in result}


def table(result: dict[str, Any]) -> str:
    """The rows as a Markdown table."""
    lines = [
        "| transaction | holders | first | repeat | goal | reached | slots that the repeat leaves changed |",
        "|---|--:|--:|--:|--:|---|---|",
    ]
    for name, row in rows_of(result).items():
        told = [(n, row[n]) for n in row if n.isdigit()] or [(max(row["by_holders"], key=int), row)]
        goal = "" if row["goal"] is None else f"{row['goal']:,}"
        reached = {True: "yes", False: "**no**", None: ""}[row["reached"]]
        slots = _slots(row["storage_of_repeat"])
        lines += [
            f"| `{name}` | {int(n):,} | {gas['first']:,} | {gas['repeat']:,} | {goal} | {reached} | {slots} |"
            for n, gas in told
        ]
    spread = result.get("fulfil_pool", {}).get("spread")
    if spread is not None:
        lines += [
            "",
            f"A sale's repeat costs at most {spread:.2%} more at one number of holders than at another.",
        ]
    return "\n".join(lines)


def _slots(storage: dict[str, dict[str, int]]) -> str:
    """For people: how many slots of which contract, new ones (five times as dear) apart."""
    told = []
    for contract, counts in storage.items():
        parts = [
            f"{counts[kind]}{word}"
            for kind, word in (("changed", ""), ("set", " new"), ("cleared", " cleared"))
            if kind in counts
        ]
        told.append(f"{contract} {' + '.join(parts)}")
    return ", ".join(told)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--holders", type=int, nargs="+", default=HOLDERS, help="numbers of holders")
    parser.add_argument("--only", nargs="+", choices=ROWS, default=list(ROWS), help="rows to measure")
    parser.add_argument("--strict", action="store_true", help="fail when a goal is missed")
    options = parser.parse_args()
    result = document(measure(tuple(options.holders), options.only))
    if options.only == list(ROWS) and tuple(options.holders) == HOLDERS:
        RESULT.parent.mkdir(parents=True, exist_ok=True)
        RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
        write_between(PAGE, BEGIN, END, table(result))
    print(table(result))
    missed = [name for name, row in rows_of(result).items() if row["reached"] is False]
    spread = result.get("fulfil_pool", {}).get("spread", 0)
    if spread > MOST_SPREAD:
        print(f"FAILED: a sale's cost depends on the number of holders ({spread:.2%})", file=sys.stderr)
        return 1
    if missed:
        print("Goals missed: " + ", ".join(missed), file=sys.stderr)
    return 1 if missed and options.strict else 0


if __name__ == "__main__":
    sys.exit(main())
