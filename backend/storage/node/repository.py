"""One embedded node: its folder, its lock, its pins and the Kubo library behind it.

Folder: `kubo/` (Kubo's own repository), `pins.db` (which pins are recursive roots), `uploads/` (emptied at
each start), `lock` (held by the running process).
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import tempfile
import threading
from pathlib import Path

from backend.storage import cid as cids
from backend.storage.cid import Cid
from backend.storage.node.blocks import BlockStore, shown
from backend.storage.node.library import KuboLibrary


class RepositoryLocked(RuntimeError):
    """Another process runs a node on this folder."""


class Repository:
    """The open repository. Methods may be called from several threads."""

    def __init__(self, folder: Path) -> None:
        """Lock the folder and start the node; a folder that does not exist is made. Raises RepositoryLocked,
        LibraryError."""
        self.folder = folder.resolve()
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock = self._take_lock()
        self.uploads = self.folder / "uploads"
        shutil.rmtree(self.uploads, ignore_errors=True)
        self.uploads.mkdir()
        kubo = self.folder / "kubo"
        if not kubo.exists():
            self._create(kubo)
        self._library = KuboLibrary(kubo)
        self._library.stay_offline()
        self._library.run()
        self.blocks = BlockStore(kubo / "blocks")
        self._pins = _Pins(self.folder / "pins.db")

    def _take_lock(self) -> int:
        handle = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            # The kernel drops it when the owner dies, kill -9 included, so that no stale lock can stay
            # behind.
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.pread(handle, 20, 0).decode(errors="replace").strip() or "?"
            os.close(handle)
            raise RepositoryLocked(
                f"{self.folder} is in use by the IPFS node with process id {owner}"
            ) from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        return handle

    def _create(self, kubo: Path) -> None:
        """Made beside its place and renamed, so that a killed start leaves no half repository."""
        draft = self.folder / "kubo.new"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir()
        KuboLibrary(draft).create()
        draft.rename(kubo)

    @property
    def peer_id(self) -> str:
        """The node's public identity."""
        return self._library.peer_id()

    def upload_folder(self) -> tempfile.TemporaryDirectory:
        """A new folder on the repository's disk for incoming data."""
        return tempfile.TemporaryDirectory(dir=self.uploads)

    def add(self, path: Path, pin: bool) -> Cid:
        """Import a file or a directory tree with Kubo's own importer."""
        cid = cids.parse(self._library.add(path))
        known = self._pins.has(cid)
        if pin:
            self._pins.insert(cid)
        elif not known:
            self._library.unpin(shown(cid))
        return cid

    def pin(self, cid: Cid) -> None:
        """Pin recursively. Raises BlockMissing when something below is not here."""
        for _ in self.blocks.walk(cid):
            pass
        self._library.pin(shown(cid))
        self._pins.insert(cid)

    def unpin(self, cid: Cid) -> None:
        """Remove a recursive pin. Raises LookupError when there is none."""
        if not self._pins.has(cid):
            raise LookupError("not pinned or pinned indirectly")
        # First here, then in Kubo: whatever this database says is pinned is so, even after a kill in between.
        self._pins.delete(cid)
        self._library.unpin(shown(cid))

    def is_pinned(self, cid: Cid) -> bool:
        """Whether the CID is the root of a recursive pin."""
        return self._pins.has(cid)

    def pinned(self) -> list[Cid]:
        """The roots of all recursive pins."""
        return self._pins.all()

    def close(self) -> None:
        """Stop the node and give the folder back."""
        self._library.stop()
        self._pins.close()
        os.close(self._lock)


class _Pins:
    """Roots of recursive pins. The library lists pins without telling roots from what hangs below them."""

    def __init__(self, file: Path) -> None:
        self._connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        self._connection.execute("pragma journal_mode=wal")
        self._connection.execute("create table if not exists pins(cid text primary key) without rowid")
        self._guard = threading.Lock()

    def _run(self, statement: str, *values: str) -> list[tuple]:
        with self._guard:
            return self._connection.execute(statement, values).fetchall()

    def insert(self, cid: Cid) -> None:
        self._run("insert or ignore into pins values(?)", shown(cid))

    def delete(self, cid: Cid) -> None:
        self._run("delete from pins where cid=?", shown(cid))

    def has(self, cid: Cid) -> bool:
        return bool(self._run("select 1 from pins where cid=?", shown(cid)))

    def all(self) -> list[Cid]:
        return [cids.parse(row[0]) for row in self._run("select cid from pins order by cid")]

    def close(self) -> None:
        self._connection.close()
