"""Reading works: what the index knows, and the descriptions that are cached from IPFS."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, tuple_

from backend.cursors import block_of
from backend.errors import CidMismatch, InputRefused, MeltingPotError, NotFound, TooLarge, UsageError
from backend.storage.cid import cid_of_digest, digest_of
from backend.storage.errors import InvalidDocument, IpfsRefused, NotOnIpfs
from backend.works.tables import Work, WorkDocument

if TYPE_CHECKING:
    from backend.context import Context

WORK_SCHEMA = "meltingpot/work@1"
# A cached description counts for a work only while the work names that document.
DESCRIBES = (WorkDocument.content_hash == Work.content_hash) & (
    WorkDocument.metadata_digest == Work.metadata_digest
)
FIELDS = ("title", "artist_name", "tags", "licence", "source")


class DescriptionDamaged(InputRefused):
    """A description on IPFS without the fields that every work has."""

    code, title = "description_damaged", "Description damaged"
    advice = "The work's artist wrote it by other software and has to withdraw consent for the work."


# A hash can be registered by anybody with any description behind it, or none.
UNREADABLE = (NotOnIpfs, CidMismatch, IpfsRefused, InvalidDocument, DescriptionDamaged, TooLarge)


def remember_documents(ctx: Context, documents: Iterable[tuple[str, str, Mapping[str, Any]]]) -> None:
    """Cache descriptions: (content hash, CID of the document, document). The table is no one's truth: IPFS has
    the documents."""
    with ctx.sessions.begin() as session:
        for content_hash, metadata_cid, document in documents:
            session.merge(described(content_hash, document, digest_of(metadata_cid)))


def remember_missing(ctx: Context, content_hashes: Iterable[str]) -> None:
    """Cache the descriptions of registered works that are not cached: after an import that was killed between two
    batches, or with a new database. What cannot be had now is fetched when it is asked for."""
    wanted = set(content_hashes)
    with ctx.sessions() as session:
        wanted -= set(session.scalars(select(WorkDocument.content_hash).join(Work, DESCRIBES)))
    for content_hash in wanted:
        with suppress(MeltingPotError):
            document_of(ctx, content_hash)


def document_of(ctx: Context, content_hash: str) -> WorkDocument:
    """A work's description, fetched from IPFS when it is not cached. Raises NotFound for an unknown work."""
    with ctx.sessions() as session:
        cached = session.get(WorkDocument, content_hash)
        work = session.get(Work, content_hash)
    if cached is not None and (work is None or cached.metadata_digest == work.metadata_digest):
        return cached
    if work is None:
        raise NotFound(
            f"No work {content_hash} is registered.", "Give the sha256 of the file as 0x and 64 hex digits."
        )
    metadata_cid = cid_of_digest(work.metadata_digest)
    document = ctx.documents.get(metadata_cid, WORK_SCHEMA)
    remember_documents(ctx, [(content_hash, metadata_cid, document)])
    return described(content_hash, document, work.metadata_digest)


def title_of(ctx: Context, content_hash: str) -> str:
    """A work's title in quotation marks, or its hash when no description can be had."""
    try:
        return f"“{document_of(ctx, content_hash).title}”"
    except MeltingPotError:
        return content_hash


def work_json(work: Work, document: WorkDocument | None) -> dict[str, Any]:
    """A work as the API shows it."""
    shown = {
        name: getattr(document, name) if document else None
        for name in (*FIELDS, "width", "height", "media_type")
    }
    return {
        "content_hash": work.content_hash,
        "artist": work.artist,
        "cid": cid_of_digest(work.ipfs_digest),
        "metadata_cid": cid_of_digest(work.metadata_digest),
        "consent": work.consent,
        "revoked": work.revoked,
        "described_by": work.described_by,
        "registered_at": work.registered_at,
        "block_number": work.block_number,
        **shown,
    }


