"""Directories between disk and IPFS: listing one to add it, and a verified download."""

from __future__ import annotations

import io
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from backend.storage import cid as cids
from backend.storage.cid import Cid
from backend.storage.errors import CidMismatch, TooLarge, UnreadableDirectory
from backend.storage.unixfs import DIRECTORY, FILE, RAW, MalformedBlock, Node, decode_node

MAX_DIRECTORY_ENTRIES = 100_000
# A chain of nested directories must end before Python's stack does.
MAX_DEPTH = 64


def files_of(folder: Path) -> dict[str, Path]:
    """Relative path → file; `path/` for an empty directory. Raises UnreadableDirectory."""
    if not folder.is_dir():
        raise UnreadableDirectory(f"{folder} is not a directory.")
    files: dict[str, Path] = {}
    for place, folders, names in os.walk(folder):
        for name in (*folders, *names):
            path = Path(place, name)
            if path.is_symlink() or not (path.is_file() or path.is_dir()):
                raise UnreadableDirectory(f"{path} is a symbolic link or a special file, which is not added.")
            if path.is_file():
                files[path.relative_to(folder).as_posix()] = path
        if not folders and not names and Path(place) != folder:
            files[Path(place).relative_to(folder).as_posix() + "/"] = Path(place)
    return files


@contextmanager
def appearing(target: Path) -> Iterator[Path]:
    """A new folder to write into, which becomes `target` at the end and vanishes on any error.

    Raises UnreadableDirectory when something lies at `target` already.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise UnreadableDirectory(
            f"{target} exists already and is not an empty directory.",
            "Choose a new place or remove what lies there.",
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        yield draft
        draft.chmod(0o755)
        os.replace(draft, target)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


class Download:
    """One verified walk over a directory, with what is left of its limits."""

    def __init__(
        self, block: Callable[[Cid], bytes], pieces: Callable[[Cid, int], Iterator[bytes]], max_bytes: int
    ) -> None:
        """`block(cid)` gives a verified block; `pieces(cid, max_bytes)` a file's bytes, unverified."""
        self._block, self._pieces = block, pieces
        self._left, self._limit, self._entries = max_bytes, max_bytes, 0

    def directory(self, cid: Cid, place: Path, depth: int = 0) -> None:
        """Write the directory `cid` into the existing folder `place`."""
        if depth > MAX_DEPTH:
            raise TooLarge(f"The directory is nested deeper than {MAX_DEPTH} levels.")
        node = self._node(cid)
        if node.kind != DIRECTORY:
            raise UnreadableDirectory(f"{cid} is not a plain directory (UnixFS type {node.kind}).")
        for link in node.links:
            self._entries += 1
            if self._entries > MAX_DIRECTORY_ENTRIES:
                raise TooLarge(f"The directory has more than {MAX_DIRECTORY_ENTRIES:,} entries.")
            # Names come from strangers: one with a slash or a dot alone would leave the folder.
            if link.name in ("", ".", "..") or "/" in link.name or "\0" in link.name:
                raise UnreadableDirectory(f"{cid} has an entry named {link.name!r}, which is no file name.")
            if (place / link.name).exists():
                raise UnreadableDirectory(f"{cid} has the entry {link.name!r} twice.")
            self._entry(cids.from_binary(link.cid), place / link.name, depth)

    def _entry(self, cid: Cid, path: Path, depth: int) -> None:
        node = self._node(cid)
        if node.kind == DIRECTORY:
            path.mkdir()
            self.directory(cid, path, depth + 1)
        elif node.kind not in (FILE, RAW):
            raise UnreadableDirectory(f"{cid} ({path.name!r}) is neither a file nor a directory.")
        elif not node.links:
            self._spend(len(node.body))
            path.write_bytes(node.body)
        else:
            self._large_file(cid, path)

    def _large_file(self, cid: Cid, path: Path) -> None:
        with path.open("wb") as file:
            got = cids.cid_of_stream(_tee(self._pieces(cid, self._left), file))
        if got != str(cid):
            raise CidMismatch(
                f"The IPFS node sent the bytes of {got} where {cid} was asked for.",
                expected=str(cid),
                got=got,
            )
        self._spend(path.stat().st_size)

    def _node(self, cid: Cid) -> Node:
        data = self._block(cid)
        if cid.codec == cids.RAW:
            return Node(FILE, data, (), len(data))
        try:
            return decode_node(data)
        except MalformedBlock as error:
            raise UnreadableDirectory(f"{cid} cannot be read: {error}.") from error

    def _spend(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise TooLarge(
                f"The directory has more than the {self._limit:,} bytes allowed.", max_bytes=self._limit
            )


def _tee(pieces: Iterable[bytes], file: io.BufferedWriter) -> Iterator[bytes]:
    for piece in pieces:
        file.write(piece)
        yield piece
