"""Exactly the works that consent at a block: from the tables, checked against the chain: `dataset@1`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from backend.chain.events import event_decoders
from backend.chain.indexer import wait_until_indexed
from backend.chain.logs import logs_between
from backend.errors import InputRefused, MeltingPotError
from backend.storage.cid import cid_of_digest
from backend.training.artifacts import work_file
from backend.works import catalogue
from backend.works.catalogue import WORK_SCHEMA, described
from backend.works.registration import CONSENT_TRAINING, Record, records_of
from backend.works.tables import Work, WorkChange
from model.dataset import Dataset, HashMismatch, Manifest, WorkRecord, caption_of, load_dataset
from model.images import ImageRefused, open_image

if TYPE_CHECKING:
    from backend.context import Context

DATASET_SCHEMA = "meltingpot/dataset@1"
FETCHERS = 8
HASH_MISMATCH = "hash_mismatch"
METADATA_EVENTS = ("WorkRegistered", "MetadataChanged")

Progress = Callable[[str, int, int], None]


# Such a work is left out and named, or one of them would end all training.
UNREADABLE = (*catalogue.UNREADABLE, ImageRefused)


@dataclass(frozen=True)
class WorkAtBlock:
    """A work's artist and digests after the last transaction of a block; disputes and artists change them."""

    content_hash: str
    artist: str
    ipfs_digest: str
    metadata_digest: str


class NothingToTrainOn(InputRefused):
    """No registered work consents to training."""

    code, title = "nothing_to_train_on", "No consenting works"
    advice = "Register works with consent first: `meltingpot import MANIFEST.jsonl`."


class IndexDisagrees(MeltingPotError):
    """The database tells another story than the chain."""

    code, title = "index_disagrees", "The index disagrees with the chain"
    advice = "Stop the indexer, remove the database and start the indexer again: it reads the chain anew."


def consenting_works(ctx: Context, block: int | None = None, progress: Progress | None = None) -> Manifest:
    """The manifest of works that consent to training after the last transaction of `block` (default: the
    head).

    Each row is checked against the registry's `recordOf` at that block, and all rows together against its
    events: a work that the index misses would be left out of the round. Works that nobody can read stand in
    the context as `left_out`, with the reason. Raises NothingToTrainOn, IndexDisagrees.
    """
    head = ctx.client.w3.eth.get_block("latest" if block is None else block)
    wait_until_indexed(ctx.sessions, head["number"])
    rows = _rows_at(ctx, head["number"])
    if not rows:
        raise NothingToTrainOn(f"No work consents to training at block {head['number']}.")
    records = _check_against_chain(ctx, rows, head["number"])
    _check_complete(ctx, rows, head["number"])
    works, left_out = _records(ctx, rows, records, progress)
    if not works:
        reasons = ", ".join(sorted({entry["reason"] for entry in left_out}))
        raise NothingToTrainOn(f"None of the {len(rows)} consenting works can be read: {reasons}.")
    context = {
        "schema": DATASET_SCHEMA,
        "chain_id": ctx.client.chain_id,
        "registry": ctx.contracts.registry.address,
        "block_number": head["number"],
        "block_hash": "0x" + bytes(head["hash"]).hex(),
        "left_out": left_out,
    }
    return Manifest(tuple(works), context)


def why_unreadable(
    content_hash: str, document: Callable[[], Mapping[str, Any]], file: Callable[[], bytes]
) -> str | None:
    """Why a registered work cannot be trained on, as an error's code; None when it can.

    `document` and `file` fetch what the work's digests name. Raises what is not the work's fault, such as
    IpfsUnavailable.
    """
    try:
        described(content_hash, document())
        data = file()
        if "0x" + hashlib.sha256(data).hexdigest() != content_hash:
            return HASH_MISMATCH
        open_image(data)
    except HashMismatch:
        return HASH_MISMATCH
    except UNREADABLE as error:
        return error.code
    return None


def publish_dataset(ctx: Context, manifest: Manifest) -> str:
    """CID of the document `dataset@1`."""
    return ctx.documents.put(manifest.to_json())


def read_dataset(ctx: Context, cid: str) -> Manifest:
    """The manifest behind a dataset document, its root recomputed."""
    return Manifest.from_json(ctx.documents.get(cid, DATASET_SCHEMA))


def load_works(ctx: Context, manifest: Manifest, size: int, progress: Progress | None = None) -> Dataset:
    """Every file by CID into the local cache (hash-checked), then as tensors of `size` pixels a side."""
    with ThreadPoolExecutor(FETCHERS) as pool:
        for done, _ in enumerate(pool.map(lambda work: work_file(ctx, work), manifest.works), start=1):
            if progress:
                progress("fetch", done, len(manifest.works))
    return load_dataset(manifest, lambda work: work_file(ctx, work).read_bytes(), size)


