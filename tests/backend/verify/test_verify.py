"""A stranger's check on the real chain and IPFS node: nothing wrong is reported, everything tampered with
is found.
"""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from backend.chain.client import RpcProvider
from backend.context import Context
from backend.errors import ChainUnavailable
from backend.training import rounds
from backend.training.report import ALLOCATION_TOTAL
from backend.verify import service
from backend.verify.commands import verify as verify_command
from backend.verify.money import ELSEWHERE, PARTS, STATEMENT, money_statement
from tests.backend.sales_world import World, rooted

ROOT = Path(__file__).resolve().parents[3]


class Stranger(Context):
    """A context that cannot open the database, and whose documents may have been tampered with on the way."""

    def __init__(self, world: World, tamper: Callable[[dict[str, Any]], None] | None = None) -> None:
        super().__init__(world.ctx.settings)
        self._tamper = tamper

    @property
    def sessions(self) -> None:
        raise AssertionError("verify must not open the database")

    engine = sessions

    @property
    def documents(self) -> Any:
        genuine, tamper = Context.documents.func(self), self._tamper

        class Documents:
            def get(self, cid: str, schema: str) -> dict[str, Any]:
                document = copy.deepcopy(genuine.get(cid, schema))
                if tamper:
                    tamper(document)
                return document

        return Documents()


def failed(checks: list[service.Check]) -> list[str]:
    return [f"{check.name}: {check.detail}" for check in checks if not check.ok]


def test_nothing_is_wrong_and_no_database_is_needed(sold: World) -> None:
    checks = service.verify(Stranger(sold))
    assert failed(checks) == []
    assert len(checks) > 45


def test_a_quick_run_makes_the_same_checks(sold: World) -> None:
    assert [check.name for check in service.verify(Stranger(sold), quick=True)] == [
        check.name for check in service.verify(Stranger(sold))
    ]


def test_money_balances_to_the_unit(sold: World) -> None:
    money = money_statement(Stranger(sold))
    assert tuple(money) == STATEMENT
    routed = sum(money[part] for part in PARTS)
    assert money["received"] == routed + sum(money[part] for part in ELSEWHERE)
    assert routed == money["claimed"] + money["owed"]
    # Orders of 4 generations, 5 units of tips, a gift of 100, a prepaid balance of 5.
    assert money["received"] == 9 * 10**6 + 5 + 100 and money["refunded"] == 10**6
    assert money["tipped"] == 5 and money["prepaid"] == 2 * 10**6
    assert money["claimed"] > 0 and money["owed"] > 0


def change(schema: str, edit: Callable[[dict[str, Any]], None]) -> Callable[[dict[str, Any]], None]:
    """Tampers with documents of one schema."""

    def tamper(document: dict[str, Any]) -> None:
        if document["schema"] == f"meltingpot/{schema}@1":
            edit(document)

    return tamper


def add_one(key: str, field: str) -> Callable[[dict[str, Any]], None]:
    def edit(document: dict[str, Any]) -> None:
        entry = document[key][0]
        entry[field] = type(entry[field])(int(entry[field]) + 1)

    return edit


