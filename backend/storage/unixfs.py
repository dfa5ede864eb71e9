"""UnixFS files and directories as dag-pb blocks, in the layout of Kubo's `add --cid-version 0`.

Leaves are dag-pb nodes of at most 256 KiB of data; a file of more than one leaf is a balanced tree of at
most 174 links a node; a directory is one node with its entries sorted by name. Computing this layout here is
what lets us check every answer of an IPFS node.

Specifications: https://ipld.io/specs/codecs/dag-pb/spec/ and https://specs.ipfs.tech/unixfs/
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

CHUNK_BYTES = 262_144
LINKS_PER_NODE = 174
# Kubo shards a directory (HAMT) once names and link hashes pass this size; such directories are refused here.
MAX_DIRECTORY_LINK_BYTES = 262_144
# No block of the network is larger (the bitswap limit of Kubo).
MAX_BLOCK_BYTES = 2 * 1024 * 1024

RAW, DIRECTORY, FILE, METADATA, SYMLINK, HAMT_SHARD = range(6)

_MULTIHASH_PREFIX = b"\x12\x20"  # sha2-256, 32 bytes


class MalformedBlock(ValueError):
    """Bytes that are no dag-pb node with UnixFS data."""


@dataclass(frozen=True)
class Link:
    """One link of a dag-pb node: `cid` in binary form, `total_size` in bytes of all blocks below."""

    name: str
    cid: bytes
    total_size: int


@dataclass(frozen=True)
class Node:
    """A decoded block: `kind` is one of the UnixFS types above, `body` the bytes kept in this node itself,
    `size` what the node claims that its whole content measures (bytes)."""

    kind: int
    body: bytes
    links: tuple[Link, ...]
    size: int


@dataclass(frozen=True)
class Root:
    """The root of a file or directory: sha2-256 `digest`, cumulative size of its blocks, size of its
    content."""

    digest: bytes
    total_size: int
    content_size: int = 0


def multihash(digest: bytes) -> bytes:
    """A sha2-256 digest as multihash, which is also the binary CIDv0."""
    return _MULTIHASH_PREFIX + digest


def varint(number: int) -> bytes:
    """Unsigned LEB128, as protobuf writes it."""
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """The number that begins at `at`, and the position behind it. Raises MalformedBlock."""
    number = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise MalformedBlock("a number in the block is cut off or too long")
        byte = data[at]
        number |= (byte & 127) << shift
        shift += 7
        at += 1
        if byte < 128:
            return number, at


def _field(number: int, value: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(value)) + value


def _file_data(body: bytes, size: int, block_sizes: Iterable[int] = ()) -> bytes:
    """UnixFS `Data` of type file: 1 = type, 2 = data, 3 = file size, 4 = size of each linked part."""
    sizes = b"".join(b"\x20" + varint(part) for part in block_sizes)
    return b"\x08\x02" + (_field(2, body) if body else b"") + b"\x18" + varint(size) + sizes


def encode_node(links: Iterable[Link], data: bytes) -> bytes:
    """A dag-pb block; the links come before the data, as the canonical form wants."""
    encoded = (
        _field(2, _field(1, link.cid) + _field(2, link.name.encode()) + b"\x18" + varint(link.total_size))
        for link in links
    )
    return b"".join(encoded) + _field(1, data)


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    at = 0
    while at < len(data):
        key, at = read_varint(data, at)
        if key & 7 == 0:
            value, at = read_varint(data, at)
            yield key >> 3, value
        elif key & 7 == 2:
            length, at = read_varint(data, at)
            if at + length > len(data):
                raise MalformedBlock("a field of the block is longer than the block")
            yield key >> 3, data[at : at + length]
            at += length
        else:
            raise MalformedBlock(f"unexpected wire type {key & 7} in the block")


def _typed(value: object, wanted: type) -> object:
    if not isinstance(value, wanted):
        raise MalformedBlock("a field of the block has the wrong type")
    return value


def _decode_link(data: bytes) -> Link:
    fields = dict(_fields(data))
    try:
        name = _typed(fields.get(2, b""), bytes).decode()
    except UnicodeDecodeError as error:
        raise MalformedBlock("a link has a name that is not UTF-8") from error
    cid = _typed(fields.get(1, b""), bytes)
    if not (
        len(cid) == 34 and cid[:2] == _MULTIHASH_PREFIX or len(cid) == 36 and cid[2:4] == _MULTIHASH_PREFIX
    ):
        raise MalformedBlock("a link does not hold a sha2-256 CID")
    return Link(name, cid, _typed(fields.get(3, 0), int))


def decode_node(block: bytes) -> Node:
    """Read a dag-pb block. Raises MalformedBlock; never trusts lengths found in it."""
    links: list[Link] = []
    data = b""
    for number, value in _fields(block):
        if number == 1:
            data = _typed(value, bytes)
        elif number == 2:
            links.append(_decode_link(_typed(value, bytes)))
    kind, body, size = None, b"", None
    for number, value in _fields(data):
        if number == 1:
            kind = _typed(value, int)
        elif number == 2:
            body = _typed(value, bytes)
        elif number == 3:
            size = _typed(value, int)
    if kind is None:
        raise MalformedBlock("the block holds no UnixFS data")
    return Node(kind, body, tuple(links), len(body) if size is None else size)


def chunks_of(data: bytes) -> Iterator[bytes]:
    """`data` cut into leaves of CHUNK_BYTES."""
    view = memoryview(data)
    for start in range(0, len(data), CHUNK_BYTES):
        yield bytes(view[start : start + CHUNK_BYTES])


def file_root(chunks: Iterable[bytes], sink: Callable[[bytes, bytes], None] | None = None) -> Root:
    """Root of a file given as chunks of exactly CHUNK_BYTES, the last one shorter; memory grows with the
    count only.

    `sink(digest, block)` gets every block, leaves first.
    """

    def store(block: bytes) -> bytes:
        digest = hashlib.sha256(block).digest()
        if sink:
            sink(digest, block)
        return digest

    def leaf(chunk: bytes) -> Root:
        block = _field(1, _file_data(chunk, len(chunk)))
        return Root(store(block), len(block), len(chunk))

    def parent(children: list[Root]) -> Root:
        sizes = [child.content_size for child in children]
        links = [Link("", multihash(child.digest), child.total_size) for child in children]
        block = encode_node(links, _file_data(b"", sum(sizes), sizes))
        return Root(store(block), len(block) + sum(child.total_size for child in children), sum(sizes))

    level = [leaf(chunk) for chunk in chunks] or [leaf(b"")]
    while len(level) > 1:
        level = [parent(level[i : i + LINKS_PER_NODE]) for i in range(0, len(level), LINKS_PER_NODE)]
    return level[0]


def directory_root(entries: dict[str, Root], sink: Callable[[bytes, bytes], None] | None = None) -> Root:
    """Root of a directory of the given names. Raises ValueError when Kubo would shard it."""
    link_bytes = sum(len(name.encode()) + 34 for name in entries)
    if link_bytes > MAX_DIRECTORY_LINK_BYTES:
        raise ValueError(
            f"a directory of {len(entries)} entries is too large for one block "
            f"({link_bytes} of {MAX_DIRECTORY_LINK_BYTES} bytes): divide it into sub-folders"
        )
    names = sorted(entries, key=str.encode)
    links = [Link(name, multihash(entries[name].digest), entries[name].total_size) for name in names]
    block = encode_node(links, b"\x08\x01")
    digest = hashlib.sha256(block).digest()
    if sink:
        sink(digest, block)
    return Root(digest, len(block) + sum(root.total_size for root in entries.values()))
