"""The generation worker: takes paid orders, generates, pins, attributes and fulfils.

`python -m backend.worker`. Any number of workers may run beside each other; a lease makes each order one
worker's at a time, and the contract accepts one fulfilment only. SIGTERM gives back what is not yet sent.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Sequence
from itertools import chain
from types import TracebackType
from typing import TYPE_CHECKING

from sqlalchemy.exc import OperationalError

from backend.chain.batch import call_many
from backend.chain.client import RpcError
from backend.chain.transactions import NotEnoughCoin
from backend.errors import ContractReverted, InputRefused, MeltingPotError, NotFound, ServiceUnavailable
from backend.jobs.queue import JobQueue, LeasedOrder, worker_name
from backend.stopping import stop_on_signals
from backend.storage.errors import NotOnIpfs
from model.settings import SampleSettings

if TYPE_CHECKING:
    from backend.context import Context
    from backend.generations.fulfilment import Fulfilment, Output
    from backend.generations.serving import ServedModel

log = logging.getLogger("meltingpot.worker")
MOST_PICTURES = 8  # in one sampling call
AWAY_PAUSE_S = 2.0
NONE, REQUESTED, FULFILLED = 0, 1, 2  # GenerationMarket.State; a refunded order is NONE again
# Not the order's fault, and over when somebody mends it: waited for, without costing the order an attempt.
AWAY = (ServiceUnavailable, RpcError, NotEnoughCoin)
LIMIT_EXCEEDED = -32005  # EIP-1474
NOT_OPERATOR = "AccessControlUnauthorizedAccount"


class Stopping(Exception):
    """The worker was told to stop between two steps."""


class Heartbeat:
    """Prolongs the leases of `order_ids` from a thread of its own while the block runs."""

    def __init__(self, queue: JobQueue, order_ids: Sequence[str], every_s: float) -> None:
        self.queue, self.order_ids, self.every_s = queue, list(order_ids), every_s
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._ended.wait(self.every_s):
            try:
                self.queue.heartbeat(self.order_ids)
            except Exception:  # a database that is away for a moment must not end the generation
                log.exception("the leases could not be prolonged")


class Worker:
    """One worker process. `stop` ends `run()` after the present step."""

    def __init__(
        self, ctx: Context, stop: threading.Event | None = None, sampling: SampleSettings | None = None
    ) -> None:
        from backend.generations.provenance import credentials_of
        from backend.generations.serving import ModelCache

        settings = ctx.settings
        self.ctx, self.stop, self.sampling = ctx, stop or threading.Event(), sampling or SampleSettings()
        self.queue = JobQueue(
            ctx.sessions,
            worker_name(),
            settings.worker_lease_s,
            settings.worker_max_attempts,
            settings.worker_deadline_margin_s,
        )
        self.models, self.signer = ModelCache(ctx), credentials_of(settings)

    def run(self) -> None:
        """Works until `stop` is set. What is away, or an operator without its role, is waited for."""
        log.info("worker %s waits for orders", self.queue.owner)
        told = ""
        while not self.stop.is_set():
            pause_s = self.ctx.settings.worker_poll_s
            try:
                if self.run_once():
                    pause_s = 0
                told = ""
            except (*AWAY, ContractReverted, OperationalError) as error:
                if str(error) != told:  # once, not twice a second for hours
                    told = str(error)
                    log.warning("%s", error)
                pause_s = max(pause_s, AWAY_PAUSE_S)
            self.stop.wait(pause_s)

    def run_once(self) -> int:
        """Takes and works on one batch of orders; returns how many were fulfilled."""
        now = self.ctx.client.now()
        self.queue.sync(now)
        for order_id in self.queue.done_but_requested():
            if self._states([order_id])[0] == REQUESTED:
                self.queue.requeue(order_id)
        leased = self.queue.lease(now, MOST_PICTURES)
        if not leased:
            return 0
        log.info("took %d order(s): %s", len(leased), ", ".join(order.order_id for order in leased))
        with Heartbeat(
            self.queue, [order.order_id for order in leased], self.ctx.settings.worker_heartbeat_s
        ):
            return self._work(leased)

    # -- the steps of one batch ------------------------------------------------------------------------------

    def _work(self, leased: list[LeasedOrder]) -> int:
        try:
            return self._fulfil(self._prepare(self._still_open(leased)))
        except Stopping:
            self._release(leased, None)
            return 0
        except (*AWAY, ContractReverted) as error:
            self._release(leased, str(error))
            raise

    def _release(self, orders: Sequence[LeasedOrder], error: str | None) -> None:
        for order in orders:
            self.queue.release(order.order_id, error, int(AWAY_PAUSE_S) if error else 0)

    def _prepare(self, leased: list[LeasedOrder]) -> list[tuple[LeasedOrder, Fulfilment]]:
        """Generates in one call; pins and attributes each.

        An order that fails does not take the others with it.
        """
        from backend.generations import fulfilment

        if not leased:
            return []
        try:
            model = self.models.get(leased[0].order.model_digest)
            pictures = fulfilment.generate(model, leased, self.sampling, self._reporter(leased))
        except Stopping:
            raise
        except Exception as error:
            if len(leased) == 1 or isinstance(error, (*AWAY, NotFound)):
                self._failed(leased, error)
                return []
            return [done for order in leased for done in self._prepare([order])]
        ready: list[tuple[LeasedOrder, Fulfilment]] = []
        for order, images in zip(leased, pictures, strict=True):
            found = self._one(model, order, images)
            if found is not None:
                ready.append((order, found))
        return ready

    def _one(self, model: ServedModel, order: LeasedOrder, images: list) -> Fulfilment | None:
        from backend.generations import fulfilment, provenance

        try:
            self._step(order, "pin")
            images, files = provenance.delivered(self.ctx, order, model.cid, images, self.signer)
            output: Output = fulfilment.pin(self.ctx, files)
            self._step(order, "attribute")
            return fulfilment.attribute(self.ctx, model, order, images, output, self.sampling)
        except Stopping:
            raise
        except Exception as error:
            self._failed([order], error)
            return None

    def _fulfil(self, ready: list[tuple[LeasedOrder, Fulfilment]]) -> int:
        """Sends what is still this worker's and still open on the chain; one refused order is sent apart from
        the rest.
        """
        self._check_stop()
        mine = self.queue.heartbeat([order.order_id for order, _ in ready])
        open_now = {
            order.order_id
            for order in self._still_open([order for order, _ in ready if order.order_id in mine])
        }
        ready = [(order, found) for order, found in ready if order.order_id in open_now]
        if not ready:
            return 0
        for order, _ in ready:
            self.queue.step(order.order_id, "fulfil")
        return self._send(ready)

    def _send(self, ready: list[tuple[LeasedOrder, Fulfilment]]) -> int:
        functions = self.ctx.contracts.market.functions
        deliveries, credits = zip(*(found.to_chain() for _, found in ready), strict=True)
        try:
            call = (
                functions.fulfil(deliveries[0], credits[0])
                if len(ready) == 1
                else functions.fulfilMany(deliveries, list(chain.from_iterable(credits)))
            )
            self.ctx.sender("operator").send(call)
        except Exception as error:
            if isinstance(error, ContractReverted) and error.name == NOT_OPERATOR:
                raise  # says nothing about the orders: all of them would fail
            if len(ready) > 1 and isinstance(error, ContractReverted | RpcError):
                return sum(self._send([one]) for one in ready)
            self._failed([order for order, _ in ready], error)
            return 0
        for order, _ in ready:
            self.queue.done(order.order_id)
            log.info("fulfilled %s", order.order_id)
        return len(ready)

    # -- small parts -----------------------------------------------------------------------------------------

    def _states(self, order_ids: Sequence[str]) -> list[int]:
        state_of = self.ctx.contracts.market.functions.stateOf
        return call_many(self.ctx.client, [state_of(bytes.fromhex(order_id[2:])) for order_id in order_ids])

    def _still_open(self, orders: list[LeasedOrder]) -> list[LeasedOrder]:
        """Those that the contract itself calls requested and whose deadline has not passed; the others are
        closed here.
        """
        now, still = self.ctx.client.now(), []
        for order, state in zip(orders, self._states([order.order_id for order in orders]), strict=True):
            if state == FULFILLED:
                self.queue.done(order.order_id)
            elif now > order.order.deadline:
                self.queue.failed(order.order_id, "the order is no longer open on the chain", retry=False)
            elif state != REQUESTED:  # the indexer saw a block that the chain has dropped since
                self.queue.release(order.order_id, "the chain does not know the order", int(AWAY_PAUSE_S))
            else:
                still.append(order)
        return still

    def _reporter(self, leased: Sequence[LeasedOrder]) -> Callable[[int, int], None]:
        told = -1

        def report(done: int, total: int) -> None:
            nonlocal told
            self._check_stop()
            percent = 100 * done // max(total, 1)
            if percent // 10 != told // 10:
                told = percent
                for order in leased:
                    self.queue.step(order.order_id, "generate", percent)

        return report

    def _step(self, order: LeasedOrder, step: str) -> None:
        self._check_stop()
        self.queue.step(order.order_id, step)

    def _check_stop(self) -> None:
        if self.stop.is_set():
            raise Stopping

    def _failed(self, orders: Sequence[LeasedOrder], error: Exception) -> None:
        """A service that is away costs no attempt; an order that can never work is not tried again."""
        hopeless = isinstance(error, InputRefused | NotFound | ContractReverted)
        hopeless = hopeless and not isinstance(error, NotOnIpfs)  # a node may find it in a minute
        # Another refusal of the node may be about this very order, and would come for ever.
        refused = isinstance(error, RpcError) and error.number != LIMIT_EXCEEDED
        if isinstance(error, AWAY) and not refused:
            self._release(orders, str(error))
        else:
            for order in orders:
                self.queue.failed(order.order_id, str(error) or type(error).__name__, retry=not hopeless)
        names = ", ".join(order.order_id for order in orders)
        log.log(
            logging.WARNING if isinstance(error, MeltingPotError) else logging.ERROR,
            "could not work on %s: %s",
            names,
            error,
            exc_info=None if isinstance(error, MeltingPotError) else error,
        )


def main() -> None:
    """Entry point: runs one worker until SIGTERM or SIGINT."""
    from backend.context import Context

    ctx = Context()
    logging.basicConfig(level=ctx.settings.log_level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    stop = threading.Event()
    stop_on_signals(stop)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    try:
        Worker(ctx, stop).run()
    except MeltingPotError as error:  # settings or deployment: waiting would not mend them
        log.error("%s", error)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
