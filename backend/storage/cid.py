"""Content identifiers, computed here so that no answer of an IPFS node has to be trusted.

The project writes CIDv1 in base32 (`bafybei…`: dag-pb, sha2-256). The 32-byte digest inside is what goes
on-chain, and the older `Qm…` form names the same block.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from backend.storage.errors import InvalidCid
from backend.storage.unixfs import CHUNK_BYTES, Root, chunks_of, directory_root, file_root

DAG_PB, RAW = 0x70, 0x55
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_SHA2_256 = b"\x12\x20"


@dataclass(frozen=True)
class Cid:
    """A parsed CID: `version` 0 or 1, `codec` (0x70 dag-pb, 0x55 raw), 32-byte sha2-256 `digest`."""

    version: int
    codec: int
    digest: bytes

    def __str__(self) -> str:
        """CIDv1 in base32, whatever it was parsed from."""
        binary = b"\x01" + bytes([self.codec]) + _SHA2_256 + self.digest
        return "b" + base64.b32encode(binary).decode().lower().rstrip("=")

    @property
    def v0(self) -> str:
        """The `Qm…` form. Only dag-pb has one."""
        if self.codec != DAG_PB:
            raise InvalidCid(str(self), "only dag-pb blocks have a CIDv0")
        return _base58(_SHA2_256 + self.digest)


def parse(text: str) -> Cid:
    """Read a CIDv0 (`Qm…`) or a CIDv1 in base32 (`b…`), base58btc (`z…`) or base16 (`f…`). Raises
    InvalidCid."""
    if not isinstance(text, str) or not text:
        raise InvalidCid(text, "it is empty")
    if text.startswith("Qm"):
        if len(text) != 46:
            raise InvalidCid(text, f"a CIDv0 has 46 characters, not {len(text)}")
        return from_binary(_unbase58(text, text), text)
    decoders = {"b": _unbase32, "z": _unbase58, "f": _unbase16}
    if text[0] not in decoders:
        raise InvalidCid(text, "it begins neither with 'Qm' nor with one of the bases 'b', 'z', 'f'")
    binary = decoders[text[0]](text[1:], text)
    if binary[:1] == b"\x12":
        raise InvalidCid(text, "a CIDv0 has no base prefix")
    return from_binary(binary, text)


def from_binary(binary: bytes, text: str | None = None) -> Cid:
    """Read the binary form, as links inside blocks carry it. Raises InvalidCid."""
    shown = text or "0x" + binary.hex()
    if len(binary) == 34 and binary[:2] == _SHA2_256:
        return Cid(0, DAG_PB, binary[2:])
    if binary[:1] != b"\x01":
        raise InvalidCid(shown, "it is of an unknown version")
    if len(binary) < 4 or binary[1] not in (DAG_PB, RAW):
        raise InvalidCid(shown, "its codec is neither dag-pb nor raw")
    if binary[2:4] != _SHA2_256:
        raise InvalidCid(shown, "its hash is not sha2-256")
    if len(binary) != 36:
        raise InvalidCid(shown, f"its digest has {len(binary) - 4} bytes, not 32")
    return Cid(1, binary[1], binary[4:])


def cid_of(data: bytes) -> str:
    """The CID of a file with these bytes."""
    return str(Cid(1, DAG_PB, file_root(chunks_of(data)).digest))


def cid_of_stream(pieces: Iterable[bytes]) -> str:
    """The CID of a file that arrives in pieces of any size."""
    return str(Cid(1, DAG_PB, file_root(rechunk(pieces)).digest))


def cid_of_file(path: Path) -> str:
    """The CID of a file on disk, read in chunks."""
    return str(Cid(1, DAG_PB, _root_of(path).digest))


def cid_of_directory(files: Mapping[str, bytes | Path]) -> str:
    """The CID of a directory.

    Keys are relative paths with `/` between names; values are the bytes or a path to read them from. A key
    that ends in `/` is an empty directory. Raises ValueError for a path that leaves the directory, is both a
    file and a directory, or for a directory too large for one block.
    """
    tree: dict = {}
    for path, content in files.items():
        *folders, name = path.removesuffix("/").split("/")
        if any(part in ("", ".", "..") or "\0" in part for part in (*folders, name)):
            raise ValueError(f"{path!r} is not a plain relative path")
        place = tree
        for folder in folders:
            place = place.setdefault(folder, {})
            if not isinstance(place, dict):
                raise ValueError(f"{path!r} lies below a file")
        if path.endswith("/"):
            if not isinstance(place.setdefault(name, {}), dict):
                raise ValueError(f"{path!r} is a file and a directory")
        elif name in place:
            raise ValueError(f"{path!r} is a file and a directory, or stands twice")
        else:
            place[name] = _root_of(content)
    return str(Cid(1, DAG_PB, _close(tree).digest))


def digest_of(cid: str) -> str:
    """The 32-byte digest inside a dag-pb CID, as 0x-hex: what goes on-chain. Raises InvalidCid."""
    parsed = parse(cid)
    if parsed.codec != DAG_PB:
        raise InvalidCid(
            cid, "it names a raw block; on-chain digests are those of dag-pb (add it with --raw-leaves=false)"
        )
    return "0x" + parsed.digest.hex()


def cid_of_digest(digest: str | bytes) -> str:
    """The CID (dag-pb) of an on-chain digest. Raises InvalidCid."""
    try:
        binary = bytes.fromhex(digest.removeprefix("0x")) if isinstance(digest, str) else bytes(digest)
    except ValueError as error:
        raise InvalidCid(str(digest), "a digest is 32 bytes in hex") from error
    if len(binary) != 32:
        raise InvalidCid(str(digest), f"a digest has 32 bytes, not {len(binary)}")
    return str(Cid(1, DAG_PB, binary))


def rechunk(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in chunks of CHUNK_BYTES."""
    rest = bytearray()
    for piece in pieces:
        rest += piece
        while len(rest) >= CHUNK_BYTES:
            yield bytes(rest[:CHUNK_BYTES])
            del rest[:CHUNK_BYTES]
    if rest:
        yield bytes(rest)


def _root_of(content: bytes | Path) -> Root:
    if isinstance(content, Path):
        with content.open("rb") as file:
            return file_root(iter(lambda: file.read(CHUNK_BYTES), b""))
    return file_root(chunks_of(content))


def _close(tree: dict) -> Root:
    """Roots of the tree's leaves → root of the tree."""
    return directory_root({name: _close(e) if isinstance(e, dict) else e for name, e in tree.items()})


def _base58(binary: bytes) -> str:
    number, text = int.from_bytes(binary, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = _BASE58[digit] + text
    return "1" * (len(binary) - len(binary.lstrip(b"\0"))) + text


def _unbase58(digits: str, whole: str) -> bytes:
    if len(digits) > 64:  # a longer one cannot be a sha2-256 CID, and big numbers cost quadratic time
        raise InvalidCid(whole[:80], "it is too long")
    number = 0
    for digit in digits:
        value = _BASE58.find(digit)
        if value < 0:
            raise InvalidCid(whole, f"{digit!r} is no base58 digit")
        number = number * 58 + value
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _unbase32(digits: str, whole: str) -> bytes:
    if digits != digits.lower():
        raise InvalidCid(whole, "base32 with the prefix 'b' is written in lower case")
    try:
        return base64.b32decode(digits.upper() + "=" * (-len(digits) % 8))
    except ValueError as error:
        raise InvalidCid(whole, "it is not base32") from error


def _unbase16(digits: str, whole: str) -> bytes:
    try:
        return bytes.fromhex(digits)
    except ValueError as error:
        raise InvalidCid(whole, "it is not base16") from error
