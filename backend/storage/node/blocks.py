"""Reading of Kubo's block store (flatfs) and of the files and directories in it.

Reads do not go through the library: it would wait for ever for a block that nobody has.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from backend.storage import cid as cids
from backend.storage.cid import Cid
from backend.storage.errors import InvalidCid
from backend.storage.unixfs import DIRECTORY, FILE, HAMT_SHARD, RAW, Node, decode_node


class BlockMissing(LookupError):
    """A block is not in this repository; worded as Kubo does, because clients look for it."""

    def __init__(self, cid: Cid) -> None:
        super().__init__(f"block was not found locally (offline): ipld: could not find {shown(cid)}")


class WrongKind(ValueError):
    """A directory where a file is wanted, or the other way round, or a kind that is not supported."""


@dataclass(frozen=True)
class Entry:
    """One name in a directory; `size` in bytes of content for files, 0 for directories."""

    name: str
    cid: Cid
    total_size: int
    is_directory: bool
    size: int


def shown(cid: Cid) -> str:
    """The way Kubo prints it: `Qm…` for dag-pb."""
    return cid.v0 if cid.codec == cids.DAG_PB else str(cid)


class BlockStore:
    """The folder `blocks` of a Kubo repository. Thread-safe: files in it never change."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _path(self, cid: Cid) -> Path:
        key = base64.b32encode(b"\x12\x20" + cid.digest).decode().rstrip("=")
        return self._folder / key[-3:-1] / f"{key}.data"

    def block(self, cid: Cid) -> bytes:
        """The block's bytes, hashed again on each read. Raises BlockMissing, OSError when the disk damaged
        it."""
        try:
            data = self._path(cid).read_bytes()
        except FileNotFoundError:
            raise BlockMissing(cid) from None
        if hashlib.sha256(data).digest() != cid.digest:
            raise OSError(f"the block {shown(cid)} is damaged on disk")
        return data

    def node(self, cid: Cid) -> Node:
        """The decoded block; a raw block is a file without links."""
        data = self.block(cid)
        return Node(FILE, data, (), len(data)) if cid.codec == cids.RAW else decode_node(data)

    def file(self, cid: Cid) -> Iterator[bytes]:
        """The file's content, one block in memory at a time. Raises WrongKind."""
        node = self.node(cid)
        if node.kind in (DIRECTORY, HAMT_SHARD):
            raise WrongKind("this dag node is a directory")
        if node.kind not in (FILE, RAW):
            raise WrongKind(f"UnixFS type {node.kind} is not supported")
        if node.body:
            yield node.body
        for link in node.links:
            yield from self.file(cids.from_binary(link.cid))

    def entries(self, cid: Cid) -> list[Entry]:
        """The directory's entries in order. Raises WrongKind."""
        node = self.node(cid)
        if node.kind == HAMT_SHARD:
            raise WrongKind("sharded directories are not supported here")
        if node.kind != DIRECTORY:
            raise WrongKind("this dag node is not a directory")
        found = []
        for link in node.links:
            child = cids.from_binary(link.cid)
            inner = self.node(child)
            is_directory = inner.kind in (DIRECTORY, HAMT_SHARD)
            found.append(
                Entry(link.name, child, link.total_size, is_directory, 0 if is_directory else inner.size)
            )
        return found

    def is_directory(self, cid: Cid) -> bool:
        """Whether the root block is a directory."""
        return self.node(cid).kind in (DIRECTORY, HAMT_SHARD)

    def total_size(self, cid: Cid) -> int:
        """Kubo's cumulative size: this block and, by the links' own claims, all below."""
        data = self.block(cid)
        return len(data) + (
            sum(link.total_size for link in decode_node(data).links) if cid.codec == cids.DAG_PB else 0
        )

    def walk(self, root: Cid) -> Iterator[tuple[Cid, bytes]]:
        """Each block below `root` once, depth first. Raises BlockMissing at the first that is absent."""
        seen: set[bytes] = set()
        waiting = [root]
        while waiting:
            cid = waiting.pop()
            if cid.digest in seen:
                continue
            seen.add(cid.digest)
            data = self.block(cid)
            yield cid, data
            if cid.codec == cids.DAG_PB:
                waiting += [cids.from_binary(link.cid) for link in reversed(decode_node(data).links)]

    def resolve(self, path: str) -> Cid:
        """`CID`, `/ipfs/CID` or either with `/name/name` behind → the CID there. Raises BlockMissing,
        LookupError."""
        first, *names = path.strip().removeprefix("/ipfs/").strip("/").split("/")
        try:
            cid = cids.parse(first)
        except InvalidCid as error:
            raise ValueError(f"invalid path {path[:200]!r}: {error.message}") from error
        for name in names:
            links = [link for link in self.node(cid).links if link.name == name and name]
            if not links:
                raise LookupError(f'no link named "{name}" under {shown(cid)}')
            cid = cids.from_binary(links[0].cid)
        return cid

    def statistics(self) -> tuple[int, int]:
        """Number of blocks and their bytes."""
        sizes = [file.stat().st_size for file in self._folder.glob("*/*.data")]
        return len(sizes), sum(sizes)
