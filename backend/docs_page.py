"""The API's documentation page, from files on this machine: it works without the internet and calls no outside host."""
from __future__ import annotations

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

from backend.config import PROJECT_DIR
from backend.errors import ConfigurationError

SWAGGER_UI = PROJECT_DIR / "node_modules" / "swagger-ui-dist"


def add_docs_page(app: FastAPI) -> None:
    """Serves Swagger UI at /docs and its files under /docs/files."""
    if SWAGGER_UI.is_dir():
        app.mount("/docs/files", StaticFiles(directory=SWAGGER_UI), name="swagger-ui")

    @app.get("/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        if not SWAGGER_UI.is_dir():
            raise ConfigurationError("The documentation page is not installed.", "Run `make install`; /openapi.json is here without it.")
        return get_swagger_ui_html(
            openapi_url="/openapi.json", title=f"{app.title}: API", swagger_js_url="/docs/files/swagger-ui-bundle.js",
            swagger_css_url="/docs/files/swagger-ui.css", swagger_favicon_url="/docs/files/favicon-32x32.png")
