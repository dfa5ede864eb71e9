"""The worker on the real chain, IPFS node and a tiny real pipeline: from paid to fulfilled, and all that can
come between.

Branches: several orders at once · several pictures in one order · prompt not told · worker stopped · worker
dead · two workers · fulfilled by another in the meantime · service away · order nobody can make.
"""

from __future__ import annotations

import hashlib
import threading
import time
from dataclasses import replace
from typing import Any

import pytest

from backend.chain.client import RpcError
from backend.chain.transactions import NotEnoughCoin, Sender
from backend.errors import ChainUnavailable, ContractReverted, IpfsUnavailable
from backend.generations import receipts, service
from backend.generations.attribution import SCHEMA, credits_of, queries_of, scores_of
from backend.generations.serving import ModelNotServed
from backend.generations.tables import Job, Prompt
from backend.royalties.split import split
from backend.storage.cid import cid_of_digest
from backend.storage.errors import NotOnIpfs
from backend.worker import Worker
from tests.backend.chain.reading import send_unlocked
from tests.backend.sales_world import INKS, SAMPLING, World


@pytest.fixture
def worker(world: World) -> Worker:
    """A worker that finds no orders of other tests."""
    finish_everything(world)
    return world.worker()


def finish_everything(world: World) -> None:
    world.ctx.client.advance_time(8 * 86_400)
    world.index()
    service.refund_expired(world.ctx)
    world.index()


def job(world: World, order_id: str) -> Job:
    with world.ctx.sessions() as session:
        return session.get(Job, order_id)


def row(world: World, order_id: str):
    world.index()
    return service.find_order(world.ctx, order_id)


def test_orders_are_fulfilled_with_a_record_that_anybody_can_recompute(world: World, worker: Worker) -> None:
    ctx = world.ctx
    order_ids = [world.pay(1, "a red circle"), world.pay(2, "a green square", quantity=2)]
    assert worker.run_once() == 2
    for order_id, quantity in zip(order_ids, (1, 2), strict=True):
        order = row(world, order_id)
        assert (order.state, job(world, order_id).state) == ("fulfilled", "done")
        record = ctx.documents.get(cid_of_digest(order.attribution_digest), SCHEMA)
        assert record["prompt"] == ("a red circle", "a green square")[quantity - 1]
        rules = service.rules_of(ctx, order.rules_version)
        found = receipts.receipt(ctx, order_id)
        paid = [(credit["artist"], int(credit["amount"])) for credit in found["credits"]]
        assert sorted(paid) == sorted(credits_of(record, rules, order.price))
        parts = split(order.price, rules, sum(amount for _, amount in paid))
        assert found["split"] == {name: str(getattr(parts, name)) for name in found["split"]}
        assert queries_of(record).shape[0] == quantity
        model = worker.models.get(order.model_digest)
        scores = scores_of(model.index.artists, model.index.rows, record)
        assert record["scores"] == [
            {"artist": artist, "score": scores[artist]} for artist in sorted(scores, key=str.lower)
        ]
        check_output(world, order, record)


def test_credited_artists_are_paid_on_the_chain_and_named_on_the_receipt(
    world: World, worker: Worker
) -> None:
    ctx = world.ctx
    order_id = world.pay(1)
    model = worker.models.get(row(world, order_id).model_digest)
    # A pipeline of two training steps is not sure of anything: let every artist stand above the threshold.
    scores = [int(score) for score in model.index.rows.astype(int).sum(1)]
    sure = {
        **model.report,
        "sale_threshold": -(10**9) - max(map(abs, scores)),
        "quality": {**model.report["quality"], "w_bps": 8_000},
    }
    worker.models._models[model.digest] = replace(model, report=sure)
    assert worker.run_once() == 1
    world.index()
    found = receipts.receipt(ctx, order_id)
    assert {credit["artist_name"] for credit in found["credits"]} == set(INKS)
    ceiling = (
        10**6 * service.rules_of(ctx, found["order"]["rulesVersion"]).artists_bps // 10_000 * 8_000 // 10_000
    )
    assert ceiling - 4 <= int(found["split"]["attributed"]) <= ceiling
    for credit in found["credits"]:
        assert ctx.contracts.market.functions.owed(credit["artist"]).call() >= int(credit["amount"])
        works = next(
            entry["works"] for entry in found["attribution"]["nearest"] if entry["artist"] == credit["artist"]
        )
        assert [work["distance"] for work in works] == sorted(work["distance"] for work in works)
    assert found["attribution"]["memorisation"][0]["distance"] >= 0


