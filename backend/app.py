"""The HTTP API: every domain's router, one shape of errors, health and metrics.

Served by `python -m uvicorn --factory backend.app:create_app`.
"""

from __future__ import annotations

import importlib
import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.exceptions import HTTPException

from backend.api import PROBLEM_JSON
from backend.config import Settings
from backend.context import Context
from backend.docs_page import add_docs_page
from backend.errors import InputRefused, MeltingPotError
from backend.health import router as health_router
from backend.metrics import RequestMetrics
from backend.metrics import router as metrics_router

log = logging.getLogger("meltingpot.api")
DOMAINS = ("works", "disputes", "training", "stake", "generations", "royalties", "governance")
DESCRIPTION = """An image generator owned by the artists it learned from.

Everything here can be recomputed from the chain and IPFS (`meltingpot verify`). Amounts are decimal strings
in the settlement token's smallest unit; times are the chain's, in seconds. Errors are problem details (RFC
9457) with `what_to_do`. Reads are public; writes carry the signature of the wallet that they are about."""


def create_app(settings: Settings | None = None) -> FastAPI:
    """The app with its own context; nothing is connected before the first request."""
    ctx = Context(settings)
    app = FastAPI(
        title="Melting Pot AI", version="0.1.0", description=DESCRIPTION, docs_url=None, redoc_url=None
    )
    app.state.ctx = ctx
    app.add_middleware(RequestMetrics)
    if ctx.settings.api_cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=ctx.settings.api_cors_origins,
            allow_methods=["GET", "POST"],
            allow_headers=["content-type", "last-event-id"],
        )
    app.include_router(health_router)
    app.include_router(metrics_router)
    for domain in DOMAINS:
        app.include_router(importlib.import_module(f"backend.{domain}.router").router)
    add_docs_page(app)
    _add_error_handlers(app)

    @app.get("/", include_in_schema=False)
    def root() -> RedirectResponse:
        return RedirectResponse("/docs")

    return app


def _add_error_handlers(app: FastAPI) -> None:
    app.add_exception_handler(MeltingPotError, _known)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unknown)


class InvalidRequest(InputRefused):
    """A body, path or query that does not fit the API's schema."""

    code, title = "invalid_request", "Invalid request"
    advice = "Compare the request with /docs."


def _known(request: Request, error: MeltingPotError) -> JSONResponse:
    if error.status >= 500:
        log.warning("%s %s: %s", request.method, request.url.path, error)
    return _problem(error, request)


def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
    wrong = [
        {"where": ".".join(str(part) for part in item["loc"]), "message": item["msg"]}
        for item in error.errors()
    ]
    first = wrong[0] if wrong else {"where": "request", "message": "malformed"}
    return _problem(InvalidRequest(f"{first['where']}: {first['message']}.", errors=wrong), request)


def _http(request: Request, error: HTTPException) -> JSONResponse:
    body = {
        "type": "about:blank",
        "title": str(error.detail),
        "status": error.status_code,
        "detail": str(error.detail),
        "code": f"http_{error.status_code}",
        "what_to_do": "See /docs for what there is.",
        "instance": request.url.path,
    }
    return JSONResponse(body, error.status_code, error.headers, media_type=PROBLEM_JSON)


def _unknown(request: Request, error: Exception) -> JSONResponse:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    hidden = MeltingPotError("Something went wrong here.", "Try again; tell the operator when it stays.")
    return _problem(hidden, request)


def _problem(error: MeltingPotError, request: Request) -> JSONResponse:
    return JSONResponse(error.problem(request.url.path), error.status, media_type=PROBLEM_JSON)
