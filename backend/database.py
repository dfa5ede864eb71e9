"""Engine, sessions and the column types that every domain's tables share.

SQLite by default, PostgreSQL by URL. Both behave alike here: a statement sees what was committed before it
began (read committed), and a writer waits for the writer before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, BigInteger, Engine, MetaData, String, create_engine, event
from sqlalchemy.engine import Dialect, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.types import TypeDecorator

from backend.errors import ConfigurationError

UINT256_DIGITS = 78
BUSY_TIMEOUT_S = 30.0


class Uint256(TypeDecorator[int]):
    """An unsigned 256-bit integer, exact on every database: 78 decimal digits with leading zeros.

    SQLite has no exact number above 2**63 and would turn NUMERIC(78, 0) into a float. The padded text keeps
    order and comparison right in SQL (`<`, `ORDER BY`, `MAX`); sums are made in Python, where integers are
    exact.
    """

    impl = String(UINT256_DIGITS)
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        if not 0 <= value < 2**256:
            raise ValueError(f"{value} is no uint256")
        return str(value).zfill(UINT256_DIGITS)

    def process_result_value(self, value: str | None, dialect: Dialect) -> int | None:
        return None if value is None else int(value)


Address = String(42)  # EIP-55
Bytes32 = String(66)  # 0x and 64 lower-case hex digits
Timestamp = BigInteger  # seconds of the chain's clock


class Base(DeclarativeBase):
    """Base of all tables. `CHAIN_OWNED` in a table's `info` marks those that only the chain's event handlers
    write."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {dict[str, Any]: JSON, list[str]: JSON}


# Rows with this mark are emptied and replayed from the raw events by `rebuild()`; nobody else may write them.
CHAIN_OWNED = {"owner": "chain"}


def chain_owned_tables() -> list[Any]:
    """The tables that the event handlers fill (those whose module has been imported)."""
    return [table for table in Base.metadata.sorted_tables if table.info.get("owner") == "chain"]


def make_engine(url: str, echo: bool = False) -> Engine:
    """An engine for `url`; for SQLite the folder is made, WAL and foreign keys are on. Raises
    ConfigurationError."""
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() != "sqlite":
            return create_engine(parsed, echo=echo, pool_pre_ping=True)
        return _make_sqlite_engine(url, echo)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise ConfigurationError(
            f"The database URL {_shown(url)} cannot be used: {error}.",
            "Set MELTINGPOT_DATABASE_URL to sqlite:///path/to/file.db, or to "
            "postgresql+psycopg://user@host/name with the driver psycopg installed.",
        ) from error


def _shown(url: str) -> str:
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return "given"


def _make_sqlite_engine(url: str, echo: bool) -> Engine:
    name = make_url(url).database
    if name and name != ":memory:":
        Path(name).parent.mkdir(parents=True, exist_ok=True)
    # IMMEDIATE: Python begins a transaction at the first write and takes the write lock there, so a read
    # followed by a write can never fail with "database is locked" for having read an older snapshot.
    engine = create_engine(
        url, echo=echo, connect_args={"timeout": BUSY_TIMEOUT_S, "isolation_level": "IMMEDIATE"}
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return engine


def make_sessions(engine: Engine) -> sessionmaker[Session]:
    """Session factory: `with sessions() as s` to read, `with sessions.begin() as s` to write and commit at
    the end."""
    return sessionmaker(engine, expire_on_commit=False)


@contextmanager
def session_scope(engine: Engine) -> Iterator[Session]:
    """One unit of work: committed at the end, rolled back when anything is raised."""
    with make_sessions(engine).begin() as session:
        yield session
