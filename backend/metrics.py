"""`/metrics` for Prometheus: requests as they come, orders and money as the tables have them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from sqlalchemy import func, select

from backend.api import ContextOf
from backend.chain.tables import ChainCursor
from backend.generations.tables import Job, Order
from backend.jobs.queue import DONE, EXPIRED, FAILED, QUEUED, RUNNING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from backend.context import Context

router = APIRouter(tags=["service"])
ORDER_STATES = ("requested", "fulfilled", "refunded")
JOB_STATES = (QUEUED, RUNNING, DONE, FAILED, EXPIRED)
REGISTRY = CollectorRegistry()
REQUESTS = Counter(
    "meltingpot_http_requests_total", "Requests answered.", ["method", "route", "status"], registry=REGISTRY
)
SECONDS = Histogram(
    "meltingpot_http_request_seconds",
    "Time to the end of the answer.",
    ["method", "route"],
    registry=REGISTRY,
)


class RequestMetrics:
    """ASGI middleware: counts by route template, never by path, so that ids make no new series."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun, status = time.perf_counter(), 500

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, watch)
        finally:
            route = getattr(scope.get("route"), "path", "unmatched")
            REQUESTS.labels(scope["method"], route, str(status)).inc()
            SECONDS.labels(scope["method"], route).observe(time.perf_counter() - begun)


class _Tables:
    """Gauges read from the tables at the time of scraping."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx

    def collect(self) -> Iterator[GaugeMetricFamily]:
        with self.ctx.sessions() as session:
            for name, help_text, column, states in (
                ("meltingpot_orders", "Orders by state.", Order.state, ORDER_STATES),
                ("meltingpot_jobs", "Jobs by state.", Job.state, JOB_STATES),
            ):
                gauge = GaugeMetricFamily(name, help_text, labels=["state"])
                counts = {
                    row[0]: row[1] for row in session.execute(select(column, func.count()).group_by(column))
                }
                for state in states:
                    gauge.add_metric([state], counts.get(state, 0))
                yield gauge
            indexed = session.scalar(select(ChainCursor.block_number))
        yield GaugeMetricFamily(
            "meltingpot_indexed_block", "Block up to which the tables are complete.", value=indexed or 0
        )


@router.get("/metrics", response_class=PlainTextResponse)
def metrics(ctx: ContextOf) -> PlainTextResponse:
    """Metrics in Prometheus' text format."""
    tables = CollectorRegistry()
    tables.register(_Tables(ctx))
    return PlainTextResponse(
        generate_latest(REGISTRY) + generate_latest(tables), media_type=CONTENT_TYPE_LATEST
    )
