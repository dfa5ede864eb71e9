"""The indexer's own rows: raw events, block headers and the cursor, and the derived tables made from them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import CursorResult, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from backend.chain import handlers
from backend.chain.events import Event
from backend.chain.tables import ChainBlock, ChainCursor, ChainEvent
from backend.database import chain_owned_tables
from backend.errors import IndexerHalted

CHUNK = 2_000  # events held in memory at once


class CursorMoved(Exception):
    """Another indexer wrote to the same database meanwhile; nothing of ours was written."""


def cursor_of(session: Session) -> ChainCursor | None:
    """How far the tables are complete; None before the first block."""
    return session.get(ChainCursor, 1)


def header_row(header: dict[str, Any]) -> dict[str, Any]:
    """The columns of `chain_blocks` for a raw header."""
    return {
        "block_number": int(header["number"], 16),
        "block_hash": header["hash"].lower(),
        "parent_hash": header["parentHash"].lower(),
        "block_time": int(header["timestamp"], 16),
    }


def start(session: Session, chain_id: int, deployment_hash: str, header: dict[str, Any]) -> None:
    """Empties everything that the chain owns and puts the cursor on the block before the first of
    interest."""
    for table in (ChainEvent, ChainBlock, ChainCursor):
        session.execute(delete(table))
    empty_derived(session)
    row = header_row(header)
    session.execute(insert(ChainBlock).values(**row))
    session.execute(
        insert(ChainCursor).values(
            id=1,
            chain_id=chain_id,
            deployment_hash=deployment_hash,
            block_number=row["block_number"],
            block_hash=row["block_hash"],
        )
    )


def append(
    session: Session, before: str, headers: list[dict[str, Any]], events: list[Event], keep: int
) -> None:
    """Writes events, what they change, and the new cursor (the last header). Raises CursorMoved,
    IndexerHalted.

    before: block hash the cursor must still have. keep: how many blocks' headers stay for finding a fork.
    """
    last = headers[-1]
    _move_cursor(session, before, last["block_number"], last["block_hash"])
    session.execute(insert(ChainBlock), headers)
    session.execute(delete(ChainBlock).where(ChainBlock.block_number < last["block_number"] - keep))
    if events:
        try:
            session.execute(insert(ChainEvent), [event.to_row() for event in events])
        except IntegrityError as error:
            raise IndexerHalted(
                f"The node gave an event of the blocks up to {last['block_number']} twice: {error.orig}.",
                "Set MELTINGPOT_CHAIN_RPC_URL to another node. Nothing was written.",
            ) from error
    apply_all(session, events)


def apply_all(session: Session, events: Iterable[Event]) -> None:
    """Runs the handlers in order; one that fails is named."""
    for event in events:
        try:
            handlers.apply(session, event)
        except OperationalError:  # the database is away: the transaction is tried again
            raise
        except (SQLAlchemyError, LookupError, ArithmeticError, ValueError, TypeError) as error:
            raise _cannot_apply(event, error) from error
    session.flush()


def _cannot_apply(event: Event, error: Exception) -> IndexerHalted:
    return IndexerHalted(
        f"The event {event.contract}.{event.name} (block {event.block_number}, log {event.log_index}) does "
        f"not fit the tables: {type(error).__name__}: {error}.",
        "The ABIs in MELTINGPOT_ABI_DIR may be of other contracts than the deployed ones; else remove the "
        "database: it is rebuilt from the chain.",
    )


def rewind(session: Session, before: str, fork: ChainBlock) -> int:
    """Takes back all events above `fork` and makes the derived tables anew; returns how many were taken
    back."""
    _move_cursor(session, before, fork.block_number, fork.block_hash)
    session.execute(delete(ChainBlock).where(ChainBlock.block_number > fork.block_number))
    removed: CursorResult[Any] = session.execute(  # type: ignore[assignment]
        delete(ChainEvent).where(ChainEvent.block_number > fork.block_number)
    )
    if removed.rowcount:
        rebuild(session)
    return removed.rowcount


def rebuild(session: Session) -> int:
    """Empties the derived tables and replays the raw events into them; returns how many events were
    replayed."""
    empty_derived(session)
    done = 0
    position = (-1, -1)
    while rows := _events_after(session, position):
        apply_all(session, [Event.from_row(row) for row in rows])
        position = (rows[-1].block_number, rows[-1].log_index)
        done += len(rows)
        session.expunge_all()  # one chunk in memory at a time
    return done


def _events_after(session: Session, position: tuple[int, int]) -> list[ChainEvent]:
    number, log_index = position
    later = (ChainEvent.block_number > number) | (
        (ChainEvent.block_number == number) & (ChainEvent.log_index > log_index)
    )
    order = (ChainEvent.block_number, ChainEvent.log_index)
    return list(session.scalars(select(ChainEvent).where(later).order_by(*order).limit(CHUNK)))


def empty_derived(session: Session) -> None:
    """Empties every table that only the event handlers write."""
    session.flush()
    for table in reversed(chain_owned_tables()):
        session.execute(delete(table))
    session.expunge_all()


def _move_cursor(session: Session, before: str, number: int, block_hash: str) -> None:
    moved: CursorResult[Any] = session.execute(  # type: ignore[assignment]
        update(ChainCursor)
        .where(ChainCursor.id == 1, ChainCursor.block_hash == before)
        .values(block_number=number, block_hash=block_hash)
    )
    if moved.rowcount != 1:
        raise CursorMoved


def recent_blocks(session: Session, most: int) -> list[ChainBlock]:
    """Headers below and at the cursor, newest first, not more than `most` blocks down."""
    top = session.scalar(select(func.max(ChainBlock.block_number)))
    if top is None:
        return []
    near = select(ChainBlock).where(ChainBlock.block_number >= top - most)
    return list(session.scalars(near.order_by(ChainBlock.block_number.desc())))
