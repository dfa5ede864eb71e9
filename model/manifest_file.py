"""Reading a MANIFEST.jsonl without chain or IPFS: what trains the shipped checkpoint."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from pathlib import Path

from model.dataset import Manifest, WorkRecord, caption_of
from model.images import SVG_TYPE, ImageRefused, render_svg, sniff


def read_manifest(
    path: Path, exclude_artists: Collection[str] = (), only_artists: Collection[str] = ()
) -> tuple[Manifest, dict[str, bytes]]:
    """Works of the file (exact copies: the first stands) and their bytes by content hash.

    An SVG counts as its rendered PNG. Lines with `"consent": false`, excluded artists and, where only some
    are asked for, all others are left out.
    Raises ValueError with the line's number.
    """
    works: dict[str, WorkRecord] = {}
    files: dict[str, bytes] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
            artist, title, tags = entry["artist"], entry.get("title", ""), tuple(entry.get("tags", ()))
            if artist in exclude_artists or (only_artists and artist not in only_artists):
                continue
            data = (path.parent / entry["file"]).read_bytes()
            data = render_svg(data) if sniff(data) == SVG_TYPE else data
        except (OSError, KeyError, json.JSONDecodeError, ImageRefused) as error:
            raise ValueError(f"{path} line {number}: {error}") from error
        content_hash = "0x" + hashlib.sha256(data).hexdigest()
        if content_hash in works or not entry.get("consent", True):
            continue
        works[content_hash] = WorkRecord(
            content_hash,
            "",
            "",
            artist,
            title,
            tags,
            caption_of(title, tags),
            artist,
            entry.get("licence", ""),
            entry.get("source", ""),
        )
        files[content_hash] = data
    return Manifest(tuple(works.values())), files
