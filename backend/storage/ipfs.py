"""IPFS without trusting the node: every CID it returns and every byte it gives back is checked against our
own hash.

Speaks Kubo's RPC through ipfshttpclient, so the embedded node (`backend.storage.node`) and any current Kubo
do.
"""

from __future__ import annotations

import hashlib
import io
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

import ipfshttpclient
import requests
import urllib3
from ipfshttpclient import exceptions as client_errors

from backend.storage import cid as cids
from backend.storage.address import address_of
from backend.storage.cid import Cid, cid_of, cid_of_directory
from backend.storage.directory import Download, appearing, files_of
from backend.storage.errors import (
    CidMismatch,
    InvalidCid,
    IpfsRefused,
    IpfsUnavailable,
    NotOnIpfs,
    TooLarge,
)
from backend.storage.unixfs import MAX_BLOCK_BYTES

# ipfshttpclient hands urllib3 an argument of the past, once for each connection.
warnings.filterwarnings(
    "ignore", message="The 'strict' parameter is no longer needed", category=FutureWarning
)

T = TypeVar("T")
MAX_FILE_BYTES = 64 * 1024 * 1024
MAX_DIRECTORY_BYTES = 2 * 1024 * 1024 * 1024
# The layout that `cid.py` computes. Stated in full, because each version of Kubo has other defaults.
_LAYOUT: dict[str, Any] = {"cid_version": 0, "raw_leaves": False, "chunker": "size-262144", "trickle": False}
_MISSING = ("not found", "could not find", "no link named", "no route to any peer", "deadline exceeded")
_BATCH_ITEMS, _BATCH_BYTES = 16, 8 * 1024 * 1024
# What the client library does, without a word of its own, when an answer has an unexpected form.
_STUMBLES = (AssertionError, AttributeError, LookupError, TypeError, ValueError)
_BROKEN = (client_errors.ConnectionError, client_errors.ProtocolError)
_LOST = (requests.exceptions.RequestException, urllib3.exceptions.HTTPError)