def _rows_at(ctx: Context, block: int) -> list[WorkAtBlock]:
    """Works whose last consent up to `block` includes training."""
    latest: dict[str, WorkChange] = {}
    with ctx.sessions() as session:
        changes = select(WorkChange).where(WorkChange.block_number <= block)
        for change in session.scalars(changes.order_by(WorkChange.block_number, WorkChange.log_index)):
            latest[change.content_hash] = change
        files = {key: digest for key, digest in session.execute(select(Work.content_hash, Work.ipfs_digest))}
    return [
        WorkAtBlock(key, change.artist, files[key], change.metadata_digest)
        for key, change in sorted(latest.items())
        if change.consent & CONSENT_TRAINING and key in files
    ]


def _check_against_chain(ctx: Context, rows: Sequence[WorkAtBlock], block: int) -> dict[str, Record]:
    """The registry's records of the rows."""
    records = records_of(ctx, [row.content_hash for row in rows], block)
    for row in rows:
        record = records.get(row.content_hash)
        trainable = record is not None and record.consent & CONSENT_TRAINING and not record.revoked
        if record is None or record.artist != row.artist or not trainable:
            raise IndexDisagrees(
                f"Work {row.content_hash} stands in the index with consent of {row.artist}, "
                f"the registry says {record} at block {block}."
            )
    return records


def _check_complete(ctx: Context, rows: Sequence[WorkAtBlock], block: int) -> None:
    """Every registration is indexed, and every row has the metadata that was named last."""
    registry = ctx.contracts.registry
    decoders = event_decoders(registry.abi)
    topics = [topic for topic, decoder in decoders.items() if decoder.name in METADATA_EVENTS]
    on_chain: dict[str, str] = {}
    for log in logs_between(ctx.client, [registry.address], ctx.contracts.start_block, block, [topics]):
        args = decoders[log["topics"][0]].values(log["topics"], log["data"])
        on_chain[args["contentHash"]] = args["metadataDigest"]
    with ctx.sessions() as session:
        indexed = set(session.scalars(select(Work.content_hash).where(Work.block_number <= block)))
    if on_chain.keys() != indexed:
        raise IndexDisagrees(
            f"{len(on_chain)} works are registered at block {block}, the index has {len(indexed)}; "
            f"{len(on_chain.keys() ^ indexed)} differ."
        )
    stale = [row.content_hash for row in rows if on_chain[row.content_hash] != row.metadata_digest]
    if stale:
        raise IndexDisagrees(f"{len(stale)} works have other metadata at block {block}, {stale[0]} for one.")


def _records(
    ctx: Context, rows: Sequence[WorkAtBlock], registry: Mapping[str, Record], progress: Progress | None
) -> tuple[list[WorkRecord], list[dict[str, str]]]:
    """(the works, those that cannot be read with the reason), both in the order of the rows."""
    records: list[WorkRecord] = []
    left_out: list[dict[str, str]] = []
    with ThreadPoolExecutor(FETCHERS) as pool:
        read = pool.map(lambda row: _read(ctx, row, registry[row.content_hash].registered_at), rows)
        for done, (row, found) in enumerate(zip(rows, read, strict=True), start=1):
            if isinstance(found, WorkRecord):
                records.append(found)
            else:
                left_out.append({"content_hash": row.content_hash, "reason": found})
            if progress:
                progress("manifest", done, len(rows))
    return records, left_out


def _read(ctx: Context, row: WorkAtBlock, registered: int) -> WorkRecord | str:
    """The work, or why it cannot be read. Title and tags come from the metadata document that the artist
    registered, not from a cache that could differ.
    """
    cid, metadata_cid = cid_of_digest(row.ipfs_digest), cid_of_digest(row.metadata_digest)
    work = WorkRecord(row.content_hash, cid, metadata_cid, row.artist, "", registered=registered)
    documents: list[Mapping[str, Any]] = []

    def document() -> Mapping[str, Any]:
        documents.append(ctx.documents.get(metadata_cid, WORK_SCHEMA))
        return documents[-1]

    reason = why_unreadable(row.content_hash, document, lambda: work_file(ctx, work).read_bytes())
    if reason is not None:
        return reason
    title, tags = documents[0]["title"], tuple(documents[0]["tags"])
    return replace(
        work,
        title=title,
        tags=tags,
        caption=caption_of(title, tags),
        artist_name=documents[0]["artist_name"],
        licence=documents[0]["licence"],
        source=documents[0]["source"],
    )
