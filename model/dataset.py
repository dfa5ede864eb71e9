"""From a manifest of works to tensors: the same manifest gives the same tensors and the same Merkle root."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from PIL import Image

from model.images import open_image

LEAF_FIELDS = ("content_hash", "cid", "metadata_cid", "artist", "title", "tags", "caption")


class HashMismatch(ValueError):
    """The bytes fetched for a work are not the registered ones."""


@dataclass(frozen=True)
class WorkRecord:
    """One consenting work. `content_hash` is 0x + sha256 of the file; `artist` is a wallet (or a name, off
    chain).
    """

    content_hash: str
    cid: str
    metadata_cid: str
    artist: str
    title: str
    tags: tuple[str, ...] = ()
    caption: str = ""
    artist_name: str = (
        ""  # this and the next two are credits: published beside the weights, not part of the root
    )
    licence: str = ""
    source: str = ""
    registered: int = (
        0  # grows with the time of registration (chain seconds): of near-copies the earliest leads
    )

    def to_json(self) -> dict[str, Any]:
        """The fields that the Merkle root covers; `registered` only where it is known."""
        fields = {name: list(self.tags) if name == "tags" else getattr(self, name) for name in LEAF_FIELDS}
        return fields | ({"registered": self.registered} if self.registered else {})

    def credits(self) -> dict[str, Any]:
        """Who made the work and under which licence it was used."""
        return {
            "content_hash": self.content_hash,
            "title": self.title,
            "artist": self.artist_name or self.artist,
            "licence": self.licence,
            "source": self.source,
        }


def caption_of(title: str, tags: Iterable[str]) -> str:
    """The text a work is trained with: title, then tags."""
    return ", ".join(part.strip() for part in (title, *tags) if part.strip())


@dataclass(frozen=True)
class Manifest:
    """The works of a training, sorted by content hash, and where they were read (chain, block)."""

    works: tuple[WorkRecord, ...]
    context: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        ordered = tuple(sorted(self.works, key=lambda work: work.content_hash))
        twice = {
            a.content_hash
            for a, b in zip(ordered, ordered[1:], strict=False)
            if a.content_hash == b.content_hash
        }
        if twice:
            raise ValueError(f"work {min(twice)} stands in the manifest twice; a work counts once")
        object.__setattr__(self, "works", ordered)

    @property
    def artists(self) -> list[str]:
        """Artists with at least one work, sorted."""
        return sorted({work.artist for work in self.works})

    def root(self) -> str:
        """0x RFC 6962 Merkle tree hash over the canonical JSON of each work; of the empty string when
        empty.
        """
        return "0x" + merkle_root([canonical(work.to_json()) for work in self.works]).hex()

    def to_json(self) -> dict[str, Any]:
        """Context and works as plain JSON, with the root."""
        return {**self.context, "works": [work.to_json() for work in self.works], "root": self.root()}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Manifest:
        """Inverse of `to_json`; raises ValueError when the stated root is not that of the works."""
        known = WorkRecord.__dataclass_fields__
        works = tuple(
            WorkRecord(**{k: tuple(v) if k == "tags" else v for k, v in work.items() if k in known})
            for work in data["works"]
        )
        manifest = cls(works, {key: value for key, value in data.items() if key not in ("works", "root")})
        stated = data.get("root", manifest.root())
        if stated != manifest.root():
            raise ValueError(f"dataset root is {manifest.root()}, the document states {stated}")
        return manifest


def canonical(data: Any) -> bytes:
    """UTF-8 JSON with sorted keys and no spaces: one byte string per value."""
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def merkle_root(entries: list[bytes]) -> bytes:
    """RFC 6962 section 2.1: sha256 with prefix 0x00 for leaves, 0x01 for nodes, split at the largest power
    of two.
    """
    if not entries:
        return hashlib.sha256(b"").digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    split = 1 << ((len(entries) - 1).bit_length() - 1)
    return hashlib.sha256(b"\x01" + merkle_root(entries[:split]) + merkle_root(entries[split:])).digest()


@dataclass
class Dataset:
    """images uint8 [N, 3, S, S] in manifest order; artist_of int64 [N] indexes `artists`."""

    manifest: Manifest
    images: torch.Tensor
    captions: list[str]
    artists: list[str]
    artist_of: torch.Tensor
    measured: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)  # kept by duplicates/

    def __len__(self) -> int:
        return len(self.captions)

    @property
    def works(self) -> tuple[WorkRecord, ...]:
        return self.manifest.works


def without(dataset: Dataset, works: Collection[str]) -> Dataset:
    """The dataset without some works (content hashes); its artists keep their places, also those without any
    work left.
    """
    kept = [i for i, work in enumerate(dataset.works) if work.content_hash not in works]
    return Dataset(
        Manifest(tuple(dataset.works[i] for i in kept), dataset.manifest.context),
        dataset.images[kept],
        [dataset.captions[i] for i in kept],
        dataset.artists,
        dataset.artist_of[kept],
    )


def pixels_of(image: Image.Image, size: int) -> torch.Tensor:
    """uint8 [3, size, size]: the middle square of the picture, scaled down with Lanczos."""
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    square = image.resize((size, size), Image.Resampling.LANCZOS, box=(left, top, left + side, top + side))
    return torch.from_numpy(np.array(square, dtype=np.uint8)).permute(2, 0, 1).contiguous()


def load_dataset(manifest: Manifest, fetch: Callable[[WorkRecord], bytes], size: int = 64) -> Dataset:
    """Fetch, hash-check and scale every work. Raises HashMismatch, ImageRefused, or ValueError when there
    is none.
    """
    if not manifest.works:
        raise ValueError("no work consents to training: register works with consent first")
    images = []
    for work in manifest.works:
        data = fetch(work)
        found = "0x" + hashlib.sha256(data).hexdigest()
        if found != work.content_hash:
            raise HashMismatch(
                f"work {work.content_hash} ({work.title!r}): the fetched bytes hash to {found}"
            )
        images.append(pixels_of(open_image(data), size))
    artists = manifest.artists
    position = {artist: index for index, artist in enumerate(artists)}
    return Dataset(
        manifest,
        torch.stack(images),
        [work.caption or caption_of(work.title, work.tags) for work in manifest.works],
        artists,
        torch.tensor([position[work.artist] for work in manifest.works], dtype=torch.int64),
    )
