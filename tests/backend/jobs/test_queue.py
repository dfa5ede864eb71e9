"""Leases: who may work on an order, and what happens when a worker stops, dies, or two want the same.

An order is leased only when it is requested, its prompt is told, its deadline is more than the margin away,
it has attempts left, and nobody's lease runs. Then exactly one worker gets it.
"""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from sqlalchemy import update

from backend.database import Base, make_engine, make_sessions
from backend.generations.orders import prompt_hash_of
from backend.generations.tables import Job, Order, Prompt
from backend.jobs.queue import JobQueue

NOW, MARGIN, LEASE = 1_000_000, 300, 60
MODEL_A, MODEL_B = "0x" + "aa" * 32, "0x" + "bb" * 32


class Clock:
    """Wall-clock seconds that the test moves."""

    def __init__(self) -> None:
        self.time = 5_000.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def sessions(tmp_path: Path):
    engine = make_engine(f"sqlite:///{tmp_path / 'jobs.db'}")
    Base.metadata.create_all(engine)
    return make_sessions(engine)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def queue(sessions, clock):
    return JobQueue(sessions, "one", LEASE, 3, MARGIN, clock)


@pytest.fixture
def other(sessions, clock):
    return JobQueue(sessions, "two", LEASE, 3, MARGIN, clock)


def add(
    sessions,
    number: int,
    prompt: str | None = "a cat",
    model: str = MODEL_A,
    deadline: int = NOW + 5_000,
    quantity: int = 1,
) -> str:
    order_id = "0x" + f"{number:064x}"
    with sessions.begin() as session:
        told = prompt_hash_of(prompt or f"never told {number}")
        session.add(
            Order(
                order_id=order_id,
                buyer="0x" + "11" * 20,
                price=10**6,
                max_price=10**6,
                quantity=quantity,
                prompt_hash=told,
                model_digest=model,
                rules_version=1,
                deadline=deadline,
                salt=number,
                state="requested",
                requested_at=NOW + number,
                block_number=number,
                tx_hash="0x" + "22" * 32,
            )
        )
        if prompt is not None and session.get(Prompt, told) is None:
            session.add(Prompt(prompt_hash=told, prompt=prompt))
    return order_id


def job(sessions, order_id: str) -> Job:
    with sessions() as session:
        return session.get(Job, order_id)


def set_order(sessions, order_id: str, state: str) -> None:
    with sessions.begin() as session:
        session.execute(update(Order).where(Order.order_id == order_id).values(state=state))


def ids(leased) -> list[str]:
    return [order.order_id for order in leased]


def test_an_order_is_one_workers_at_a_time(sessions, queue, other) -> None:
    order_id = add(sessions, 1)
    queue.sync(NOW)
    assert ids(queue.lease(NOW)) == [order_id]
    assert other.lease(NOW) == []
    assert job(sessions, order_id).lease_owner == "one"


def test_the_lease_carries_what_the_work_needs(sessions, queue) -> None:
    add(sessions, 7)
    queue.sync(NOW)
    (leased,) = queue.lease(NOW)
    assert (leased.prompt, leased.price, leased.attempt, leased.order.salt) == ("a cat", 10**6, 1, 7)