TAMPERED = {
    "a work's metadata names another artist": (
        change("work", lambda d: d.update(artist="0x" + "11" * 20)),
        "file and metadata",
    ),
    "a work's title": (
        change("work", lambda d: d.update(title="Nobody wrote this")),
        "exactly the works that consented",
    ),
    "a work left out of the dataset": (change("dataset", lambda d: d["works"].pop()), "Merkle root"),
    "a work's time of registration": (
        change("dataset", lambda d: d["works"][0].update(registered=1)),
        "exactly the works that consented",
    ),
    "a work's caption": (
        change("dataset", lambda d: d["works"][0].update(caption="a thief's words")),
        "exactly the works that consented",
    ),
    "the number of probes": (
        change("report", lambda d: d["method"]["parameters"]["attribution"].update(probes=1)),
        "known method",
    ),
    "the seed of the probes": (
        change("report", lambda d: d["method"]["parameters"]["attribution"].update(seed=7)),
        "known method",
    ),
    "the dataset's block": (
        change("dataset", lambda d: d.update(block_hash="0x" + "00" * 32)),
        "this chain and registry",
    ),
    "a training setting": (change("settings", lambda d: d["train"].update(steps=1)), "settings hash"),
    "the seed": (change("report", lambda d: d["model"].update(seed=99)), "model version and seed"),
    "a score": (change("report", add_one("scores", "score")), "contribution scores follow"),
    "an allocation": (change("report", add_one("allocations", "allocation")), "allocations follow"),
    "the quality": (change("report", lambda d: d["quality"].update(w_bps=9_999)), "quality follows"),
    "units of a learning contributor": (
        change(
            "report",
            lambda d: d["learning"].append({"account": "0x" + "22" * 20, "kind": "captions", "units": 10**6}),
        ),
        "leaves follow",
    ),
    "units of compute": (
        change("report", add_one("learning", "units")),
        "units of learning contributors follow",
    ),
    "an interval": (
        change("report", lambda d: d["allocations"][0].update(high=ALLOCATION_TOTAL + 2_000)),
        "the intervals of the allocations",
    ),
    "a leaf": (change("report", add_one("leaves", "amount")), "is a leaf of its finalised round"),
    "the mint": (change("report", lambda d: d["mint"].update(total="1")), "leaves follow"),
    "a score of a sale": (
        change("attribution", add_one("scores", "score")),
        "scores follow from index and query",
    ),
    "the threshold of a sale": (
        change("attribution", lambda d: d.update(threshold=d["threshold"] + 1)),
        "index, threshold",
    ),
    "the prompt of a sale": (change("attribution", lambda d: d.update(prompt="another")), "prompt hashes"),
    "the output of a sale": (
        change("attribution", lambda d: d["output"].update(sha256="0x" + "33" * 32)),
        "its output",
    ),
    "an artist's credits of prepaid sales": (
        change("artists", add_one("credits", "amount")),
        "the artists' file leads to the root",
    ),
    "a receipt of a prepaid sale": (
        change("receipts", lambda d: d["receipts"][0]["credits"].clear()),
        "the receipts lead to the root",
    ),
    "the orders of a voucher": (
        change("receipts", lambda d: d["charges"][0]["order_ids"].pop()),
        "each sale was ordered by voucher",
    ),
    "a report without a field": (change("report", lambda d: d.pop("leaves")), "can be re"),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_what_is_tampered_with_is_found(sold: World, what: str) -> None:
    tamper, expected = TAMPERED[what]
    found = failed(service.verify(Stranger(sold, tamper), quick=True))
    assert any(expected in line for line in found), found


def test_a_round_with_invented_allocations_is_found(forgotten: World) -> None:
    """The proposer shifts everything to one artist, consistently down to leaves and root: only the scores
    speak against it.
    """
    ctx = forgotten.ctx
    report = copy.deepcopy(rounds.read_report(ctx, rounds.round_of(ctx, 1).report_cid))
    most = max(report["allocations"], key=lambda entry: entry["allocation"])["artist"]
    favourite = next(entry["artist"] for entry in report["scores"] if entry["artist"] != most)
    report["allocations"] = [{"artist": favourite, "allocation": ALLOCATION_TOTAL}]
    report["leaves"] = [{"account": favourite, "amount": report["mint"]["data"]}]
    report["mint"]["total"] = str(int(report["mint"]["data"]) + int(report["mint"]["learning"]))
    rooted(report, ctx.contracts.rounds.functions.nextRoundId().call())
    rounds.propose(ctx, ctx.documents.put(report))
    found = failed(service.verify(Stranger(forgotten), quick=True))
    assert any(line.startswith("Round 2: allocations follow from the scores") for line in found), found


def test_a_model_of_other_works_is_found(forgotten: World, tmp_path: Path) -> None:
    """The proposer names a model directory that was trained on something else."""
    ctx = forgotten.ctx
    report = copy.deepcopy(rounds.read_report(ctx, rounds.round_of(ctx, 1).report_cid))
    other = ctx.ipfs.get_directory(report["model"]["cid"], tmp_path / "other")
    works = json.loads((other / "works.json").read_text(encoding="utf-8"))
    works["works"].append({"content_hash": "0x" + "ff" * 32, "title": "Not asked", "artist": "Somebody"})
    (other / "works.json").write_text(json.dumps(works), encoding="utf-8")
    report["model"]["cid"] = ctx.ipfs.add_directory(other)
    rooted(report, ctx.contracts.rounds.functions.nextRoundId().call())
    rounds.propose(ctx, ctx.documents.put(report))
    found = failed(service.verify(Stranger(forgotten), quick=True))
    assert len(found) == 1 and "Round 2: the model version on IPFS is one trained on" in found[0], found


def test_a_later_round_of_the_same_model_leaves_older_sales_right(forgotten: World) -> None:
    ctx = forgotten.ctx
    report = copy.deepcopy(rounds.read_report(ctx, rounds.round_of(ctx, 1).report_cid))
    rooted(report, ctx.contracts.rounds.functions.nextRoundId().call())
    round_id = rounds.propose(ctx, ctx.documents.put(report))
    rounds.finalise(ctx, round_id, advance_time=True)
    rounds.claim_all(ctx, round_id)
    assert failed(service.verify(Stranger(forgotten), quick=True)) == []


def test_a_sale_with_invented_credits_is_found(forgotten: World) -> None:
    """The worst that a stolen operator key can do: credit an artist of its choice within the ceiling."""
    ctx = forgotten.ctx
    account = forgotten.buyer(40)
    order = forgotten.quote(account, "a red circle")
    from backend.generations import service as generations

    order_id = generations.request_by_approve(ctx, account, order, "a red circle")
    output = ctx.ipfs.add(b"no picture")
    from backend.storage.cid import digest_of

    digest = bytes.fromhex(digest_of(output)[2:])
    ctx.sender("operator").send(
        ctx.contracts.market.functions.fulfil(
            (bytes.fromhex(order_id[2:]), 1, (1, b"\x01" * 32, digest, digest)),
            [(forgotten.artist("Ada").address, 400_000)],
        )
    )
    found = failed(service.verify(Stranger(forgotten), quick=True))
    assert any(line.startswith(f"Sale {order_id[:10]}") for line in found), found


def test_the_command_says_how_many_failed(sold: World) -> None:
    done = CliRunner().invoke(verify_command, ["--quick", "--json"], obj=Stranger(sold))
    answer = json.loads(done.output)
    assert done.exit_code == 0 and answer["failed"] == 0 and answer["checks"] == len(answer["results"])
    tamper = TAMPERED["a score"][0]
    done = CliRunner().invoke(verify_command, ["--quick"], obj=Stranger(sold, tamper))
    assert done.exit_code == 1 and "✗ Round 1: contribution scores follow" in done.output


@contextmanager
def listening(answer: bytes) -> Iterator[str]:
    """The URL of a server that answers everything with 200 and these bytes."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def run_verify(world: World, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`meltingpot verify --quick` as a stranger's process."""
    command = [sys.executable, "-m", "backend.cli", "verify", "--quick", *arguments]
    settings = {**os.environ, **world.stack.environment, **environment}
    return subprocess.run(command, cwd=ROOT, env=settings, capture_output=True, text=True, timeout=300)


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("MELTINGPOT_CHAIN_RPC_URL", "No chain answers at http://127.0.0.1:9"),
        ("MELTINGPOT_IPFS_API", "The IPFS node at http://127.0.0.1:9"),
    ],
)
def test_a_service_that_is_away_is_exit_4_and_named(sold: World, setting: str, says: str) -> None:
    done = run_verify(sold, **{setting: "http://127.0.0.1:9"})
    assert done.returncode == 4, done.stdout + done.stderr
    assert f"error: {says}" in done.stderr and setting in done.stderr
    assert "✗" not in done.stdout and "Traceback" not in done.stderr