class Ipfs:
    """One IPFS node. May be used from several threads; each keeps its own connection."""

    def __init__(self, api: str, timeout_s: float = 30.0, connections: int = 3) -> None:
        """`api` is a multiaddr (`/ip4/127.0.0.1/tcp/5001/http`) or an URL. `timeout_s` bounds each call that
        has to find content. `connections` is the number of parallel requests of `add_many`."""
        self.api, self.timeout_s, self.connections = api, timeout_s, connections
        self._address, self._base, self._auth = address_of(api)
        self._local = threading.local()

    def check(self) -> str:
        """The node's version. Raises IpfsUnavailable when nothing answers."""
        answer = self._call("version", lambda: self._client.version(timeout=min(5.0, self.timeout_s)))
        try:
            return str(answer["Version"])
        except (KeyError, TypeError) as error:
            raise IpfsUnavailable(f"What listens at {self.api} is no IPFS API.") from error

    def add(self, data: bytes) -> str:
        """Store and pin a file; its CID. Raises CidMismatch, IpfsUnavailable, IpfsRefused."""
        answer = self._call("add", lambda: self._client.add(io.BytesIO(data), pin=True, **_LAYOUT))
        return self._checked(answer.get("Hash"), cid_of(data))

    def add_many(self, items: Sequence[bytes], progress: Callable[[int], None] | None = None) -> list[str]:
        """Store and pin several files; CIDs in the same order. `progress` gets the number done so far.

        Several go into one request and a few requests run at once: about twice as fast as one by one.
        """
        found: list[str] = []
        with ThreadPoolExecutor(self.connections, thread_name_prefix="ipfs-add") as pool:
            try:
                for cids_of_batch in pool.map(self._add_batch, _batches(items)):
                    found += cids_of_batch
                    if progress:
                        progress(len(found))
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise
        return found

    def _add_batch(self, items: Sequence[bytes]) -> list[str]:
        if len(items) == 1:
            return [self.add(items[0])]
        answers = self._call("add", lambda: self._client.add(*map(io.BytesIO, items), pin=True, **_LAYOUT))
        answered = {self._normal(answer.get("Hash")) for answer in answers}
        expected = [cid_of(item) for item in items]
        for cid in expected:
            if cid not in answered:
                raise self._mismatch(cid, ", ".join(sorted(answered)))
        return expected

    def add_directory(self, path: str | Path) -> str:
        """Store and pin a directory with all below it; its CID. Symbolic links and special files are
        refused."""
        path = Path(path)
        expected = cid_of_directory(files_of(path))
        answers = self._call(
            "add", lambda: self._client.add(str(path.resolve()), recursive=True, pin=True, **_LAYOUT)
        )
        root = [answer.get("Hash") for answer in answers if answer.get("Name") == path.resolve().name]
        return self._checked(root[-1] if root else None, expected)

    def get(self, cid: str, max_bytes: int = MAX_FILE_BYTES) -> bytes:
        """A file's bytes. Raises NotOnIpfs after `timeout_s`, TooLarge, CidMismatch."""
        wanted = cids.parse(cid)
        data = b"".join(self._stream("cat", wanted, max_bytes))
        if wanted.codec == cids.RAW:
            self._verify_block(wanted, data)
        elif cid_of(data) != str(wanted):
            raise self._mismatch(str(wanted), cid_of(data))
        return data

    def get_directory(self, cid: str, target: str | Path, max_bytes: int = MAX_DIRECTORY_BYTES) -> Path:
        """Write a directory to `target`, which must not exist or be empty.

        Nothing appears there unless all of it is right.
        Raises NotOnIpfs, TooLarge, CidMismatch, UnreadableDirectory.
        """
        with appearing(Path(target)) as draft:
            Download(self.block, self.file_pieces, max_bytes).directory(cids.parse(cid), draft)
        return Path(target)

    def pin(self, cid: str) -> None:
        """Keep the content and all below it. Raises NotOnIpfs."""
        wanted = str(cids.parse(cid))
        self._call("pin", lambda: self._client.pin.add(wanted, timeout=self.timeout_s), cid=wanted)

    def unpin(self, cid: str) -> None:
        """Let go of the content; no error when it is not pinned."""
        wanted = str(cids.parse(cid))
        if self.is_pinned(wanted):
            self._call("unpin", lambda: self._client.pin.rm(wanted), cid=wanted)

    def is_pinned(self, cid: str) -> bool:
        """Whether the CID is the root of a recursive pin."""
        wanted = str(cids.parse(cid))
        try:
            self._call("pin/ls", lambda: self._client.pin.ls(wanted, type="recursive"))
        except IpfsRefused as error:
            if "not pinned" in error.message:
                return False
            raise
        return True

    def block(self, cid: Cid) -> bytes:
        """One block, verified."""
        data = b"".join(self._stream("block/get", cid, MAX_BLOCK_BYTES))
        self._verify_block(cid, data)
        return data

    def file_pieces(self, cid: Cid, max_bytes: int) -> Iterator[bytes]:
        """A file as it arrives, NOT yet verified: the caller compares `cid_of_stream` of it before using
        it."""
        return self._stream("cat", cid, max_bytes)

    @property
    def _client(self) -> ipfshttpclient.Client:
        client = getattr(self._local, "client", None)
        if client is None:
            # The constructor, not connect(): that one refuses every Kubo of the last years by its version
            # number.
            client = ipfshttpclient.Client(
                self._address,
                self._base,
                session=True,
                auth=self._auth,
                timeout=(5.0, max(60.0, self.timeout_s)),
            )
            self._local.client = client
        return client

    def _stream(self, command: str, cid: Cid, max_bytes: int) -> Iterator[bytes]:
        """The pieces of an answer; stops a node that sends too much, too late, or for ever."""
        name = str(cid)
        options = {"length": str(max_bytes + 1)} if command == "cat" else {}

        def request() -> Any:
            method = self._client.cat if command == "cat" else self._client.block.get
            return method(name, opts=options, stream=True, timeout=self.timeout_s)

        stream, size = self._call(command, request, cid=name), 0
        with closing(stream):
            # Whatever the size, a node may take the time of a slow line (1 MiB/s) beyond the timeout, no
            # more.
            deadline = time.monotonic() + self.timeout_s + max_bytes / (1 << 20)
            while True:
                piece = self._call(command, lambda: next(stream, None), cid=name, once=True)
                if piece is None:
                    return
                size += len(piece)
                if size > max_bytes:
                    raise TooLarge(f"{name} has more than the {max_bytes:,} bytes allowed.", cid=name)
                if time.monotonic() > deadline:
                    raise NotOnIpfs(f"{self.api} sends {name} too slowly ({size:,} bytes so far).", cid=name)
                yield piece

    def _call(self, command: str, function: Callable[[], T], cid: str | None = None, once: bool = False) -> T:
        """Run one request and translate what goes wrong. Repeated once when a kept connection was cut (the
        node restarted): every command here can be repeated without harm."""
        try:
            return function()
        except client_errors.TimeoutError as error:
            raise self._timed_out(cid) from error
        except client_errors.ErrorResponse as error:
            raise self._refused(command, str(error.args[0]), cid) from error
        except client_errors.StatusError as error:
            raise IpfsRefused(f"The IPFS node at {self.api} refused {command}: {error}") from error
        except _BROKEN + _LOST as error:
            if _is_timeout(error):
                raise self._timed_out(cid) from error
            if once:
                raise IpfsUnavailable(f"The IPFS node at {self.api} does not answer ({command}).") from error
            self._local.client = None
            return self._call(command, function, cid, once=True)
        except (client_errors.Error, *_STUMBLES) as error:
            raise IpfsUnavailable(
                f"What listens at {self.api} does not answer as an IPFS node does."
            ) from error

    def _timed_out(self, cid: str | None) -> NotOnIpfs | IpfsUnavailable:
        if cid:
            return NotOnIpfs(f"{cid} was not found within {self.timeout_s:g} s by {self.api}.", cid=cid)
        return IpfsUnavailable(f"The IPFS node at {self.api} does not answer in time.")

    def _refused(self, command: str, message: str, cid: str | None) -> NotOnIpfs | IpfsRefused:
        if cid and any(sign in message for sign in _MISSING):
            return NotOnIpfs(f"{cid} is not to be had from {self.api}.", cid=cid)
        return IpfsRefused(f"The IPFS node at {self.api} refused {command}: {message}")

    def _verify_block(self, cid: Cid, data: bytes) -> None:
        if hashlib.sha256(data).digest() != cid.digest:
            raise self._mismatch(str(cid), str(Cid(1, cid.codec, hashlib.sha256(data).digest())))

    def _checked(self, answered: str | None, expected: str) -> str:
        if self._normal(answered) != expected:
            raise self._mismatch(expected, answered)
        return expected

    @staticmethod
    def _normal(answered: object) -> str:
        """The CID as we write it; whatever else a node may answer stays as it is, to be shown in the
        mismatch."""
        try:
            return str(cids.parse(answered))
        except InvalidCid:
            return str(answered)[:120]

    def _mismatch(self, expected: str, got: str | None) -> CidMismatch:
        return CidMismatch(
            f"The IPFS node at {self.api} answered with {got} where {expected} is right.",
            expected=expected,
            got=got,
        )


def _batches(items: Sequence[bytes]) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    for item in items:
        if batch and (len(batch) == _BATCH_ITEMS or sum(map(len, batch)) + len(item) > _BATCH_BYTES):
            yield batch
            batch = []
        batch.append(item)
    if batch:
        yield batch


def _is_timeout(error: BaseException) -> bool:
    """A read timeout in the middle of a body reaches us wrapped as a ConnectionError."""
    inner = error.args[0] if error.args else None
    return isinstance(error, requests.exceptions.Timeout) or isinstance(
        inner, urllib3.exceptions.ReadTimeoutError
    )
