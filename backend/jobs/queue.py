"""Leases over the durable queue: the paid orders on the chain. Table `jobs` only says who works on which
order now.

Nothing here needs to survive: with the table emptied, every order that is still requested is queued again. A
lease is taken by one UPDATE that names what it saw, so of two workers that want the same order exactly one
gets it.
"""

from __future__ import annotations

import os
import secrets
import socket
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from backend.generations.orders import Order
from backend.generations.tables import Job, Prompt
from backend.generations.tables import Order as OrderRow

QUEUED, RUNNING, DONE, FAILED, EXPIRED = "queued", "running", "done", "failed", "expired"
STEPS = ("generate", "pin", "attribute", "fulfil")
RETRY_DELAY_S = 5
MAX_ERROR_CHARS = 2_000
UNTOLD = "nobody told the prompt behind the order's prompt hash: the buyer is refunded after the deadline"


@dataclass(frozen=True)
class LeasedOrder:
    """An order that this worker alone may work on until its lease ends."""

    order_id: str
    order: Order
    price: int
    prompt: str
    attempt: int


def worker_name() -> str:
    """A name that no other worker has, not even this process after a restart."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


class JobQueue:
    """The queue as one worker sees it.

    `clock` is wall-clock seconds; deadlines are compared with chain seconds.
    """

    def __init__(
        self,
        sessions: sessionmaker[Session],
        owner: str,
        lease_s: float,
        max_attempts: int,
        deadline_margin_s: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.sessions, self.owner = sessions, owner
        self.lease_s, self.max_attempts, self.deadline_margin_s = lease_s, max_attempts, deadline_margin_s
        self.clock = clock

    # -- keeping the table in step with the chain ------------------------------------------------------------

    def sync(self, chain_now: int) -> None:
        """Adds a job for each requested order, closes jobs of orders that are over, gives up what cannot be
        done.
        """
        now = int(self.clock())
        with self.sessions() as session:
            known = select(Job.order_id)
            missing = session.scalars(
                select(OrderRow.order_id).where(
                    OrderRow.state == "requested", OrderRow.order_id.not_in(known)
                )
            ).all()
        for order_id in missing:
            self._insert(order_id, now)
        late = select(OrderRow.order_id).where(
            OrderRow.state == "requested", OrderRow.deadline < chain_now + self.deadline_margin_s
        )
        too_late = f"less than {self.deadline_margin_s} s before the deadline: the buyer is refunded after it"
        self._set(_order_is("fulfilled"), DONE, {"error": None}, now)
        self._set(_order_is("refunded"), EXPIRED, {"error": "refunded to the buyer"}, now)
        untold = late.where(OrderRow.prompt_hash.not_in(select(Prompt.prompt_hash)))
        self._set(and_(_free(now), Job.order_id.in_(untold)), EXPIRED, {"error": UNTOLD}, now)
        self._set(and_(_free(now), Job.order_id.in_(late)), EXPIRED, {"error": too_late}, now)
        died = func.coalesce(Job.error, f"the worker ended during each of {self.max_attempts} attempts")
        self._set(and_(_free(now), Job.attempts >= self.max_attempts), FAILED, {"error": died}, now)

    def _insert(self, order_id: str, now: int) -> None:
        try:
            with self.sessions.begin() as session:
                session.add(Job(order_id=order_id, state=QUEUED, attempts=0, progress=0, updated_at=now))
        except IntegrityError:
            pass  # another worker was first

    def _set(self, condition: ColumnElement[bool], state: str, values: dict[str, object], now: int) -> None:
        """Moves the jobs that fit to `state`.

        Reads first: an idle worker must not take the database's write lock.
        """
        with self.sessions() as session:
            found = list(session.scalars(select(Job.order_id).where(condition, Job.state != state)))
        if not found:
            return
        with self.sessions.begin() as session:
            session.execute(
                update(Job)
                .where(Job.order_id.in_(found), condition, Job.state != state)
                .values(state=state, lease_owner=None, lease_until=None, updated_at=now, **values)
            )

    def done_but_requested(self) -> list[str]:
        """Orders whose job ended a lease ago while the indexer still says requested: the chain may have
        dropped the block.
        """
        with self.sessions() as session:
            return list(
                session.scalars(
                    select(Job.order_id)
                    .join(OrderRow, OrderRow.order_id == Job.order_id)
                    .where(
                        Job.state == DONE,
                        OrderRow.state == "requested",
                        Job.updated_at < self.clock() - self.lease_s,
                    )
                )
            )

    def requeue(self, order_id: str) -> None:
        """Queues an order whose fulfilment the chain no longer knows."""
        with self.sessions.begin() as session:
            session.execute(
                update(Job)
                .where(Job.order_id == order_id, Job.state == DONE)
                .values(state=QUEUED, attempts=0, error=None, updated_at=int(self.clock()))
            )

    # -- leases ----------------------------------------------------------------------------------------------

    def lease(self, chain_now: int, most: int = 1) -> list[LeasedOrder]:
        """Orders of one model version with up to `most` pictures together (or one order with more), the
        oldest first, all leased to this worker; [] when none is free.

        Orders whose prompt nobody has told are passed over, so they block no other.
        """
        leased: list[LeasedOrder] = []
        pictures = 0
        for row, prompt, attempts in self._candidates(chain_now, most):
            if pictures >= most:
                break
            if leased and (
                row.model_digest != leased[0].order.model_digest or pictures + row.quantity > most
            ):
                continue
            if self._take(row.order_id, attempts):
                pictures += row.quantity
                leased.append(
                    LeasedOrder(row.order_id, Order.from_row(row), int(row.price), prompt, attempts + 1)
                )
        return leased

    def _candidates(self, chain_now: int, most: int) -> list[tuple[OrderRow, str, int]]:
        now = int(self.clock())
        query = (
            select(OrderRow, Prompt.prompt, Job.attempts)
            .join(Job, Job.order_id == OrderRow.order_id)
            .join(Prompt, Prompt.prompt_hash == OrderRow.prompt_hash)
            .where(
                OrderRow.state == "requested",
                OrderRow.delivered == 0,  # who delivers in parts does not stop half-way for us
                _free(now),
                Job.attempts < self.max_attempts,
                OrderRow.deadline >= chain_now + self.deadline_margin_s,
            )
            .order_by(OrderRow.requested_at, OrderRow.order_id)
            .limit(4 * most + 16)
        )
        with self.sessions() as session:
            return [tuple(row) for row in session.execute(query)]

    def _take(self, order_id: str, attempts: int) -> bool:
        now = int(self.clock())
        with self.sessions.begin() as session:
            result = session.execute(
                update(Job)
                .where(Job.order_id == order_id, Job.attempts == attempts, _free(now))
                .values(
                    state=RUNNING,
                    attempts=attempts + 1,
                    lease_owner=self.owner,
                    lease_until=now + int(self.lease_s),
                    step=STEPS[0],
                    progress=0,
                    error=None,
                    updated_at=now,
                )
            )
            return result.rowcount == 1

    def heartbeat(self, order_ids: Iterable[str]) -> set[str]:
        """Prolongs the leases that are still this worker's and returns their orders; the others belong to
        somebody else.
        """
        return {
            order_id
            for order_id in order_ids
            if self._update(order_id, lease_until=int(self.clock()) + int(self.lease_s))
        }

    def step(self, order_id: str, step: str, progress: int = 0) -> bool:
        """Notes how far the work is; False when the lease is lost."""
        return self._update(
            order_id, step=step, progress=min(100, max(0, progress)), updated_at=int(self.clock())
        )

    def done(self, order_id: str) -> None:
        """The order is fulfilled on the chain."""
        self._update(
            order_id,
            state=DONE,
            step=STEPS[-1],
            progress=100,
            error=None,
            lease_owner=None,
            lease_until=None,
            updated_at=int(self.clock()),
        )

    def failed(self, order_id: str, error: str, retry: bool = True) -> None:
        """Notes the error and, with `retry`, lets the order be tried again after a delay that doubles."""
        now = int(self.clock())
        with self.sessions() as session:
            attempts = session.scalar(select(Job.attempts).where(Job.order_id == order_id)) or 1
        again = retry and attempts < self.max_attempts
        self._update(
            order_id,
            state=QUEUED if again else FAILED,
            error=error[:MAX_ERROR_CHARS],
            lease_owner=None,
            lease_until=now + RETRY_DELAY_S * 2 ** (attempts - 1) if again else None,
            updated_at=now,
        )

    def release(self, order_id: str, error: str | None = None, delay_s: int = 0) -> None:
        """Gives the order back untried: a worker that stops, or a service that is away, costs the order no
        attempt.
        """
        now = int(self.clock())
        with self.sessions.begin() as session:
            session.execute(
                update(Job)
                .where(Job.order_id == order_id, Job.lease_owner == self.owner)
                .values(
                    state=QUEUED,
                    attempts=Job.attempts - 1,
                    error=error and error[:MAX_ERROR_CHARS],
                    lease_owner=None,
                    lease_until=now + delay_s if delay_s else None,
                    updated_at=now,
                )
            )

    def _update(self, order_id: str, **values: object) -> bool:
        now = int(self.clock())
        with self.sessions.begin() as session:
            result = session.execute(
                update(Job)
                .where(
                    Job.order_id == order_id,
                    Job.lease_owner == self.owner,
                    Job.state == RUNNING,
                    Job.lease_until > now,
                )
                .values(**values)
            )
            return result.rowcount == 1


def _order_is(state: str) -> ColumnElement[bool]:
    return Job.order_id.in_(select(OrderRow.order_id).where(OrderRow.state == state))


def _free(now: int) -> ColumnElement[bool]:
    """Queued and not waiting for its next try, or running under a lease that has ended."""
    return or_(
        and_(Job.state == QUEUED, or_(Job.lease_until.is_(None), Job.lease_until <= now)),
        and_(Job.state == RUNNING, Job.lease_until <= now),
    )
