"""Works as the registry knows them, and the cache of their descriptions."""

from sqlalchemy import JSON, BigInteger, Boolean, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from backend.database import CHAIN_OWNED, Address, Base, Bytes32, Timestamp


class Work(Base):
    """One registered artwork as it stands now; `consent` bit 0 is the consent to training."""

    __tablename__ = "works"
    __table_args__ = ({"info": CHAIN_OWNED},)

    content_hash: Mapped[str] = mapped_column(Bytes32, primary_key=True)
    artist: Mapped[str] = mapped_column(Address, index=True)
    ipfs_digest: Mapped[str] = mapped_column(Bytes32)
    metadata_digest: Mapped[str] = mapped_column(Bytes32)
    consent: Mapped[int] = mapped_column(Integer)
    # By a dispute: no consent counts, none can be given.
    revoked: Mapped[bool] = mapped_column(Boolean)
    # Whose words the metadata is: of a moved work, the old artist's until the new one changes it.
    described_by: Mapped[str] = mapped_column(Address)
    registered_at: Mapped[int] = mapped_column(Timestamp)
    block_number: Mapped[int] = mapped_column(BigInteger, index=True)


class WorkChange(Base):
    """A work after one event about it, its registration included: what it was at any block can be told from
    these."""

    __tablename__ = "work_changes"
    __table_args__ = (
        Index("ix_work_changes_work", "content_hash", "block_number", "log_index"),
        {"info": CHAIN_OWNED},
    )

    block_hash: Mapped[str] = mapped_column(Bytes32, primary_key=True)
    log_index: Mapped[int] = mapped_column(Integer, primary_key=True)
    block_number: Mapped[int] = mapped_column(BigInteger)
    content_hash: Mapped[str] = mapped_column(Bytes32)
    artist: Mapped[str] = mapped_column(Address)
    metadata_digest: Mapped[str] = mapped_column(Bytes32)
    consent: Mapped[int] = mapped_column(Integer)


class Collection(Base):
    """Many works registered by one Merkle root."""

    __tablename__ = "collections"
    __table_args__ = ({"info": CHAIN_OWNED},)

    collection_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    artist: Mapped[str] = mapped_column(Address, index=True)
    root: Mapped[str] = mapped_column(Bytes32)
    count: Mapped[int] = mapped_column(BigInteger)
    metadata_digest: Mapped[str] = mapped_column(Bytes32)
    consent: Mapped[int] = mapped_column(Integer)
    registered_at: Mapped[int] = mapped_column(Timestamp)
    block_number: Mapped[int] = mapped_column(BigInteger)


class WorkDocument(Base):
    """A work's description, copied from its metadata document on IPFS. A cache: it may be deleted and fetched
    again, and counts only while the work names the same document."""

    __tablename__ = "work_documents"

    content_hash: Mapped[str] = mapped_column(Bytes32, primary_key=True)
    metadata_digest: Mapped[str] = mapped_column(Bytes32)
    title: Mapped[str] = mapped_column(String, default="")
    artist_name: Mapped[str] = mapped_column(String, default="", index=True)
    tags: Mapped[list[str]] = mapped_column(JSON, default=list)
    licence: Mapped[str] = mapped_column(String, default="")
    source: Mapped[str] = mapped_column(String, default="")
    width: Mapped[int] = mapped_column(Integer, default=0)
    height: Mapped[int] = mapped_column(Integer, default=0)
    media_type: Mapped[str] = mapped_column(String, default="")
