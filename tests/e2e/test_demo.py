"""All 13 steps and a stranger's check, on a small set, with the real chain and the real IPFS node."""
from __future__ import annotations

import contextlib
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.verify.money import ELSEWHERE, PARTS
from tests.e2e.drawings import SHAPES, STYLES, write_set

ROOT = Path(__file__).parents[2]


def demo_command(manifest: Path, folder: Path) -> list[str]:
    return [sys.executable, "-m", "backend.cli", "demo", "--works", str(manifest), "--steps", "30",
            "--out", str(folder / "out"), "--data-dir", str(folder / "data")]


def kill_half_way(command: list[str], folder: Path) -> None:
    """Runs the command until the IPFS node is up, then kills it without a chance to clean up."""
    first = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 60
    while not (folder / "data" / "logs" / "ipfs.log").exists() and time.monotonic() < end:
        time.sleep(0.1)
    time.sleep(1)
    first.send_signal(signal.SIGKILL)
    first.wait()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict]:
    """The report of a run after a killed one, beside somebody who holds the chain's usual port."""
    folder = tmp_path_factory.mktemp("demo")
    command = demo_command(write_set(folder / "works"), folder)
    kill_half_way(command, folder)
    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):  # in use already: all the better
            squatter.bind(("127.0.0.1", 8545))
            squatter.listen()
        yield finished(command, folder)


def finished(command: list[str], folder: Path) -> dict:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    page = (folder / "out" / "report.html").read_text(encoding="utf-8")
    assert "<svg" in page and "data:image/" in page
    assert 'src="http' not in page, "the page must stand alone"
    return json.loads((folder / "out" / "report.json").read_text())


def test_every_good_line_is_registered_and_every_bad_one_reported(report: dict) -> None:
    assert report["works"] == len(STYLES) * len(SHAPES)
    assert report["artists"] == len(STYLES)
    assert report["cids_verified"] >= 2 * report["works"]
    assert {(bad["line"], bad["code"]) for bad in report["refused"]} == {
        (21, "corrupt_image"), (22, "exact_copy"), (23, "missing_file")}


def test_exactly_the_consenting_works_are_trained_on(report: dict) -> None:
    assert report["round"]["works"] == (len(STYLES) - 1) * len(SHAPES)
    assert report["round"]["started_from"] is None


def test_stake_is_minted_in_proportion_to_allocations(report: dict) -> None:
    assert report["round"]["allocations_sum"] == "1000000000"
    assert 0 < int(report["round"]["stake_minted"]) <= 100_000 * 10**18
    assert report["round"]["holders"] >= 2


def test_every_paid_order_is_delivered_or_refunded(report: dict) -> None:
    states = [order["state"] for order in report["orders"]]
    assert states.count("refunded") == 1
    assert states.count("fulfilled") == len(states) - 1 >= 6
    assert {order["pay"] for order in report["orders"]} == {"approve", "permit", "authorization"}
    assert all(order["output_cid"].startswith("bafybei") for order in report["orders"] if order["state"] == "fulfilled")


def test_money_is_conserved_to_the_smallest_unit(report: dict) -> None:
    money = {name: int(amount) for name, amount in report["money"].items()}
    routed = sum(money[part] for part in PARTS)
    assert money["received"] == routed + sum(money[part] for part in ELSEWHERE)
    assert routed == money["claimed"] + money["owed"]
    assert money["received"] == sum(int(order["price"]) for order in report["orders"]) + money["tipped"]
    assert money["tipped"] in (0, 10**6), "a tip, where an artist was credited"
    assert money["claimed"] > 0 and money["owed"] > 0 and money["escrowed"] == 0


def test_an_order_keeps_the_rules_that_its_buyer_signed(report: dict) -> None:
    assert [rules["version"] for rules in report["rules_versions"]] == [1, 2]
    versions = [order["rules_version"] for order in report["orders"] if order["state"] == "fulfilled"]
    assert versions[-2:] == [1, 2], "signed before the vote took effect, signed after"


def test_a_stranger_finds_nothing_wrong(report: dict) -> None:
    assert report["verify"]["checks"] > 20
    assert report["verify"]["failed"] == 0
