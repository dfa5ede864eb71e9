"""Reading a MANIFEST.jsonl: one JSON object a line, each with an answer of its own.

Fields: `file` (path, relative to the manifest), `artist`, `title`, `tags` (list of texts), `licence`,
`source`; optional `consent` (default true). A bad line is refused with a code and a sentence; the rest goes
on. Nothing here touches IPFS or the chain.
"""

from __future__ import annotations

import json
import os
import stat
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backend.errors import InputRefused
from backend.works.files import PreparedFile, Refused, prepare_file
from backend.works.texts import LIMITS, clean_tags, clean_text

MAX_FILE_BYTES = 20_000_000
MAX_PIXELS = 40_000_000
MAX_LINE_BYTES = 65_536
_AHEAD = 8  # lines read before they are asked for: bounds the memory
_FIELDS = (*LIMITS, "tags", "consent")

Progress = Callable[[str, int, int], None]


class ManifestUnreadable(InputRefused):
    """The manifest as a whole cannot be read."""

    code, title = "manifest_unreadable", "Manifest unreadable"
    advice = "Give the path of a text file with one JSON object a line."


@dataclass(frozen=True)
class RefusedLine:
    """Why a line does not become a work: `code` is stable for programs, `message` is a sentence for
    people."""

    line: int
    code: str
    message: str


@dataclass(frozen=True)
class ImportedWork:
    """A good line of the manifest. Texts are stripped and in Unicode's composed form (NFC)."""

    line: int
    artist: str
    title: str
    tags: tuple[str, ...]
    licence: str
    source: str
    consent: bool
    file: PreparedFile

    @property
    def data(self) -> bytes:
        """The picture's bytes, see PreparedFile."""
        return self.file.data

    @property
    def media_type(self) -> str:
        """Of the picture that is pinned: image/png, image/jpeg or image/webp."""
        return self.file.media_type

    @property
    def width(self) -> int:
        """Pixels, as the picture is seen (turned as its EXIF data say)."""
        return self.file.width

    @property
    def height(self) -> int:
        """Pixels, as the picture is seen."""
        return self.file.height

    @property
    def original(self) -> Mapping[str, str] | None:
        """`sha256` and `media_type` of the SVG that the picture was rendered from."""
        return self.file.original


def read_manifest(
    path: Path,
    max_bytes: int = MAX_FILE_BYTES,
    max_pixels: int = MAX_PIXELS,
    progress: Progress | None = None,
) -> Iterator[ImportedWork | RefusedLine]:
    """Each line that is not blank, in order, as work or as refusal.

    `max_bytes` and `max_pixels` limit each picture. `progress("read", lines done, lines in all)`. An exact
    copy of an earlier line's picture is refused and names that line. Raises ManifestUnreadable.
    """
    path = Path(path)
    lines = manifest_lines(path)
    first_lines: dict[str, int] = {}
    for number, read in _in_order(_Reader(path.parent, max_bytes, max_pixels), lines):
        if isinstance(read, ImportedWork):
            first = first_lines.setdefault(read.file.sha256, number)
            if first != number:
                message = f"{read.file.path} is an exact copy of the picture in line {first}."
                read = RefusedLine(number, "exact_copy", message)
        if read is not None:
            yield read
        if progress:
            progress("read", number, len(lines))


