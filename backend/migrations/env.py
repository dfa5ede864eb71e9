"""Run by Alembic: migrates on the connection that `backend.migrations` gives it."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context

from backend.database import Uint256
from backend.migrations.metadata import metadata


def render(kind: str, item: Any, _autogenerate: Any) -> str | Literal[False]:
    """Revisions stay what they are when our types change: they name the database's types only."""
    return "sa.String(length=78)" if kind == "type" and isinstance(item, Uint256) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_item=render,
    render_as_batch=True,
)
context.run_migrations()