def find_work(ctx: Context, content_hash: str) -> dict[str, Any]:
    """One work with its description; without one when it cannot be read. Raises NotFound."""
    document = None
    with suppress(*UNREADABLE):
        document = document_of(ctx, content_hash)
    with ctx.sessions() as session:
        work = session.get(Work, content_hash)
    if work is None:
        raise NotFound(
            f"Work {content_hash} is not registered (yet).", "Wait for the indexer, or register it."
        )
    return work_json(work, document)


def list_works(
    ctx: Context, artist: str | None, consent: bool | None, cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """(page, cursor of the next page or None), newest first. Raises UsageError for a cursor that is none of
    ours.
    """
    query = select(Work, WorkDocument).outerjoin(WorkDocument, DESCRIBES)
    if artist is not None:
        query = query.where(Work.artist == artist)
    if consent is not None:
        query = query.where((Work.consent.op("&")(1) == 1) if consent else (Work.consent.op("&")(1) == 0))
    if cursor is not None:
        query = query.where(tuple_(Work.block_number, Work.content_hash) < tuple_(*_position(cursor)))
    query = query.order_by(Work.block_number.desc(), Work.content_hash.desc()).limit(limit + 1)
    with ctx.sessions() as session:
        rows = session.execute(query).all()
    following = _cursor(rows[limit - 1][0]) if len(rows) > limit else None
    return [work_json(work, document) for work, document in rows[:limit]], following


def works_of(ctx: Context, artist: str) -> list[str]:
    """Content hashes of all works of an artist that the index knows and no dispute has revoked."""
    own = select(Work.content_hash).where(Work.artist == artist, Work.revoked.is_(False))
    with ctx.sessions() as session:
        return list(session.scalars(own.order_by(Work.content_hash)))


def counts(ctx: Context) -> dict[str, int]:
    """How many works, consenting works and artists the index knows."""
    with ctx.sessions() as session:
        works = session.scalar(select(func.count()).select_from(Work))
        consenting = session.scalar(
            select(func.count()).select_from(Work).where(Work.consent.op("&")(1) == 1)
        )
        artists = session.scalar(select(func.count(Work.artist.distinct())))
    return {"works": works, "consenting": consenting, "artists": artists}


def described(content_hash: str, document: Mapping[str, Any], metadata_digest: str = "") -> WorkDocument:
    """A description as the table holds it. Raises DescriptionDamaged: anybody can register a damaged one."""
    file, tags = document.get("file"), document.get("tags")
    texts = [document.get(name) for name in FIELDS if name != "tags"]
    if not isinstance(file, dict) or not isinstance(tags, list):
        raise DescriptionDamaged(f"The description of {content_hash} has no file or no tags.")
    sizes = [file.get(name) for name in ("width", "height")]
    if not all(_is_text(text) for text in (*texts, *tags, file.get("media_type"))):
        raise DescriptionDamaged(f"The description of {content_hash} has a field that is no text.")
    if not all(type(size) is int and 0 < size < 2**31 for size in sizes):
        raise DescriptionDamaged(f"The description of {content_hash} has no width or height in pixels.")
    return WorkDocument(
        content_hash=content_hash,
        metadata_digest=metadata_digest,
        **{name: document[name] for name in FIELDS},
        width=file["width"],
        height=file["height"],
        media_type=file["media_type"],
    )


def _is_text(value: object) -> bool:
    """Text that UTF-8 and every database can carry: without lone surrogates and NUL."""
    return isinstance(value, str) and not any(sign == "\0" or "\ud800" <= sign <= "\udfff" for sign in value)


def _cursor(work: Work) -> str:
    return base64.urlsafe_b64encode(f"{work.block_number}:{work.content_hash}".encode()).decode()


def _position(cursor: str) -> tuple[int, str]:
    try:
        number, content_hash = base64.urlsafe_b64decode(cursor.encode()).decode().split(":")
    except (ValueError, binascii.Error):
        number, content_hash = "", ""
    block = block_of(number)
    if block is None:
        raise UsageError("The cursor is not one that this API gave out.", "Ask again without a cursor.")
    return block, content_hash
