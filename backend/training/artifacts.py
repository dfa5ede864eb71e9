"""What training makes and needs, kept on this machine by content: works, model versions, indexes, probes.

Everything is also on IPFS; a folder that is missing here is fetched by its CID, so a worker on another
machine needs the CID only. A directory appears under its final name when it is complete, never before.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from backend.storage.errors import UnreadableDirectory
from model.dataset import HashMismatch, WorkRecord

if TYPE_CHECKING:
    from backend.context import Context


def work_file(ctx: Context, work: WorkRecord) -> Path:
    """The work's file, fetched by CID when absent. Raises HashMismatch when its sha256 is not the
    registered one.
    """
    path = ctx.settings.data_dir / "works" / work.content_hash.removeprefix("0x")
    if not path.exists():
        data = ctx.ipfs.get(work.cid)
        found = "0x" + hashlib.sha256(data).hexdigest()
        if found != work.content_hash:
            raise HashMismatch(
                f"work {work.content_hash} ({work.title!r}): {work.cid} holds bytes that hash to {found}"
            )
        _write(path, data)
    return path


def model_directory(ctx: Context, cid: str) -> Path:
    """The pipeline directory of a model version, opened by `model.checkpoint.load_pipeline`."""
    path = ctx.settings.data_dir / "models" / cid
    if not path.exists():
        try:
            ctx.ipfs.get_directory(cid, path)
        except UnreadableDirectory:
            # Another process may have been faster: what has this name has this CID.
            if not path.exists():
                raise
    return path


def artifact_file(ctx: Context, cid: str) -> Path:
    """A single published file (index, probes) by CID."""
    path = ctx.settings.data_dir / "artifacts" / cid
    if not path.exists():
        _write(path, ctx.ipfs.get(cid))
    return path


def publish_file(ctx: Context, path: Path) -> str:
    """CID of a file that is now on IPFS and in the cache."""
    data = path.read_bytes()
    cid = ctx.ipfs.add(data)
    _write(ctx.settings.data_dir / "artifacts" / cid, data)
    return cid


def publish_model(ctx: Context, directory: Path) -> str:
    """CID of a pipeline directory that is now on IPFS and in the cache; `directory` is moved there."""
    cid = ctx.ipfs.add_directory(directory)
    target = ctx.settings.data_dir / "models" / cid
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(directory, target)
    return cid


def scratch_directory(ctx: Context) -> Path:
    """A new folder beside the caches, so that a finished result moves into place in one step."""
    parent = ctx.settings.data_dir / "scratch"
    parent.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(dir=parent))


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    os.replace(name, path)
