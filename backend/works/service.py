"""Works: files onto IPFS, import of a manifest. Only what is known to be new is sent to the chain."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backend.errors import ChainError, Conflict, InputRefused, TransactionNotMined
from backend.works import registration
from backend.works.catalogue import WORK_SCHEMA, remember_documents, remember_missing, title_of
from backend.works.files import PreparedFile, Refused, prepare_file
from backend.works.imports import ImportedWork, RefusedLine, read_manifest
from backend.works.registration import CONSENT_TRAINING, PreparedWork
from backend.works.texts import clean_tags, clean_text

if TYPE_CHECKING:
    from backend.context import Context

UPLOADERS = 8  # parallel IPFS adds: the node answers each within milliseconds, the round trip is what costs

Progress = Callable[[str, int, int], None]
Direct = bool | Callable[[str, int], bool]


@dataclass
class ImportResult:
    """What became of each line. `works` are all works of the manifest that stand on the chain now, new or
    not.
    """

    accepted: int = 0
    already_registered: int = 0
    refused: list[dict[str, Any]] = field(default_factory=list)
    works: list[dict[str, Any]] = field(default_factory=list)
    cids_verified: int = 0
    artists: int = 0

    def refuse(self, line: int, code: str, message: str) -> None:
        self.refused.append({"line": line, "code": code, "message": message})

    def to_json(self) -> dict[str, Any]:
        return {
            "accepted": self.accepted,
            "already_registered": self.already_registered,
            "artists": self.artists,
            "cids_verified": self.cids_verified,
            "refused": self.refused,
            "works": self.works,
        }


@dataclass(frozen=True)
class Line:
    """A good line of a manifest with the wallet that its work pays to."""

    work: ImportedWork
    artist: str

    @property
    def content_hash(self) -> str:
        return self.work.file.sha256


def add_file(ctx: Context, work: ImportedWork, artist: str, consent: int = CONSENT_TRAINING) -> PreparedWork:
    """File and metadata onto IPFS, pinned, both CIDs checked against ones computed here. Nothing on the
    chain yet.
    """
    file = work.file
    cid = ctx.ipfs.add(file.data)
    document = {
        "schema": WORK_SCHEMA,
        "title": work.title,
        "artist_name": work.artist,
        "artist": artist,
        "tags": list(work.tags),
        "licence": work.licence,
        "source": work.source,
        "file": {
            "cid": cid,
            "sha256": file.sha256,
            "media_type": file.media_type,
            "width": file.width,
            "height": file.height,
            "bytes": file.size,
        },
    }
    if file.original is not None:
        document["original"] = dict(file.original)
    return PreparedWork(file.sha256, cid, ctx.documents.put(document), artist, document, consent)


class FileRefused(InputRefused):
    """A file that cannot become a work; `code` says why, as for a line of a manifest."""

    title = "File refused"
    advice = "Give a PNG, JPEG, WebP or SVG file within the limits."

    def __init__(self, refused: Refused, path: Path, name: str) -> None:
        # Where an upload is kept for a moment is nobody's business.
        super().__init__(refused.message.replace(str(path), name))
        self.code, self.status = (
            refused.code,
            413 if refused.code in ("too_large", "too_many_pixels") else 422,
        )


def prepare(ctx: Context, path: Path, name: str | None = None) -> PreparedFile:
    """Check (and for SVG render) one picture within the limits; `name` is what people know it by."""
    try:
        return prepare_file(path, ctx.settings.max_upload_bytes, ctx.settings.max_pixels)
    except Refused as refused:
        raise FileRefused(refused, path, name or str(path)) from refused


class TextRefused(InputRefused):
    """A text that cannot describe a work; `code` says why, as for a line of a manifest."""

    title = "Text refused"
    advice = "The fields and their limits are those of a manifest's line: see `meltingpot import --help`."

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.message)
        self.code = refused.code


def describe(
    file: PreparedFile, artist: str, title: str, tags: Iterable[str], licence: str, source: str, consent: bool
) -> ImportedWork:
    """A single work, described under the same rules as a line of a manifest. Raises TextRefused."""
    try:
        texts = {
            name: clean_text(name, value)
            for name, value in (("artist", artist), ("title", title), ("licence", licence), ("source", source))
        }
        return ImportedWork(line=0, tags=clean_tags(tags), consent=consent, file=file, **texts)
    except Refused as refused:
        raise TextRefused(refused) from refused


class AlreadyRegistered(Conflict):
    """Somebody registered exactly this file."""

    code, title = "exact_copy", "Already registered"
    advice = "A work is registered once, and pays the artist who registered it first."


def require_new(ctx: Context, content_hash: str) -> None:
    """Raises AlreadyRegistered, naming the first registration, when the chain knows this file."""
    record = registration.records_of(ctx, [content_hash]).get(content_hash)
    if record is not None:
        raise AlreadyRegistered(
            f"This file is registered already: {title_of(ctx, content_hash)} by {record.artist}.",
            content_hash=content_hash,
            artist=record.artist,
            registered_at=record.registered_at,
        )


def import_manifest(path: Path, ctx: Context, progress: Progress, direct: Direct = False) -> ImportResult:
    """Register every good line of a manifest; each bad one is refused with its number and the rest goes on.

    `direct`: artists send and pay for themselves; a function of (artist name, number of works) decides for
    each. May be run again at any time: what is on the chain is not registered twice. Raises
    ManifestUnreadable, or what a service that does not answer raises.
    """
    result = ImportResult()
    lines = list(_good_lines(ctx, path, result, progress))
    fresh, known = _split_known(ctx, lines, result)
    prepared = _publish(ctx, fresh, progress)
    result.cids_verified = 2 * len(prepared)
    registered = _register(ctx, fresh, prepared, direct, result, progress)
    remember_missing(ctx, [line.content_hash for line in known])
    result.accepted, result.already_registered = len(registered), len(known)
    done = {work.content_hash for work in registered} | {line.content_hash for line in known}
    stand = [line for line in lines if line.content_hash in done]
    result.works = [
        {
            "line": line.work.line,
            "content_hash": line.content_hash,
            "artist": line.artist,
            "artist_name": line.work.artist,
            "title": line.work.title,
        }
        for line in stand
    ]
    result.artists = len({line.artist for line in stand})
    result.refused.sort(key=lambda refusal: refusal["line"])
    return result


def _good_lines(ctx: Context, path: Path, result: ImportResult, progress: Progress) -> Iterator[Line]:
    settings = ctx.settings
    for read in read_manifest(path, settings.max_upload_bytes, settings.max_pixels, progress):
        if isinstance(read, RefusedLine):
            result.refuse(read.line, read.code, read.message)
        else:
            yield Line(read, ctx.wallets.account(f"artist:{read.artist}").address)


def _split_known(ctx: Context, lines: Sequence[Line], result: ImportResult) -> tuple[list[Line], list[Line]]:
    """(new, registered already by this artist); a copy of somebody else's work is refused by the name it
    has there.
    """
    records = registration.records_of(ctx, [line.content_hash for line in lines])
    fresh, known = [], []
    for line in lines:
        record = records.get(line.content_hash)
        if record is None:
            fresh.append(line)
        elif record.artist == line.artist:
            known.append(line)
        else:
            result.refuse(
                line.work.line,
                "exact_copy",
                f"This file is registered already: {title_of(ctx, line.content_hash)} by {record.artist}.",
            )
    return fresh, known


def _publish(ctx: Context, lines: Sequence[Line], progress: Progress) -> dict[str, PreparedWork]:
    """Content hash → prepared work. All files are on IPFS before the first registration is sent."""
    prepared: dict[str, PreparedWork] = {}
    with ThreadPoolExecutor(UPLOADERS) as pool:
        for work in pool.map(
            lambda line: add_file(ctx, line.work, line.artist, int(line.work.consent)), lines
        ):
            prepared[work.content_hash] = work
            progress("publish", len(prepared), len(lines))
    return prepared


def _register(
    ctx: Context,
    lines: Sequence[Line],
    prepared: Mapping[str, PreparedWork],
    direct: Direct,
    result: ImportResult,
    progress: Progress,
) -> list[PreparedWork]:
    """Batches per artist; one that the chain refuses is reported for each of its lines and the others go
    on.
    """
    by_artist: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        by_artist[line.work.artist].append(line)
    registered: list[PreparedWork] = []
    done = 0
    for name, theirs in by_artist.items():
        own = direct(name, len(theirs)) if callable(direct) else direct
        send = registration.register_direct if own else registration.register_signed
        for batch in registration.batches(theirs):
            works = [prepared[line.content_hash] for line in batch]
            try:
                send(ctx, ctx.wallets.account(f"artist:{name}"), works)
                remember_documents(ctx, [(work.content_hash, work.metadata_cid, work.document) for work in works])
                registered += works
            except TransactionNotMined:
                raise  # the chain stands still: every further batch would wait as long
            except ChainError as error:
                for line in batch:
                    result.refuse(
                        line.work.line,
                        error.code,
                        f"Its batch of {len(batch)} was not registered. {error.message}",
                    )
            done += len(batch)
            progress("register", done, len(lines))
    return registered