def test_something_else_at_the_chains_address_is_exit_4(sold: World) -> None:
    limit = b'{"jsonrpc":"2.0","id":1,"error":{"code":-32005,"message":"limit"}}'
    for answer in (b"<html>hello</html>", limit):
        with listening(answer) as url:
            done = run_verify(sold, "--json", MELTINGPOT_CHAIN_RPC_URL=url)
        assert done.returncode in (4, 5), done.stdout + done.stderr
        assert json.loads(done.stdout)["detail"] and "Traceback" not in done.stderr


def test_a_node_that_has_forgotten_the_state_is_no_finding(
    sold: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ordinary nodes keep the state of some hundred blocks; verify runs for minutes."""
    real = RpcProvider.make_batch_request

    def pruned(self: RpcProvider, calls: list[Any]) -> Any:
        answers = real(self, calls)
        failure = {"code": -32000, "message": "missing trie node"}
        return [{"jsonrpc": "2.0", "id": answer["id"], "error": failure} for answer in answers]

    monkeypatch.setattr(RpcProvider, "make_batch_request", pruned)
    with pytest.raises(ChainUnavailable, match="archive node") as caught:
        service.verify(Stranger(sold), quick=True)
    assert "missing trie node" in caught.value.message


def test_a_dead_chain_is_no_finding(sold: World) -> None:
    settings = sold.ctx.settings.model_copy(update={"chain_rpc_url": "http://127.0.0.1:9"})
    with pytest.raises(ChainUnavailable):
        service.verify(Context(settings))
