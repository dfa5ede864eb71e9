"""The artist index: one int8 row per artist, so that a sale is attributed by one small integer product.

With Φ [N, D] the projected gradients of the works, the influence of work i on a picture with gradient φ is
φ · Φᵢ(ΦᵀΦ + λI)⁻¹ (TRAK, arXiv 2303.14186). It is linear in the works, so an artist's works sum to one row.
Near-copies are merged first: a cluster counts once, for the artist whose work leads it, whatever λ is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
import torch
from PIL import Image

from model.attribution.arrays import read_arrays, write_arrays
from model.attribution.gradients import Gradients
from model.attribution.precondition import preconditioned
from model.dataset import Dataset, pixels_of
from model.denoiser import denoiser_of
from model.duplicates.clusters import leaders
from model.duplicates.verdict import METHOD as COPIES
from model.pipeline import MeltingPotPipeline
from model.settings import AttributionSettings

QUERY_RMS = 32  # of the int8 numbers: fixed, so that scores of different pictures have one unit


@dataclass(frozen=True)
class ArtistIndex:
    """rows int8 [A, D] in the order of `artists`; real row = rows · row_scale; clusters: distinct works by
    artist; copies: (work, the work that leads its cluster), content hashes, of all works that do not count.
    """

    artists: tuple[str, ...]
    rows: np.ndarray
    row_scale: float
    clusters: tuple[int, ...]
    copies: tuple[tuple[str, str], ...] = ()

    def save(self, path: Path) -> None:
        """Write an .npz whose bytes depend on the content alone."""
        write_arrays(
            path,
            {
                "artists": np.array(self.artists, dtype=np.str_),
                "rows": np.ascontiguousarray(self.rows, dtype=np.int8),
                "row_scale": np.array(self.row_scale, dtype=np.float64),
                "clusters": np.array(self.clusters, dtype=np.int64),
                "copies": np.array(self.copies, dtype=np.str_).reshape(-1, 2),
            },
        )

    @classmethod
    def load(cls, source: Path | IO[bytes]) -> ArtistIndex:
        """Read a saved index. Raises ValueError when its parts do not fit together."""
        data = read_arrays(source, ("artists", "rows", "row_scale", "clusters", "copies"))
        index = cls(
            tuple(str(name) for name in data["artists"]),
            data["rows"],
            float(data["row_scale"]),
            tuple(int(count) for count in data["clusters"]),
            tuple((str(copied), str(leader)) for copied, leader in data["copies"].reshape(-1, 2)),
        )
        if index.rows.dtype != np.int8 or not len(index.artists) == len(index.rows) == len(index.clusters):
            raise ValueError(
                f"not an artist index: {len(index.artists)} artists, rows {index.rows.dtype} "
                f"{index.rows.shape}, {len(index.clusters)} counts"
            )
        return index


def build_index(
    pipeline: MeltingPotPipeline,
    dataset: Dataset,
    settings: AttributionSettings,
    progress: Callable[[int, int], None] | None = None,
) -> ArtistIndex:
    """Index of the works' gradients in a checkpoint; `progress(works done, works)`."""
    registered = [work.registered for work in dataset.works]
    if settings.copies != COPIES:
        raise ValueError(f"near-copies are told by {COPIES!r} here, the settings want {settings.copies!r}")
    lead = leaders(dataset.images, registered)
    leading = sorted(set(lead))
    chosen = torch.tensor(leading)
    features = Gradients(pipeline, settings).project(
        dataset.images[chosen], [dataset.captions[i] for i in leading], progress
    )
    _expect_finite(features, "the works'")
    rows = artist_rows(features.double(), dataset.artist_of[chosen], len(dataset.artists), settings.damping)
    # The 99.9th percentile of each row's size, the largest of them: a few clipped numbers for a finer step.
    scale = float(np.quantile(np.abs(rows), 0.999, axis=1).max()) / 127 or 1.0
    counts = torch.bincount(dataset.artist_of[chosen], minlength=len(dataset.artists))
    quantised = np.clip(np.rint(rows / scale), -127, 127).astype(np.int8)
    hashes = [work.content_hash for work in dataset.works]
    copies = tuple((hashes[i], hashes[first]) for i, first in enumerate(lead) if i != first)
    return ArtistIndex(tuple(dataset.artists), quantised, scale, tuple(counts.tolist()), copies)


def _expect_finite(features: torch.Tensor, whose: str) -> None:
    """Numbers that are none would become int8 zeros: nobody would be paid, and nobody told why."""
    if not bool(features.isfinite().all()):
        raise ArithmeticError(f"{whose} gradients are infinite or no numbers: this model cannot be attributed")


def artist_rows(features: torch.Tensor, artist_of: torch.Tensor, artists: int, damping: float) -> np.ndarray:
    """float64 [A, D]: sums over each artist's works of Φᵢ(ΦᵀΦ + λI)⁻¹, λ = damping · trace(ΦΦᵀ)/N.
    """
    summed = torch.zeros(artists, features.shape[1], dtype=features.dtype)
    return preconditioned(features, summed.index_add_(0, artist_of, features), damping).numpy()


def quantise(features: torch.Tensor) -> np.ndarray:
    """int8 [N, D] of query gradients, each scaled to the same root mean square, so that scores can be
    compared.
    """
    rms = features.double().square().mean(1, keepdim=True).sqrt().clamp_min(1e-30)
    return (features.double() / rms * QUERY_RMS).round().clamp(-127, 127).to(torch.int8).numpy()


def query(
    pipeline: MeltingPotPipeline, image: Image.Image, caption: str, settings: AttributionSettings
) -> np.ndarray:
    """int8 [D] of a generated picture and its prompt."""
    return queries(pipeline, [image], [caption], settings)[0]


def queries(
    pipeline: MeltingPotPipeline,
    images: list[Image.Image],
    captions: list[str],
    settings: AttributionSettings,
    progress: Callable[[int, int], None] | None = None,
) -> np.ndarray:
    """int8 [N, D] of many pictures at once."""
    size = denoiser_of(pipeline).size
    pixels = torch.stack([pixels_of(image, size) for image in images])
    features = Gradients(pipeline, settings).project(pixels, captions, progress)
    _expect_finite(features, "the pictures'")
    return quantise(features)
