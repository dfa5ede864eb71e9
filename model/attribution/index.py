"""The artist index: one int8 row per artist, so that a sale is attributed by one small integer product.

With Φ [N, D] the projected gradients of the works, the influence of work i on a picture with gradient φ is
φ · Φᵢ(ΦᵀΦ + λI)⁻¹ (TRAK, arXiv 2303.14186). It is linear in the works, so an artist's works sum to one row.
Near-copies are merged first: a cluster counts once, for the artist whose work leads it, whatever λ is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

import numpy as np
import torch
from PIL import Image

from model.attribution.arrays import read_arrays, write_arrays
from model.attribution.gradients import Gradients
from model.dataset import Dataset, pixels_of
from model.denoiser import denoiser_of
from model.duplicates.clusters import leaders_of
from model.duplicates.verdict import METHOD as COPIES
from model.pipeline import MeltingPotPipeline
from model.settings import AttributionSettings

# Cosines of centred gradients from which another work begins to count as the same, and from which it does in
# full. Chosen on another training, other pictures and other attackers than `make gaming` reports, where ten exact
# copies were paid .98 of what one is and not 5.8 times; LDS .232 for .242 (48 halves). From .8: LDS .229, 2.1 times.
PARALLEL = (0.9, 0.98)
QUERY_RMS = 32  # of the int8 numbers: fixed, so that scores of different pictures have one unit


@dataclass(frozen=True)
class ArtistIndex:
    """rows int8 [A, D] in the order of `artists`; real row = rows · row_scale; clusters: distinct works by
    artist; copies: (work, the work that leads its cluster), content hashes, of all works that do not count;
    centre int8 [D]: the direction that all gradients share, for error bars (`error_bars.py`); empty: unknown.
    """

    artists: tuple[str, ...]
    rows: np.ndarray
    row_scale: float
    clusters: tuple[int, ...]
    copies: tuple[tuple[str, str], ...] = ()
    centre: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int8))

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
                "centre": np.ascontiguousarray(self.centre, dtype=np.int8),
            },
        )

    @classmethod
    def load(cls, source: Path | IO[bytes]) -> ArtistIndex:
        """Read a saved index. Raises ValueError when its parts do not fit together."""
        data = read_arrays(source, ("artists", "rows", "row_scale", "clusters", "copies", "centre"))
        index = cls(
            tuple(str(name) for name in data["artists"]),
            data["rows"],
            float(data["row_scale"]),
            tuple(int(count) for count in data["clusters"]),
            tuple((str(copied), str(leader)) for copied, leader in data["copies"].reshape(-1, 2)),
            data["centre"],
        )
        if index.rows.dtype != np.int8 or not len(index.artists) == len(index.rows) == len(index.clusters):
            raise ValueError(
                f"not an artist index: {len(index.artists)} artists, rows {index.rows.dtype} "
                f"{index.rows.shape}, {len(index.clusters)} counts"
            )
        if index.centre.dtype != np.int8 or index.centre.shape not in ((0,), index.rows.shape[1:]):
            raise ValueError(f"not an artist index: centre {index.centre.dtype} {index.centre.shape}")
        return index


def build_index(
    pipeline: MeltingPotPipeline,
    dataset: Dataset,
    settings: AttributionSettings,
    progress: Callable[[int, int], None] | None = None,
) -> ArtistIndex:
    """Index of the works' gradients in a checkpoint; `progress(works done, works)`."""
    if settings.copies != COPIES:
        raise ValueError(f"near-copies are told by {COPIES!r} here, the settings want {settings.copies!r}")
    lead = leaders_of(dataset)
    leading = sorted(set(lead))
    chosen = torch.tensor(leading)
    features = Gradients(pipeline, settings).project(
        dataset.images[chosen], [dataset.captions[i] for i in leading], progress
    )
    return index_of(features, dataset, lead, settings)


def index_of(
    features: torch.Tensor, dataset: Dataset, lead: Sequence[int], settings: AttributionSettings
) -> ArtistIndex:
    """Index from the gradients [L, D] of the leading works, in the dataset's order; `lead` [N]: the place of the
    work that leads each one's cluster.
    """
    _expect_finite(features, "the works'")
    found = index_of_rows(work_rows(features, settings.damping, alone(features)), dataset, lead)
    return replace(found, centre=quantise(features.double().mean(0, keepdim=True))[0])


def index_of_rows(rows: torch.Tensor, dataset: Dataset, lead: Sequence[int]) -> ArtistIndex:
    """Index from the leading works' own rows [L, D] (`work_rows`), summed up by artist and rounded to int8."""
    chosen = torch.tensor(sorted(set(lead)))
    artists, artist_of = len(dataset.artists), dataset.artist_of[chosen]
    summed = torch.zeros(artists, rows.shape[1], dtype=rows.dtype).index_add_(0, artist_of, rows).numpy()
    # The 99.9th percentile of each row's size, the largest of them: a few clipped numbers for a finer step.
    scale = float(np.quantile(np.abs(summed), 0.999, axis=1).max()) / 127 or 1.0
    counts = torch.bincount(artist_of, minlength=artists)
    quantised = np.clip(np.rint(summed / scale), -127, 127).astype(np.int8)
    hashes = [work.content_hash for work in dataset.works]
    copies = tuple((hashes[i], hashes[first]) for i, first in enumerate(lead) if i != first)
    return ArtistIndex(tuple(dataset.artists), quantised, scale, tuple(counts.tolist()), copies)


def alone(features: torch.Tensor) -> torch.Tensor:
    """float64 [N] of gradients [N, D]: 1 for a work like no other, 1/k for k whose gradients are one direction.

    What all gradients share is taken off first; a neighbour counts in full from a cosine of PARALLEL[1], not at
    all below PARALLEL[0]. So the same picture saved k times, should it slip through the search for copies, is
    paid about once, and its k owners alike.
    """
    centred = features.float() - features.float().mean(0)
    unit = centred / centred.norm(dim=1, keepdim=True).clamp_min(1e-30)
    first, full = PARALLEL
    beside = torch.cat([((part @ unit.T - first) / (full - first)).clamp(0, 1).sum(1) for part in unit.split(512)])
    return 1 / beside.double().clamp_min(1)


def _expect_finite(features: torch.Tensor, whose: str) -> None:
    """Numbers that are none would become int8 zeros: nobody would be paid, and nobody told why."""
    if not bool(features.isfinite().all()):
        raise ArithmeticError(f"{whose} gradients are infinite or no numbers: this model cannot be attributed")


def work_rows(features: torch.Tensor, damping: float, weights: torch.Tensor | None = None) -> torch.Tensor:
    """float64 [N, D]: wᵢΦᵢ(ΦᵀWΦ + λI)⁻¹ of each work, λ = damping · trace(ΦᵀWΦ)/Σw; weights w [N], absent: 1.

    Computed as √W(ΨΨᵀ + λI)⁻¹Ψ with Ψ = √W·Φ, which is the same and N×N instead of D×D.
    """
    root = torch.ones(len(features), dtype=torch.float64) if weights is None else weights.double().sqrt()
    scaled = root[:, None] * features.double()
    gram = scaled @ scaled.T
    strength = damping * (gram.trace() / root.square().sum()).clamp_min(1e-30)
    gram.diagonal().add_(strength)
    return root[:, None] * torch.cholesky_solve(scaled, torch.linalg.cholesky(gram))


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