def test_many_workers_at_once_get_each_order_once(sessions, clock) -> None:
    wanted = {add(sessions, number) for number in range(1, 13)}
    JobQueue(sessions, "setup", LEASE, 3, MARGIN, clock).sync(NOW)
    taken: list[str] = []
    ready = threading.Barrier(6)

    def work(name: str) -> None:
        mine = JobQueue(sessions, name, LEASE, 3, MARGIN, clock)
        ready.wait()
        while leased := mine.lease(NOW, 2):
            taken.extend(ids(leased))

    threads = [threading.Thread(target=work, args=(f"worker {n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted(wanted)


def test_a_dead_workers_order_goes_to_another_after_the_lease(sessions, queue, other, clock) -> None:
    order_id = add(sessions, 1)
    queue.sync(NOW)
    queue.lease(NOW)
    clock.time += LEASE - 1
    assert other.lease(NOW) == []
    clock.time += 1
    assert ids(other.lease(NOW)) == [order_id]
    assert not queue.step(order_id, "pin"), "the first worker has lost its lease"
    assert queue.heartbeat([order_id]) == set()
    queue.done(order_id)
    assert job(sessions, order_id).state == "running"


def test_a_heartbeat_keeps_the_lease(sessions, queue, other, clock) -> None:
    order_id = add(sessions, 1)
    queue.sync(NOW)
    queue.lease(NOW)
    for _ in range(5):
        clock.time += LEASE - 1
        assert queue.heartbeat([order_id]) == {order_id}
        assert other.lease(NOW) == []


def test_failures_are_retried_with_growing_delay_and_a_cap(sessions, queue, clock) -> None:
    order_id = add(sessions, 1)
    queue.sync(NOW)
    for attempt, delay in ((1, 5), (2, 10)):
        (leased,) = queue.lease(NOW)
        assert leased.attempt == attempt
        queue.failed(order_id, "no memory")
        clock.time += delay - 1
        assert queue.lease(NOW) == []
        clock.time += 1
    queue.lease(NOW)
    queue.failed(order_id, "no memory")
    clock.time += 10_000
    queue.sync(NOW)
    assert queue.lease(NOW) == []
    assert (job(sessions, order_id).state, job(sessions, order_id).error) == ("failed", "no memory")


def test_a_worker_that_dies_each_time_does_not_try_for_ever(sessions, queue, clock) -> None:
    order_id = add(sessions, 1)
    queue.sync(NOW)
    for _ in range(3):
        assert queue.lease(NOW)
        clock.time += LEASE + 1
    queue.sync(NOW)
    assert queue.lease(NOW) == []
    found = job(sessions, order_id)
    assert (found.state, found.error) == ("failed", "the worker ended during each of 3 attempts")


def test_what_cannot_work_is_not_tried_again(sessions, queue, clock) -> None:
    order_id = add(sessions, 1)
    queue.sync(NOW)
    queue.lease(NOW)
    queue.failed(order_id, "unknown model", retry=False)
    clock.time += 10_000
    assert queue.lease(NOW) == []


def test_a_release_costs_no_attempt(sessions, queue, other) -> None:
    order_id = add(sessions, 1)
    queue.sync(NOW)
    queue.lease(NOW)
    queue.release(order_id)
    (leased,) = other.lease(NOW)
    assert leased.attempt == 1


def test_a_prompt_nobody_told_blocks_no_other(sessions, queue) -> None:
    for number in range(1, 60):
        add(sessions, number, prompt=None)
    told = add(sessions, 60)
    queue.sync(NOW)
    assert ids(queue.lease(NOW, 4)) == [told]


def test_nothing_is_begun_within_the_margin(sessions, queue) -> None:
    late, in_time = add(sessions, 1, deadline=NOW + MARGIN - 1), add(sessions, 2, deadline=NOW + MARGIN)
    queue.sync(NOW)
    assert ids(queue.lease(NOW, 4)) == [in_time]
    assert job(sessions, late).state == "expired" and "refunded" in job(sessions, late).error


def test_an_order_whose_prompt_was_never_told_says_so(sessions, queue) -> None:
    order_id = add(sessions, 1, prompt=None)
    queue.sync(NOW)
    assert job(sessions, order_id).state == "queued"
    queue.sync(NOW + 5_000)
    assert job(sessions, order_id).state == "expired" and "prompt" in job(sessions, order_id).error


def test_a_batch_counts_pictures(sessions, queue) -> None:
    """All pictures of a batch are in memory at once."""
    many = add(sessions, 1, quantity=9)
    three, six, five = (add(sessions, n, quantity=q) for n, q in ((2, 3), (3, 6), (4, 5)))
    queue.sync(NOW)
    assert [ids(queue.lease(NOW, 8)) for _ in range(3)] == [[many], [three, five], [six]]


def test_a_batch_holds_one_model_version_the_oldest_first(sessions, queue) -> None:
    first, second, third = add(sessions, 1, model=MODEL_B), add(sessions, 2), add(sessions, 3, model=MODEL_B)
    queue.sync(NOW)
    assert ids(queue.lease(NOW, 4)) == [first, third]
    assert ids(queue.lease(NOW, 4)) == [second]


def test_jobs_follow_the_chain(sessions, queue) -> None:
    fulfilled, refunded = add(sessions, 1), add(sessions, 2)
    queue.sync(NOW)
    set_order(sessions, fulfilled, "fulfilled")
    set_order(sessions, refunded, "refunded")
    queue.sync(NOW)
    assert (job(sessions, fulfilled).state, job(sessions, refunded).state) == ("done", "expired")
    assert queue.lease(NOW, 4) == []


def test_an_emptied_table_loses_nothing(sessions, queue) -> None:
    order_id = add(sessions, 1)
    queue.sync(NOW)
    queue.lease(NOW)
    with sessions.begin() as session:
        session.query(Job).delete()
    queue.sync(NOW)
    assert ids(queue.lease(NOW)) == [order_id]


def test_a_fulfilment_the_chain_forgot_is_noticed_after_a_lease(sessions, queue, clock) -> None:
    order_id = add(sessions, 1)
    queue.sync(NOW)
    queue.lease(NOW)
    queue.done(order_id)
    assert queue.done_but_requested() == [], "the indexer may be a moment behind"
    clock.time += LEASE + 1
    assert queue.done_but_requested() == [order_id]
    queue.requeue(order_id)
    assert ids(queue.lease(NOW)) == [order_id]


def test_an_idle_worker_writes_nothing(sessions, queue) -> None:
    add(sessions, 1)
    queue.sync(NOW)
    with sessions.begin() as writer:
        writer.execute(update(Prompt).values(prompt="a cat"))  # holds SQLite's write lock
        queue.sync(NOW)  # would wait for it, and time out
