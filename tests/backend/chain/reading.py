"""What the indexer's tests do to the chain, and how they look into the tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from eth_utils import keccak
from sqlalchemy import Engine, func, select

from backend.chain import ledger
from backend.chain.indexer import Indexer
from backend.chain.tables import ChainCursor
from backend.context import Context
from backend.database import chain_owned_tables
from backend.works.tables import Work
from tests.backend.chain.conftest import Deployed


def content_hash(name: str) -> bytes:
    return keccak(text=f"indexer {name}")


def register(context: Context, name: str) -> str:
    """Registers a work on the chain; returns its hash as the tables have it."""
    work = (content_hash(name), b"\x01" * 32, b"\x02" * 32, 1)
    context.sender("artist:Ada").send(context.contracts.registry.functions.register([work]))
    return "0x" + work[0].hex()


def known(context: Context, work: str) -> bool:
    with context.sessions() as session:
        return session.get(Work, work) is not None


def count(context: Context, table: Any) -> int:
    with context.sessions() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def cursor(context: Context) -> ChainCursor:
    with context.sessions() as session:
        found = ledger.cursor_of(session)
        assert found is not None
        return found


def indexer_of(context: Context) -> Indexer:
    return Indexer(context.client, context.contracts, context.sessions)


def other_context(deployed: Deployed, folder: Path, **changes: object) -> Context:
    folder.mkdir(exist_ok=True)
    return Context(deployed.settings(folder, **changes))


def rows_of(engine: Engine) -> dict[str, list[Any]]:
    """All rows of all tables that the chain owns, sorted, for comparison."""
    with engine.connect() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(select(table)))) for table in chain_owned_tables()
        }