def check_output(world: World, order, record: dict) -> None:
    """What was fulfilled is what lies on IPFS."""
    cid = cid_of_digest(order.output_digest)
    assert record["output"]["cid"] == cid
    assert record["output"]["sha256"] == order.output_hash
    if order.quantity == 1:
        data = world.ctx.ipfs.get(cid)
        assert data.startswith(b"\x89PNG") and "0x" + hashlib.sha256(data).hexdigest() == order.output_hash
        return
    folder = world.ctx.settings.data_dir / "fetched" / cid
    folder.parent.mkdir(exist_ok=True)
    world.ctx.ipfs.get_directory(cid, folder)
    digests = [hashlib.sha256((folder / f"{n + 1}.png").read_bytes()) for n in range(order.quantity)]
    assert ["0x" + digest.hexdigest() for digest in digests] == [
        file["sha256"] for file in record["output"]["files"]
    ]
    assert "0x" + hashlib.sha256(b"".join(d.digest() for d in digests)).hexdigest() == order.output_hash


def test_the_same_order_gives_the_same_picture_whoever_works(world: World, worker: Worker) -> None:
    from backend.generations import fulfilment

    world.pay(1)
    worker.queue.sync(world.ctx.client.now())
    (leased,) = worker.queue.lease(world.ctx.client.now())
    model = worker.models.get(leased.order.model_digest)
    one, two = (fulfilment.generate(model, [leased], SAMPLING, lambda *_: None)[0][0] for _ in range(2))
    assert one.tobytes() == two.tobytes()
    other = replace(leased, order_id="0x" + "77" * 32)
    assert fulfilment.generate(model, [other], SAMPLING, lambda *_: None)[0][0].tobytes() != one.tobytes()
    worker.queue.release(leased.order_id)


def test_an_untold_prompt_waits_and_blocks_nobody(world: World, worker: Worker) -> None:
    silent, told = world.pay(1, "a prompt that is forgotten"), world.pay(2)
    with world.ctx.sessions.begin() as session:
        session.delete(session.get(Prompt, row(world, silent).prompt_hash))
    assert worker.run_once() == 1
    assert (row(world, silent).state, row(world, told).state) == ("requested", "fulfilled")
    service.tell_prompt(world.ctx, "a prompt that is forgotten")
    assert worker.run_once() == 1
    assert row(world, silent).state == "fulfilled"


def test_a_stopped_worker_gives_its_order_back(world: World) -> None:
    finish_everything(world)
    stop = threading.Event()
    stopping = Worker(world.ctx, stop, SAMPLING)
    order_id = world.pay(1)
    stop.set()
    assert stopping.run_once() == 0
    assert (job(world, order_id).state, job(world, order_id).attempts) == ("queued", 0)
    assert world.worker().run_once() == 1
    assert row(world, order_id).state == "fulfilled"


def test_a_dead_workers_order_is_finished_by_another(world: World, worker: Worker) -> None:
    order_id = world.pay(1)
    dead = world.worker()
    dead.queue.sync(world.ctx.client.now())
    assert dead.queue.lease(world.ctx.client.now())
    assert worker.run_once() == 0
    worker.queue.clock = lambda: __import__("time").time() + world.ctx.settings.worker_lease_s + 1
    assert worker.run_once() == 1
    assert row(world, order_id).state == "fulfilled"
    assert job(world, order_id).attempts == 2


