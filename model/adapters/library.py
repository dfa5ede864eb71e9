"""A library of adapters: one folder an artist, with a manifest that says what it was made from.

An adapter is trained on one artist's works alone, over a base without them. Nothing of an artist is anywhere
else, so a library without the folder is the library that never had the artist.
"""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from model import checkpoint, lora
from model.checkpoint import load_pipeline
from model.compute import Compute
from model.dataset import Dataset, canonical
from model.files import read_json, sha256_of, write_json
from model.resume import state_key
from model.settings import TrainSettings
from model.starting import Beginning, add_adapter, default_steps
from model.train import Progress, averaged, last_loss, run, trainer_of, training_record, write_log

MANIFEST = "adapter.json"
SCHEMA = "meltingpot/adapter@1"
RANK = 8  # of an adapter, unless the settings say another


@dataclass(frozen=True)
class Adapter:
    """An adapter on disk; `works` are the works.json entries of the artist's works behind it."""

    directory: Path
    artists: tuple[str, ...]  # one, but for a joint training to compare with
    base: str  # fingerprint of the directory it was trained over
    weights_sha256: str
    works: tuple[dict[str, Any], ...]
    settings: TrainSettings
    history: dict[str, Any]

    @property
    def artist(self) -> str:
        return ", ".join(self.artists)

    def low_rank(self) -> lora.LowRank:
        """Its weights. Raises ValueError when the file is not the one that the manifest names."""
        path = self.directory / lora.FILE
        found = sha256_of(path)
        if found != self.weights_sha256:
            raise ValueError(f"{path} hashes to {found}, its {MANIFEST} says {self.weights_sha256}")
        return lora.read(path)


def folder_of(library: Path, artist: str) -> Path:
    """Where an artist's adapter stands: a name from the artist's, of letters that every file system takes."""
    return library / hashlib.sha256(artist.encode()).hexdigest()[:32]


def train_adapter(
    dataset: Dataset,
    settings: TrainSettings,
    base: Path,
    library: Path,
    progress: Progress | None = None,
    save_every: int = 0,
    compute: Compute | None = None,
) -> Adapter:
    """Train the adapter of the one artist of `dataset` over `base`, and put it into the library.

    Raises ValueError when the dataset has several artists, or a work of it is behind the base.
    """
    if len(dataset.artists) != 1:
        raise ValueError(f"the dataset has {len(dataset.artists)} artists; an adapter is of one artist alone")
    out_dir = folder_of(library, dataset.artists[0])
    fit_adapter(dataset, settings, base, out_dir, progress, save_every, compute)
    return open_adapter(out_dir)


def fit_adapter(
    dataset: Dataset,
    settings: TrainSettings,
    base: Path,
    out_dir: Path,
    progress: Progress | None = None,
    save_every: int = 0,
    compute: Compute | None = None,
) -> float:
    """Train an adapter on all works of `dataset` over `base` into `out_dir`; returns the last loss.

    Words that the base does not know stay unknown: the vocabulary is the base's. Raises ValueError when a
    work of the dataset is behind the base.
    """
    _expect_none_behind(dataset, base)
    settings = _settings_for(dataset, settings, base)
    pipeline = load_pipeline(base)
    if lora.is_adapted(pipeline.unet):
        raise ValueError(f"{base} has an adapter of its own; an adapter needs a base without one")
    add_adapter(pipeline, settings)
    trainer = trainer_of(Beginning(settings, pipeline, warm=False), dataset, compute)
    mark = checkpoint.fingerprint_of(base)

    def save(losses: list[float]) -> None:
        with averaged(trainer):
            lora.save(pipeline.unet, out_dir, getattr(torch, settings.save_dtype))
        told = training_record(trainer, len(losses))
        write_json(out_dir / MANIFEST, _manifest(dataset, settings, mark, out_dir, told))
        write_log(out_dir / checkpoint.LOG, losses)

    key = hashlib.sha256(canonical([state_key(dataset, settings, None), mark])).hexdigest()
    return last_loss(run(trainer, out_dir, key, save, progress, save_every))


def open_adapter(directory: Path) -> Adapter:
    """Read a manifest. Raises FileNotFoundError or ValueError when the folder holds no adapter."""
    path = directory / MANIFEST
    if not path.is_file():
        raise FileNotFoundError(f"{directory} has no {MANIFEST}: it is no adapter")
    told = read_json(path)
    if told.get("schema") != SCHEMA:
        raise ValueError(f"{path} has schema {told.get('schema')!r}, wanted {SCHEMA}")
    return Adapter(
        directory,
        tuple(told["artists"]),
        told["base"],
        told["weights_sha256"],
        tuple(told["works"]),
        TrainSettings.from_json(told["settings"]),
        told["history"],
    )


def adapters_in(library: Path) -> list[Adapter]:
    """All adapters, by the name of their folders: the order in which they are added up."""
    return [open_adapter(path.parent) for path in sorted(library.glob(f"*/{MANIFEST}"))]


def remove_adapter(library: Path, artist: str) -> Path:
    """Take an artist's adapter out of the library; returns its former folder. What was served from it must be
    served again. Raises FileNotFoundError when there is none.
    """
    directory = folder_of(library, artist)
    if not (directory / MANIFEST).is_file():
        raise FileNotFoundError(f"{library} has no adapter of {artist!r}")
    shutil.rmtree(directory)
    return directory


def _settings_for(dataset: Dataset, settings: TrainSettings, base: Path) -> TrainSettings:
    size = dataset.images.shape[-1]
    steps = settings.steps or default_steps(len(dataset), settings, None)
    return settings.but(size=size, steps=steps, lora_rank=settings.lora_rank or RANK)


def _expect_none_behind(dataset: Dataset, base: Path) -> None:
    """Of a base from elsewhere nobody knows; the manifest says so."""
    if not checkpoint.is_ours(base):
        return
    behind = checkpoint.works_behind(base)
    hashes, artists = {work["content_hash"] for work in behind}, {work["artist"] for work in behind}
    found = [w for w in dataset.works if w.content_hash in hashes or w.credits()["artist"] in artists]
    if found:
        raise ValueError(
            f"{len(found)} works (the first: {found[0].title!r}), or others of their artist, stand behind "
            f"{base}: taking the adapter away would leave them in; use a base without them"
        )


def _manifest(
    dataset: Dataset, settings: TrainSettings, base: str, out_dir: Path, history: dict[str, Any]
) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "artists": dataset.artists,
        "works": [work.credits() for work in dataset.works],
        "dataset_root": dataset.manifest.root(),
        "settings": settings.to_json(),
        "base": base,
        "weights_sha256": sha256_of(out_dir / lora.FILE),
        "history": history,
    }
