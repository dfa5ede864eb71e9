"""Proofs of the money maths, for all inputs at once. Run by .tools/halmos/bin/python (`make prove`).

1. halmos, on the compiled SaleSplit: whatever `addTo` adds sums to the price (tests/forge/proofs).
2. z3, over unbounded integers: what the formulas of SaleSplit and of the largest remainder method imply. That
   the code is these formulas is checked by tests: tests/forge/properties/SaleSplitProperties.t.sol and
   tests/model/test_allocation_maths.py.

A statement is proven when its negation has no solution. Exit 1 when one is not.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from z3 import And, BoolRef, Int, Ints, Not, Solver, Sum, unsat

ROOT = Path(__file__).resolve().parents[1]
FORGE = ROOT / "node_modules" / "@foundry-rs" / "forge-linux-amd64" / "bin" / "forge"
BPS = 10_000
# Of seconds of work, beside the compiler's run on a busy machine.
HALMOS_TIMEOUT_S = 300
Statement = tuple[str, list[BoolRef], BoolRef]


def sale_split() -> Iterator[Statement]:
    """Of any price and any five shares that sum to 10,000: addTo's parts, with x·y/10,000 rounded down."""
    price, credited = Ints("price credited")
    shares = Ints("artists holders platform network learning")
    floors = Ints("f_artists f_holders f_platform f_network f_learning")
    given = [
        price >= 0,
        Sum(shares) == BPS,
        *(share >= 0 for share in shares),
        credited >= 0,
        credited <= floors[0],
    ]
    for share, floor in zip(shares, floors):
        given += [BPS * floor <= price * share, price * share < BPS * floor + BPS]
    artists, holders, *others = floors
    rest = price - Sum(others) - credited
    yield (
        "for credits up to the ceiling no subtraction goes below zero: unchecked arithmetic cannot wrap",
        given,
        rest >= 0,
    )
    yield "the parts sum to the price", given, credited + rest + Sum(others) == price
    yield "the holders get at least the floor of their share", given, rest >= holders
    yield (
        "the holders get at most 4 units beside their share and what was not credited",
        given,
        (rest <= holders + (artists - credited) + 4),
    )
    yield "no part exceeds the price", given, And([part <= price for part in (credited, rest, *others)])


def largest_remainder(artists: int) -> Iterator[Statement]:
    """Of any total and any positive weights of this many artists."""
    total, whole = Ints("total whole")
    weights = [Int(f"w{i}") for i in range(artists)]
    floors = [Int(f"f{i}") for i in range(artists)]
    given = [total >= 0, whole == Sum(weights), *(weight > 0 for weight in weights)]
    for weight, floor in zip(weights, floors):
        given += [whole * floor <= total * weight, total * weight < whole * floor + whole]
    left = total - Sum(floors)
    yield (
        f"{artists} artists: what rounding down leaves is at least 0 and below their number, so nobody gets "
        "more than one unit above the floor and the sum is the total",
        given,
        And(left >= 0, left < artists),
    )


def holds(statement: Statement) -> bool:
    """Tell and return whether the statement has no counterexample."""
    text, given, claim = statement
    solver, began = Solver(), time.monotonic()
    solver.set("timeout", 30_000)
    solver.add(*given)
    # An open scope makes z3 take its incremental core, quick at these products; the other one never ends.
    solver.push()
    solver.add(Not(claim))
    answer = solver.check()
    verdict = "proven" if answer == unsat else f"NOT PROVEN ({answer})"
    print(f"{verdict} by z3 in {time.monotonic() - began:.2f} s: {text}", flush=True)
    return answer == unsat


def halmos(forge: str) -> bool:
    programs = Path(sys.executable).parent
    environment = os.environ | {
        "PATH": f"{Path(forge).parent}{os.pathsep}{programs}{os.pathsep}{os.environ['PATH']}"
    }
    command = [
        str(programs / "halmos"),
        "--contract",
        "SaleSplitProof",
        "--forge-build-out",
        "build/forge/out",
        "--solver",
        "yices",
        "--solver-timeout-assertion",
        "120000",
    ]
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=HALMOS_TIMEOUT_S,
        )
    except subprocess.TimeoutExpired:
        print(f"halmos: NOT PROVEN, no answer in {HALMOS_TIMEOUT_S} s")
        return False
    told = [line for line in done.stdout.splitlines() if "check_" in line or "Symbolic test result" in line]
    print("\n".join(f"halmos: {line}" for line in told) or done.stdout[-3000:])
    return done.returncode == 0 and any("PASS" in line for line in told)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--forge", default=str(FORGE), help="forge's program (default: the one in node_modules)"
    )
    options = parser.parse_args()
    statements = [*sale_split()]
    for artists in range(1, 7):
        statements += largest_remainder(artists)
    proven = [holds(statement) for statement in statements]
    proven.append(halmos(options.forge))
    print(f"{sum(proven)} of {len(proven)} proven")
    return 0 if all(proven) else 1


if __name__ == "__main__":
    sys.exit(main())