def test_two_workers_fulfil_each_order_once(world: World) -> None:
    finish_everything(world)
    order_ids = [world.pay(number) for number in (1, 2, 3)]
    workers = [world.worker(), world.worker()]
    counts: list[int] = []
    threads = [threading.Thread(target=lambda w=w: counts.append(w.run_once())) for w in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 3
    assert {row(world, order_id).state for order_id in order_ids} == {"fulfilled"}


def test_an_order_that_was_fulfilled_meanwhile_is_not_sent_again(world: World, worker: Worker) -> None:
    order_id = world.pay(1)
    worker.queue.sync(world.ctx.client.now())
    leased = worker.queue.lease(world.ctx.client.now())
    ready = worker._prepare(leased)
    assert worker._fulfil(ready) == 1
    nonce = world.ctx.client.w3.eth.get_transaction_count(world.ctx.wallets.address("operator"))
    assert worker._fulfil(ready) == 0, "the lease is over and the chain says fulfilled"
    assert worker._still_open(leased) == []
    assert world.ctx.client.w3.eth.get_transaction_count(world.ctx.wallets.address("operator")) == nonce
    assert row(world, order_id).state == "fulfilled"


def test_one_refused_order_does_not_take_the_batch_with_it(world: World, worker: Worker) -> None:
    first, second = world.pay(1), world.pay(2)
    worker.queue.sync(world.ctx.client.now())
    ready = worker._prepare(worker.queue.lease(world.ctx.client.now(), 8))
    order, found = next(item for item in ready if item[0].order_id == first)
    broken = (order, replace(found, output_digest="0x" + "00" * 32))  # the contract refuses an empty output
    assert worker._fulfil([broken, *(item for item in ready if item[0].order_id != first)]) == 1
    assert (row(world, first).state, row(world, second).state) == ("requested", "fulfilled")
    assert job(world, first).state == "failed" and "output" in job(world, first).error.lower()


def test_a_service_that_is_away_costs_no_attempt(
    world: World, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = world.pay(1)

    def away(*_: object) -> str:
        raise IpfsUnavailable("No IPFS node answers.")

    with monkeypatch.context() as patch:
        patch.setattr(type(world.ctx.ipfs), "add", away)
        assert worker.run_once() == 0
    found = job(world, order_id)
    assert (found.state, found.attempts) == ("queued", 0) and "IPFS" in found.error
    worker.queue.clock = lambda: __import__("time").time() + 60
    assert worker.run_once() == 1


def test_a_chain_that_goes_away_in_the_middle_costs_no_attempt(
    world: World, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = world.pay(1)

    def away(*_: object) -> list:
        raise ChainUnavailable("No chain answers.")

    with monkeypatch.context() as patch:
        patch.setattr(worker, "_states", away)
        with pytest.raises(ChainUnavailable):
            worker.run_once()
    assert (job(world, order_id).state, job(world, order_id).attempts) == ("queued", 0)


def later(worker: Worker, seconds: float = 60) -> None:
    """Lets delays pass."""
    worker.queue.clock = lambda: time.time() + seconds


def test_a_node_that_refuses_costs_no_attempt(
    world: World, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as a rate limit: no reason for the worker to end."""
    order_id = world.pay(1)

    def limited(*_: object) -> list:
        raise RpcError("eth_call", -32005, "daily request count exceeded")

    with monkeypatch.context() as patch:
        patch.setattr(worker, "_states", limited)
        with pytest.raises(RpcError):
            worker.run_once()
    assert (job(world, order_id).state, job(world, order_id).attempts) == ("queued", 0)
    later(worker)
    assert worker.run_once() == 1


def test_an_operator_without_its_role_costs_no_order(world: World, worker: Worker) -> None:
    """The holders may replace the operator at any time: its worker stops delivering, the orders wait."""
    order_ids = [world.pay(1), world.pay(2)]
    role, operator = world.ctx.contracts.market.functions.OPERATOR_ROLE().call(), "operator"
    address = world.ctx.wallets.address(operator)
    as_timelock(world, world.ctx.contracts.market.functions.revokeRole(role, address))
    try:
        with pytest.raises(ContractReverted, match="role|may not"):
            worker.run_once()
    finally:
        as_timelock(world, world.ctx.contracts.market.functions.grantRole(role, address))
    for order_id in order_ids:
        assert (job(world, order_id).state, job(world, order_id).attempts) == ("queued", 0)
    later(worker)
    assert worker.run_once() == 2


def as_timelock(world: World, call: Any) -> None:
    timelock = world.ctx.contracts.timelock.address
    world.ctx.client.rpc("anvil_impersonateAccount", timelock)
    world.ctx.client.fund(timelock)
    send_unlocked(world.ctx, timelock, call)
    world.ctx.client.rpc("anvil_stopImpersonatingAccount", timelock)


def test_an_operator_without_coin_costs_no_order(
    world: World, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = world.pay(1)

    def broke(*_: object) -> None:
        raise NotEnoughCoin("0x… has not enough native coin to pay for the transaction.")

    with monkeypatch.context() as patch:
        patch.setattr(Sender, "send", broke)
        assert worker.run_once() == 0
    found = job(world, order_id)
    assert (found.state, found.attempts) == ("queued", 0) and "coin" in found.error
    later(worker)
    assert worker.run_once() == 1


@pytest.mark.parametrize(("number", "attempts"), [(-32005, 0), (-32000, 1)])
def test_only_a_limit_of_the_node_costs_no_attempt(
    world: World, worker: Worker, monkeypatch: pytest.MonkeyPatch, number: int, attempts: int
) -> None:
    """Another refusal may be about the order itself, such as more gas than a block has: not for ever."""
    order_id = world.pay(1)

    def refuse(*_: object) -> None:
        raise RpcError("eth_estimateGas", number, "no")

    with monkeypatch.context() as patch:
        patch.setattr(Sender, "send", refuse)
        assert worker.run_once() == 0
    assert (job(world, order_id).state, job(world, order_id).attempts) == ("queued", attempts)
    later(worker)
    assert worker.run_once() == 1


def test_content_that_ipfs_does_not_find_at_once_is_tried_again(
    world: World, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = world.pay(1)

    def missing(*_: object) -> None:
        raise NotOnIpfs("bafy… was not found within 60 s.")

    with monkeypatch.context() as patch:
        patch.setattr(worker.models, "get", missing)
        assert worker.run_once() == 0
    assert (job(world, order_id).state, job(world, order_id).attempts) == ("queued", 1)
    later(worker)
    assert worker.run_once() == 1


def test_a_stored_prompt_that_is_not_what_the_buyer_signed_is_not_drawn(world: World, worker: Worker) -> None:
    order_id = world.pay(1, "a prompt that somebody changes in the table")
    with world.ctx.sessions.begin() as session:
        session.get(Prompt, row(world, order_id).prompt_hash).prompt = "another"
    assert worker.run_once() == 0
    assert job(world, order_id).state == "failed" and "does not hash" in job(world, order_id).error


def test_the_loop_outlives_a_service_that_is_away_and_tells_it_once(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stop, calls = threading.Event(), []
    worker = Worker(world.ctx, stop, SAMPLING)

    def away() -> int:
        calls.append(1)
        if len(calls) == 3:
            stop.set()
        raise ChainUnavailable("No chain answers.")

    monkeypatch.setattr(worker, "run_once", away)
    monkeypatch.setattr("backend.worker.AWAY_PAUSE_S", 0.01)
    worker.run()
    assert len(calls) == 3
    assert sum("No chain answers" in message for message in caplog.messages) == 1


def test_an_order_from_an_unknown_model_fails_with_a_reason(world: World, worker: Worker) -> None:
    order_id = world.pay(1, model_digest="0x" + "ab" * 32)
    assert worker.run_once() == 0
    assert job(world, order_id).state == "failed" and "model version" in job(world, order_id).error
    with pytest.raises(ModelNotServed):
        worker.models.get("0x" + "ab" * 32)


def test_too_many_pictures_in_one_order_fail_with_a_reason(world: World, worker: Worker) -> None:
    account = world.buyer(1)
    order = world.quote(account)
    order = replace(order, quantity=9, max_price=9 * 10**6)
    order_id = service.request_by_authorization(world.ctx, account, order, "a red circle")
    world.index()
    assert worker.run_once() == 0
    assert job(world, order_id).state == "failed" and "9 pictures" in job(world, order_id).error


def test_receipt_and_progress_of_a_waiting_order(world: World, worker: Worker) -> None:
    order_id = world.pay(1)
    found = receipts.receipt(world.ctx, order_id)
    assert (found["stage"], found["split"], found["attribution"]) == ("requested", None, None)
    worker.queue.sync(world.ctx.client.now())
    assert receipts.progress_of(world.ctx, order_id)["stage"] == "queued"
    worker.queue.lease(world.ctx.client.now())
    worker.queue.step(order_id, "pin")
    assert receipts.progress_of(world.ctx, order_id)["stage"] == "pin"
