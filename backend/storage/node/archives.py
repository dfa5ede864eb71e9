"""Content as streams: part of a file, a tar archive (RPC `get`) and a CAR file (RPC `dag/export`)."""

from __future__ import annotations

import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from backend.storage.cid import DAG_PB, Cid
from backend.storage.node.blocks import BlockStore
from backend.storage.unixfs import multihash, varint


def part(pieces: Iterable[bytes], offset: int, length: int | None) -> Iterator[bytes]:
    """`length` bytes (None: all) from `offset` on."""
    for piece in pieces:
        if offset >= len(piece):
            offset -= len(piece)
            continue
        piece, offset = piece[offset:], 0
        if length is not None:
            piece = piece[:length]
            length -= len(piece)
        if piece:
            yield piece
        if length == 0:
            return


def tar(blocks: BlockStore, root: Cid, name: str, scratch: Path) -> IO[bytes]:
    """A tar archive of a file or directory, in an unnamed temporary file under `scratch`, at its
    beginning."""
    out = tempfile.TemporaryFile(dir=scratch)
    with tarfile.open(fileobj=out, mode="w") as archive:

        def put(cid: Cid, path: str) -> None:
            header = tarfile.TarInfo(path)
            if blocks.is_directory(cid):
                header.type, header.mode = tarfile.DIRTYPE, 0o755
                archive.addfile(header)
                for entry in blocks.entries(cid):
                    put(entry.cid, f"{path}/{entry.name}")
                return
            with tempfile.TemporaryFile(dir=scratch) as body:
                for piece in blocks.file(cid):
                    body.write(piece)
                header.size = body.tell()
                body.seek(0)
                archive.addfile(header, body)

        put(root, name)
    out.seek(0)
    return out


def _binary(cid: Cid) -> bytes:
    return multihash(cid.digest) if cid.version == 0 else b"\x01" + bytes([cid.codec]) + multihash(cid.digest)


def car(blocks: BlockStore, root: Cid) -> Iterator[bytes]:
    """A CARv1 with every block below `root` (https://ipld.io/specs/transport/car/carv1/)."""
    root = Cid(0 if root.codec == DAG_PB else 1, root.codec, root.digest)
    name = _binary(root)
    # dag-cbor of {"roots": [link], "version": 1}; a link is tag 42 over a byte string that begins with 0.
    link = b"\xd8\x2a\x58" + bytes([len(name) + 1]) + b"\0" + name
    blocks.block(root)  # a missing root is to be told before anything is sent
    header = b"\xa2eroots\x81" + link + b"gversion\x01"
    yield varint(len(header)) + header
    for cid, data in blocks.walk(root):
        name = _binary(cid)
        yield varint(len(name) + len(data)) + name + data
