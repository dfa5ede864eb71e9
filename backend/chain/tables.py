"""The raw events, the last block headers and how far the indexer has come."""

from typing import Any

from sqlalchemy import JSON, BigInteger, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from backend.database import Base, Bytes32, Timestamp


class ChainEvent(Base):
    """One event of one of our contracts; `args` by their ABI names, integers as strings, bytes as 0x-hex.

    Keyed by block hash, not number: an event of a block that was reorganised away can never be taken for
    another's.
    """

    __tablename__ = "chain_events"
    __table_args__ = (
        Index("ix_chain_events_order", "block_number", "log_index", unique=True),
        Index("ix_chain_events_name", "contract", "event"),
    )

    block_hash: Mapped[str] = mapped_column(Bytes32, primary_key=True)
    log_index: Mapped[int] = mapped_column(Integer, primary_key=True)
    block_number: Mapped[int] = mapped_column(BigInteger)
    block_time: Mapped[int] = mapped_column(Timestamp)
    tx_hash: Mapped[str] = mapped_column(Bytes32, index=True)
    contract: Mapped[str] = mapped_column(String(64))  # the name in the deployment file
    event: Mapped[str] = mapped_column(String(64))
    args: Mapped[dict[str, Any]] = mapped_column(JSON)


class ChainBlock(Base):
    """The header of a block near the indexer's position: where a reorganisation is looked for."""

    __tablename__ = "chain_blocks"

    block_number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    block_hash: Mapped[str] = mapped_column(Bytes32)
    parent_hash: Mapped[str] = mapped_column(Bytes32)
    block_time: Mapped[int] = mapped_column(Timestamp)


class ChainCursor(Base):
    """The one row that says up to which block the tables are complete, and of which deployment they tell."""

    __tablename__ = "chain_cursor"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)  # always 1
    chain_id: Mapped[int] = mapped_column(BigInteger)
    deployment_hash: Mapped[str] = mapped_column(Bytes32)  # hash of the block the deployment file names
    block_number: Mapped[int] = mapped_column(BigInteger)
    block_hash: Mapped[str] = mapped_column(Bytes32)
