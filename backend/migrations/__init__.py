"""The database's schema by revisions (Alembic). The service brings its database to the newest one when it
starts.

`python -m backend.migrations revision -m "what changed"` writes a new revision from the difference between
tables.py files and database; `upgrade` and `downgrade REVISION` run them by hand.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import OperationalError

from backend.errors import ServiceUnavailable

FOLDER = Path(__file__).parent
ADVISORY_LOCK = 0x6D706F74  # any constant of our own: PostgreSQL's lock while one process migrates


def config(connection: Connection | None = None) -> Config:
    """Alembic's configuration; migrations run on `connection`, inside its transaction."""
    alembic = Config()
    alembic.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    alembic.attributes["connection"] = connection
    return alembic


@lru_cache(maxsize=1)
def newest() -> str:
    """The newest revision in the code."""
    head = ScriptDirectory.from_config(config()).get_current_head()
    assert head is not None
    return head


def current(connection: Connection) -> str | None:
    """The revision of a database; None when it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.scalar(text("SELECT version_num FROM alembic_version"))


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Brings the database to `revision`; processes that start together wait for the first. Raises
    ServiceUnavailable."""
    try:
        with engine.connect() as connection:
            if revision == "head" and current(connection) == newest():
                return
        _run(engine, lambda alembic: command.upgrade(alembic, revision))
    except OperationalError as error:
        raise ServiceUnavailable(
            f"The database {engine.url.render_as_string(hide_password=True)} does not open: {error.orig}.",
            "Start it, or set MELTINGPOT_DATABASE_URL to one that runs.",
        ) from error


def downgrade(engine: Engine, revision: str) -> None:
    """Takes the database back to `revision` (`base`: empty)."""
    _run(engine, lambda alembic: command.downgrade(alembic, revision))


def _run(engine: Engine, action) -> None:  # type: ignore[no-untyped-def]
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            # Python's sqlite3 begins no transaction for CREATE TABLE by itself: a killed migration would stay
            # half done.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        elif engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
        action(config(connection))
