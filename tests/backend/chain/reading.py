"""What the indexer's tests do to the chain, and how they look into the tables."""

from __future__ import annotations

import time
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


def send_unlocked(context: Context, sender: str, call: Any) -> dict[str, Any]:
    """Sends a call by a key that the node holds, and waits for its block: anvil answers with the hash before
    it has mined. Returns the raw receipt."""
    rpc = context.client.rpc
    tx_hash = rpc(
        "eth_sendTransaction", {"from": sender, "to": call.address, "data": call._encode_transaction_data()}
    )
    give_up = time.monotonic() + 30
    while (receipt := rpc("eth_getTransactionReceipt", tx_hash)) is None:
        assert time.monotonic() < give_up, f"{tx_hash} was not mined"
        time.sleep(0.01)
    assert int(receipt["status"], 16) == 1, f"{call.fn_name} reverted"
    return receipt


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
