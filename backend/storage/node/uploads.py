"""Receiving files and directories of an `add` request: multipart body → a folder on disk → Kubo's
importer."""

from __future__ import annotations

import asyncio
import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from aiohttp import BodyPartReader, web

from backend.storage.cid import Cid
from backend.storage.node.blocks import BlockStore, shown
from backend.storage.node.repository import Repository

_TRUE = ("1", "t", "T", "true", "TRUE", "True")
# What this node can do of Kubo's importer settings; anything else would silently give other CIDs.
_LAYOUT = {
    "cid-version": ("0",),
    "raw-leaves": ("false", "False", "0"),
    "chunker": ("size-262144",),
    "hash": ("sha2-256",),
    "trickle": ("false", "False", "0"),
    "nocopy": ("false", "False", "0"),
    "inline": ("false", "False", "0"),
    "only-hash": ("false", "False", "0"),
    "max-file-links": ("174",),
}


def flag(query: Mapping[str, str], name: str, default: bool) -> bool:
    """A boolean of the query string as Go reads it."""
    return query[name] in _TRUE if name in query else default


def check_layout(query: Mapping[str, str]) -> None:
    """Raises ValueError for an importer setting that this node cannot follow."""
    for name, allowed in _LAYOUT.items():
        if name in query and query[name] not in allowed:
            raise ValueError(f"this node imports with {name}={allowed[0]} only, not {query[name]!r}")


@dataclass(frozen=True)
class Added:
    """One line of the answer: `name` as sent, the CID, the cumulative size in bytes."""

    name: str
    cid: Cid
    size: int

    def to_json(self) -> dict[str, str]:
        """Kubo's form."""
        return {"Name": self.name, "Hash": shown(self.cid), "Size": str(self.size)}


async def receive(request: web.Request, folder: Path) -> list[tuple[str, Path]]:
    """Write the parts of the body below `folder`; gives the top entries as (name as sent, path), in order.

    Names become paths only after each segment was checked. Raises ValueError.
    """
    if not request.content_type.startswith("multipart/"):
        raise ValueError("add needs a multipart body with at least one file")
    tops: dict[Path, str] = {}
    reader = await request.multipart()
    number = 0
    while (body := await reader.next()) is not None:
        if not isinstance(body, BodyPartReader):
            raise ValueError("nested multipart bodies are not supported")
        name = urllib.parse.unquote(body.filename or "")
        # Each nameless file lies in a numbered folder of its own, beside a folder for the named ones.
        path = _place(folder / "named", name) if name else folder / str(number)
        number += 1
        top = path if not name else folder / "named" / name.strip("/").split("/")[0]
        tops.setdefault(top, name.strip("/").split("/")[0])
        await _write(body, path)
    if not tops:
        raise ValueError("add needs at least one file")
    return [(name, path) for path, name in tops.items()]


def _place(folder: Path, name: str) -> Path:
    segments = name.strip("/").split("/")
    if any(
        segment in ("", ".", "..") or "\0" in segment or len(segment.encode()) > 255 for segment in segments
    ):
        raise ValueError(f"{name[:200]!r} is no plain relative path")
    return folder.joinpath(*segments)


async def _write(body: BodyPartReader, path: Path) -> None:
    try:
        if body.headers.get("Content-Type", "").startswith("application/x-directory"):
            path.mkdir(parents=True, exist_ok=True)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            while chunk := await body.read_chunk(1 << 20):
                # A small write reaches the page cache faster than a thread could be asked to do it.
                if len(chunk) < 1 << 16:
                    file.write(chunk)
                else:
                    await asyncio.to_thread(file.write, chunk)
    except (FileExistsError, NotADirectoryError) as error:
        raise ValueError(f"the name {path.name!r} comes twice in the upload") from error


def add_all(
    repository: Repository, tops: list[tuple[str, Path]], folder: Path, pin: bool, wrap: bool
) -> list[Added]:
    """Import what `receive` wrote. With `wrap`, all under one new directory, whose own line comes last."""
    blocks, added = repository.blocks, []
    if wrap:
        root = repository.add(folder / "named", pin) if (folder / "named").is_dir() else None
        if root is None or any(not name for name, _ in tops):
            raise ValueError("wrap-with-directory needs file names")
        return list(_lines(blocks, root, ""))
    for name, path in tops:
        root = repository.add(path, pin)
        if path.is_dir():
            added += _lines(blocks, root, name)
        else:
            added.append(Added(name or shown(root), root, blocks.total_size(root)))
    return added


def _lines(blocks: BlockStore, root: Cid, prefix: str) -> Iterator[Added]:
    for entry in blocks.entries(root):
        name = f"{prefix}/{entry.name}" if prefix else entry.name
        if entry.is_directory:
            yield from _lines(blocks, entry.cid, name)
        else:
            yield Added(name, entry.cid, entry.total_size)
    yield Added(prefix, root, blocks.total_size(root))
