"""Works over HTTP: look up, upload, and relay what an artist has signed."""

from __future__ import annotations

import tempfile
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Annotated

from eth_utils import to_checksum_address
from fastapi import APIRouter, File, Form, Path, Query, UploadFile

from backend.api import ContextOf, Problems
from backend.errors import InputRefused, TooLarge
from backend.works import catalogue, registration, schemas
from backend.works.registration import PreparedWork
from backend.works.service import add_file, describe, prepare, require_new

if TYPE_CHECKING:
    from backend.context import Context

router = APIRouter(prefix="/works", tags=["works"])
ContentHash = Annotated[
    str, Path(pattern=r"^0x[0-9a-fA-F]{64}$", description="sha256 of the file", examples=[schemas.DIGEST])
]
Address = Annotated[str, Form(pattern=r"^0x[0-9a-fA-F]{40}$", description="wallet that the work pays to")]
CHUNK_BYTES = 1 << 20


class PreparedElsewhere(InputRefused):
    """The description on IPFS is not about the work that was signed."""

    code, title = "description_refused", "Description refused"
    advice = "Upload the file to /works/files and sign what that returns."


@router.get("", responses=Problems(400, 422))
def list_works(
    ctx: ContextOf,
    artist: Annotated[
        str | None, Query(pattern=r"^0x[0-9a-fA-F]{40}$", description="only this artist's")
    ] = None,
    consent: Annotated[
        bool | None, Query(description="only works with (or without) consent to training")
    ] = None,
    cursor: Annotated[
        str | None, Query(max_length=200, description="`next_cursor` of the page before")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> schemas.WorkPage:
    """Registered works, the newest first."""
    works, following = catalogue.list_works(
        ctx, to_checksum_address(artist) if artist else None, consent, cursor, limit
    )
    return schemas.WorkPage(works=works, next_cursor=following)


@router.get("/counts")
def counts(ctx: ContextOf) -> schemas.WorkCounts:
    """How many works, consenting works and artists there are."""
    return schemas.WorkCounts(**catalogue.counts(ctx))


@router.get("/{content_hash}", responses=Problems(404, 422, 503))
def work(content_hash: ContentHash, ctx: ContextOf) -> schemas.WorkView:
    """One work by the hash of its file."""
    return schemas.WorkView(**catalogue.find_work(ctx, content_hash.lower()))


@router.post("/files", status_code=201, responses=Problems(409, 413, 422, 503))
def upload(
    ctx: ContextOf,
    file: Annotated[UploadFile, File(description="PNG, JPEG, WebP or SVG (rendered to PNG)")],
    artist: Address,
    artist_name: Annotated[str, Form(min_length=1, max_length=200)],
    title: Annotated[str, Form(min_length=1, max_length=300)],
    licence: Annotated[str, Form(min_length=1, max_length=200)],
    tags: Annotated[str, Form(max_length=6400, description="separated by commas")] = "",
    source: Annotated[str, Form(max_length=2000)] = "",
    consent: Annotated[bool, Form(description="consent to training")] = True,
) -> schemas.PreparedFile:
    """Put a file and its description on IPFS and get the message to sign. Nothing is on the chain yet."""
    address = to_checksum_address(artist)
    with tempfile.TemporaryDirectory() as folder:
        path = FilePath(folder) / "upload"
        _receive(file, path, ctx.settings.max_upload_bytes)
        prepared_file = prepare(ctx, path, file.filename or "the upload")
        require_new(ctx, prepared_file.sha256)
        described = describe(prepared_file, artist_name, title, tags.split(","), licence, source, consent)
        prepared = add_file(ctx, described, address, int(consent))
    signing = _to_sign(ctx, address, [prepared])
    unregistered = schemas.UnregisteredWork(
        content_hash=prepared.content_hash,
        cid=prepared.cid,
        metadata_cid=prepared.metadata_cid,
        consent=prepared.consent,
    )
    return schemas.PreparedFile(
        work=unregistered,
        document=dict(prepared.document),
        deadline=signing.deadline,
        typed_data=signing.typed_data,
    )


@router.post("/typed-data", responses=Problems(422, 503))
def typed_data(body: schemas.ToSign, ctx: ContextOf) -> schemas.TypedData:
    """The message to sign for several prepared works at once."""
    artist = to_checksum_address(body.artist)
    return _to_sign(ctx, artist, [_prepared(artist, item) for item in body.works])


@router.post("/registrations", status_code=201, responses=Problems(409, 422, 503))
def register(body: schemas.Registration, ctx: ContextOf) -> schemas.Registered:
    """Relay a registration that the artist has signed; the relayer pays the gas. Returns once it is on the
    chain.
    """
    artist = to_checksum_address(body.artist)
    works = [_prepared(artist, item) for item in body.works]
    documents = [_document(ctx, item) for item in works]
    receipt = registration.relay(ctx, artist, works, body.deadline, bytes.fromhex(body.signature[2:]))
    catalogue.remember_documents(
        ctx,
        [
            (item.content_hash, item.metadata_cid, document)
            for item, document in zip(works, documents, strict=True)
        ],
    )
    return schemas.Registered(
        tx_hash="0x" + bytes(receipt["transactionHash"]).hex(),
        block_number=receipt["blockNumber"],
        content_hashes=[item.content_hash for item in works],
    )


def _receive(file: UploadFile, path: FilePath, max_bytes: int) -> None:
    """Write the upload to `path`. Raises TooLarge as soon as it is."""
    size = 0
    with path.open("wb") as target:
        while chunk := file.file.read(CHUNK_BYTES):
            size += len(chunk)
            if size > max_bytes:
                raise TooLarge(f"The file has more than {max_bytes:,} bytes.", "Upload a smaller file.")
            target.write(chunk)


def _to_sign(ctx: Context, artist: str, works: list[PreparedWork]) -> schemas.TypedData:
    deadline = ctx.client.now() + registration.SIGNATURE_VALID_S
    nonce = registration.nonce_of(ctx, artist)
    return schemas.TypedData(
        deadline=deadline, typed_data=registration.typed_data(ctx, artist, works, nonce, deadline)
    )


def _prepared(artist: str, item: schemas.UnregisteredWork) -> PreparedWork:
    return PreparedWork(item.content_hash.lower(), item.cid, item.metadata_cid, artist, {}, item.consent)


def _document(ctx: Context, work: PreparedWork) -> dict:
    """The relayer pays only for works whose description is on IPFS and about them: what is registered stays
    for ever.
    """
    document = ctx.documents.get(work.metadata_cid, catalogue.WORK_SCHEMA)
    catalogue.described(work.content_hash, document)
    file = document["file"]
    if (document.get("artist"), file.get("cid"), file.get("sha256")) != (
        work.artist,
        work.cid,
        work.content_hash,
    ):
        raise PreparedElsewhere(
            f"The description {work.metadata_cid} is about another work than {work.content_hash}."
        )
    return document