def _in_order(read: _Reader, lines: list[bytes]) -> Iterator[tuple[int, ImportedWork | RefusedLine | None]]:
    """Lines read by several threads (rendering and decoding leave Python), a few ahead of the consumer."""
    waiting: deque[tuple[int, Future]] = deque()
    pool = ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="read-manifest")
    try:
        for number, raw in enumerate(lines, 1):
            waiting.append((number, pool.submit(read, number, raw)))
            if len(waiting) > _AHEAD:
                first, future = waiting.popleft()
                yield first, future.result()
        while waiting:
            first, future = waiting.popleft()
            yield first, future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def manifest_lines(path: Path) -> list[bytes]:
    """The lines of a manifest as they stand in the file, blank ones too. Raises ManifestUnreadable."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ManifestUnreadable(f"{path} is not a file.")
        text = path.read_bytes()
    except FileNotFoundError as error:
        raise ManifestUnreadable(f"There is no file {path}.") from error
    except OSError as error:
        raise ManifestUnreadable(f"{path} cannot be read: {error.strerror}.") from error
    if text.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ManifestUnreadable(f"{path} is UTF-16 text.", "Save it as UTF-8.")
    return text.removeprefix(b"\xef\xbb\xbf").splitlines()


class _Reader:
    """Line number and bytes → work, refusal, or None for a blank line."""

    def __init__(self, folder: Path, max_bytes: int, max_pixels: int) -> None:
        self._folder, self._max_bytes, self._max_pixels = folder, max_bytes, max_pixels

    def __call__(self, number: int, raw: bytes) -> ImportedWork | RefusedLine | None:
        if not raw.strip():
            return None
        try:
            return self._work(number, raw)
        except Refused as refusal:
            return RefusedLine(number, refusal.code, refusal.message)

    def _work(self, number: int, raw: bytes) -> ImportedWork:
        entry = _parse(raw)
        texts = {name: _text(entry, name) for name in LIMITS}
        tags = _tags(entry)
        consent = entry.get("consent", True)
        if not isinstance(consent, bool):
            raise Refused("wrong_type", f"The field “consent” must be true or false: it is {_kind(consent)}.")
        # Without `..` and links, so that a refusal names the file as a person would look for it.
        file = Path(os.path.realpath(self._folder / texts.pop("file")))
        prepared = prepare_file(file, self._max_bytes, self._max_pixels)
        return ImportedWork(line=number, tags=tags, consent=consent, file=prepared, **texts)


def _parse(raw: bytes) -> dict[str, Any]:
    if len(raw) > MAX_LINE_BYTES:
        raise Refused(
            "line_too_long", f"The line has {len(raw):,} bytes; at most {MAX_LINE_BYTES:,} are accepted."
        )
    try:
        pairs = json.loads(raw.decode(), object_pairs_hook=lambda found: found)
    except UnicodeDecodeError as error:
        raise Refused("not_json", f"The line is not UTF-8 text (byte {error.start + 1}).") from error
    except (ValueError, RecursionError) as error:
        raise Refused("not_json", f"The line is not JSON: {error}.") from error
    # An object arrives as its list of pairs, which may also be what an array or a nested value looks like.
    if not raw.lstrip().startswith(b"{"):
        raise Refused("not_an_object", f"The line holds {_kind(pairs)}, not a JSON object.")
    entry = dict(pairs)
    if len(entry) != len(pairs):
        twice = next(name for name, _ in pairs if [key for key, _ in pairs].count(name) > 1)
        raise Refused("repeated_field", f"The field “{twice}” stands twice in the line.")
    unknown = [name for name in entry if name not in _FIELDS]
    if unknown:
        raise Refused(
            "unknown_field", f"The field “{unknown[0][:80]}” is unknown; known are {', '.join(_FIELDS)}."
        )
    missing = [name for name in _FIELDS if name not in entry and name != "consent"]
    if missing:
        raise Refused("missing_field", f"The field “{missing[0]}” is missing.")
    return entry


def _text(entry: Mapping[str, Any], name: str) -> str:
    value = entry[name]
    if not isinstance(value, str):
        raise Refused("wrong_type", f"The field “{name}” must be text, not {_kind(value)}.")
    return clean_text(name, value)


def _tags(entry: Mapping[str, Any]) -> tuple[str, ...]:
    value = entry["tags"]
    if not isinstance(value, list) or not all(isinstance(tag, str) for tag in value):
        raise Refused("wrong_type", "The field “tags” must be a list of texts.")
    return clean_tags(value)


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")
