"""Exactly the works that consent at a block: from the tables, checked against the chain: `dataset@1`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from eth_utils.abi import event_abi_to_log_topic
from sqlalchemy import select

from backend.chain.indexer import wait_until_indexed
from backend.chain.logs import logs_between
from backend.errors import InputRefused, MeltingPotError
from backend.storage.cid import cid_of_digest
from backend.training.artifacts import work_file
from backend.works.catalogue import WORK_SCHEMA, described
from backend.works.registration import CONSENT_TRAINING, Record, records_of
from backend.works.tables import ConsentChange, Work
from model.dataset import Dataset, Manifest, WorkRecord, caption_of, load_dataset

if TYPE_CHECKING:
    from backend.context import Context

DATASET_SCHEMA = "meltingpot/dataset@1"
FETCHERS = 8

Progress = Callable[[str, int, int], None]


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
    events: a work that the index misses would be left out of the round. Raises NothingToTrainOn,
    IndexDisagrees.
    """
    head = ctx.client.w3.eth.get_block("latest" if block is None else block)
    wait_until_indexed(ctx.sessions, head["number"])
    rows = _rows_at(ctx, head["number"])
    if not rows:
        raise NothingToTrainOn(f"No work consents to training at block {head['number']}.")
    records = _check_against_chain(ctx, rows, head["number"])
    _check_complete(ctx, head["number"])
    works = _records(ctx, rows, records, progress)
    context = {
        "schema": DATASET_SCHEMA,
        "chain_id": ctx.client.chain_id,
        "registry": ctx.contracts.registry.address,
        "block_number": head["number"],
        "block_hash": "0x" + bytes(head["hash"]).hex(),
    }
    return Manifest(tuple(works), context)


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


def _rows_at(ctx: Context, block: int) -> list[Work]:
    """Works whose last consent up to `block` includes training."""
    consents: dict[str, int] = {}
    with ctx.sessions() as session:
        changes = select(ConsentChange.content_hash, ConsentChange.consent).where(
            ConsentChange.block_number <= block
        )
        for content_hash, consent in session.execute(
            changes.order_by(ConsentChange.block_number, ConsentChange.log_index)
        ):
            consents[content_hash] = consent
        works = session.scalars(select(Work).order_by(Work.content_hash)).all()
    return [work for work in works if consents.get(work.content_hash, 0) & CONSENT_TRAINING]


def _check_against_chain(ctx: Context, rows: Sequence[Work], block: int) -> dict[str, Record]:
    """The registry's records of the rows."""
    records = records_of(ctx, [row.content_hash for row in rows], block)
    for row in rows:
        record = records.get(row.content_hash)
        if record is None or record.artist != row.artist or not record.consent & CONSENT_TRAINING:
            raise IndexDisagrees(
                f"Work {row.content_hash} stands in the index with consent of {row.artist}, "
                f"the registry says {record} at block {block}."
            )
    return records


def _check_complete(ctx: Context, block: int) -> None:
    registry = ctx.contracts.registry
    topic = "0x" + event_abi_to_log_topic(registry.events.WorkRegistered().abi).hex()
    logs = logs_between(ctx.client, [registry.address], ctx.contracts.start_block, block, [topic])
    on_chain = {log["topics"][1] for log in logs}
    with ctx.sessions() as session:
        indexed = set(session.scalars(select(Work.content_hash).where(Work.block_number <= block)))
    if on_chain != indexed:
        raise IndexDisagrees(
            f"{len(on_chain)} works are registered at block {block}, the index has {len(indexed)}; "
            f"{len(on_chain ^ indexed)} differ."
        )


def _records(
    ctx: Context, rows: Sequence[Work], registry: Mapping[str, Record], progress: Progress | None
) -> list[WorkRecord]:
    """Titles and tags come from the metadata documents that the artists registered, not from a cache that
    could differ.
    """

    def read(row: Work) -> WorkRecord:
        cid = cid_of_digest(row.metadata_digest)
        document = ctx.documents.get(cid, WORK_SCHEMA)
        described(row.content_hash, document)
        title, tags = document["title"], tuple(document["tags"])
        return WorkRecord(
            row.content_hash,
            cid_of_digest(row.ipfs_digest),
            cid,
            row.artist,
            title,
            tags,
            caption_of(title, tags),
            document["artist_name"],
            document["licence"],
            document["source"],
            registry[row.content_hash].registered_at,
        )

    records: list[WorkRecord] = []
    with ThreadPoolExecutor(FETCHERS) as pool:
        for record in pool.map(read, rows):
            records.append(record)
            if progress:
                progress("manifest", len(records), len(rows))
    return records
