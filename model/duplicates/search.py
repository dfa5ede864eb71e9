"""Is a picture a copy of one of a million works? Descriptors in cells, the nearest cells read, pixels decide.

100 bytes a work: content hash, descriptor, cell. Above `PLAIN` works, k-means (Lloyd 1982) puts descriptors
into cells; a query reads those around it, and all that was added since. Pictures of works lie elsewhere (IPFS,
a disk): the caller hands them in by content hash.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
import torch

from model.attribution.arrays import read_arrays, write_arrays
from model.duplicates.clusters import NEAR
from model.duplicates.descriptor import FULL, WIDTH, descriptors, views
from model.duplicates.verdict import Prepared, Verdict, compare

PLAIN = 20_000  # works that are searched without cells
WORKS_A_CELL = 1_000
PROBED = 24  # cells read for each view of a query
CANDIDATES = 16  # works whose pictures are fetched
LAID_OVER = (
    4  # of them, the best by coarse correlation, laid over the query in full, when the very best is no copy
)
ROUNDS = 5  # of k-means
SAMPLE_A_CELL = 48  # rows
CHUNK = 8192  # rows assigned at once


@dataclass(frozen=True)
class Match:
    """A work, the cosine of its descriptor with the query's, and whether the query is a copy of it."""

    content_hash: str
    cosine: float
    verdict: Verdict


class NearCopyIndex:
    """Descriptors int8 [N, 64] by content hash, in the order in which they were added."""

    def __init__(self) -> None:
        self.hashes = np.zeros((0, 32), np.uint8)
        self.rows = np.zeros((0, WIDTH), np.int8)
        self._centres = np.zeros((0, WIDTH), np.float32)
        self._cells = np.zeros(0, np.int32)  # of the first rows; those added later are in none yet
        self._order = np.zeros(0, np.int64)  # places of rows, cell by cell
        self._sorted = np.zeros((0, WIDTH), np.int8)
        self._ends = np.zeros(0, np.int64)

    def __len__(self) -> int:
        return len(self.rows)

    def add(self, content_hashes: Sequence[str], images: torch.Tensor) -> None:
        """Add works: 0x + sha256 each, and pictures uint8 [N, 3, S, S]."""
        self.add_described(content_hashes, descriptors(images))

    def add_described(self, content_hashes: Sequence[str], rows: np.ndarray) -> None:
        """Add works whose descriptors int8 [N, 64] are known. Raises ValueError on other shapes."""
        if rows.dtype != np.int8 or rows.shape != (len(content_hashes), WIDTH):
            raise ValueError(
                f"got {len(content_hashes)} works and {rows.dtype} {rows.shape}, "
                f"wanted int8 ({len(content_hashes)}, {WIDTH})"
            )
        digests = b"".join(bytes.fromhex(name.removeprefix("0x")) for name in content_hashes)
        if len(digests) != 32 * len(content_hashes):
            raise ValueError("a content hash is 0x and 64 hexadecimal digits")
        self.hashes = np.concatenate([self.hashes, np.frombuffer(digests, np.uint8).reshape(-1, 32)])
        self.rows = np.concatenate([self.rows, rows])
        if len(self) - len(self._order) > max(PLAIN, len(self) // 16):
            self._put_into_cells()

    def candidates(self, image: torch.Tensor, most: int = CANDIDATES) -> list[tuple[int, float]]:
        """(place, cosine) of the works nearest to a picture uint8 [3, S, S], at most `most`, the nearest first."""
        query = descriptors(views(image[None])).astype(np.float32)
        return self.nearest(query, most)

    def nearest(self, query: np.ndarray, most: int = CANDIDATES) -> list[tuple[int, float]]:
        """As `candidates`, of the views' descriptors float32 [V, 64] with numbers −127…127."""
        fresh = np.arange(len(self._order), len(self))
        places, rows = [fresh], [self.rows[len(self._order) :]]
        if len(self._order):
            near = np.argpartition(-(query @ self._centres.T), min(PROBED, len(self._centres) - 1), axis=1)
            for cell in np.unique(near[:, :PROBED]):
                part = slice(self._ends[cell - 1] if cell else 0, self._ends[cell])
                places.append(self._order[part])
                rows.append(self._sorted[part])
        place = np.concatenate(places)
        cosine = (np.concatenate(rows).astype(np.float32) @ query.T).max(1, initial=-np.inf) / FULL**2
        best = np.argpartition(-cosine, most - 1)[:most] if len(cosine) > most else np.arange(len(cosine))
        best = best[np.lexsort((place[best], -cosine[best]))]
        return [(int(place[i]), float(cosine[i])) for i in best if cosine[i] >= NEAR]

    def find(self, image: torch.Tensor, picture_of: Callable[[str], torch.Tensor]) -> list[Match]:
        """The works that a picture uint8 [3, S, S] may be a copy of, with the verdict on each, copies first.

        `picture_of(content hash)` gives a work's uint8 [3, S, S].
        """
        return self.judged(image, self.candidates(image), picture_of)

    def judged(
        self, image: torch.Tensor, found: list[tuple[int, float]], picture_of: Callable[[str], torch.Tensor]
    ) -> list[Match]:
        """The second half of `find`: verdicts on the candidates."""
        if not found:
            return []
        names = ["0x" + self.hashes[place].tobytes().hex() for place, _ in found]
        works = Prepared.of(torch.stack([picture_of(name) for name in names]))
        query = Prepared.of(image[None])
        verdicts = compare(works, query, 1)
        if not any(verdict.same for verdict in verdicts):
            verdicts = compare(works, query, LAID_OVER)
        matches = [
            Match(name, cosine, verdict)
            for name, (_, cosine), verdict in zip(names, found, verdicts, strict=True)
        ]
        return sorted(matches, key=lambda match: (match.verdict.strain, -match.cosine, match.content_hash))

    def save(self, path: Path) -> None:
        """Write an .npz whose bytes depend on the content alone."""
        write_arrays(
            path, {"hashes": self.hashes, "rows": self.rows, "centres": self._centres, "cells": self._cells}
        )

    @classmethod
    def load(cls, source: Path | IO[bytes]) -> NearCopyIndex:
        """Read a saved index. Raises ValueError when its parts do not fit together."""
        data = read_arrays(source, ("hashes", "rows", "centres", "cells"))
        index = cls()
        index.hashes, index.rows, index._centres = data["hashes"], data["rows"], data["centres"]
        index._cells = data["cells"]
        kinds = (index.hashes.dtype, index.rows.dtype, index.hashes.shape, index.rows.shape)
        fits = len(index._cells) <= len(index) and index._cells.max(initial=-1) < len(index._centres)
        if kinds != (np.uint8, np.int8, (len(index), 32), (len(index), WIDTH)) or not fits:
            raise ValueError(f"not an index of near-copies: {kinds}, {len(index._cells)} in cells")
        index._sort()
        return index

    def _put_into_cells(self) -> None:
        """Choose cells anew when there are twice as many works as when they were chosen, and sort all into them."""
        wanted = len(self) // WORKS_A_CELL
        if wanted > 2 * len(self._centres) or not len(self._centres):
            rng = np.random.default_rng(0)
            sample = self.rows[np.sort(rng.choice(len(self), min(len(self), wanted * SAMPLE_A_CELL), False))]
            centres = sample[:: max(1, len(sample) // wanted)][:wanted].astype(np.float32)
            for _ in range(ROUNDS):
                cell = _nearest_cell(sample, centres)
                sums = np.stack([np.bincount(cell, sample[:, i], wanted) for i in range(WIDTH)], 1)
                filled = np.bincount(cell, minlength=wanted) > 0
                centres[filled] = sums[filled].astype(np.float32)
                centres /= np.linalg.norm(centres, axis=1, keepdims=True).clip(1e-9)
            self._centres, self._cells = centres, np.zeros(0, np.int32)
        fresh = _nearest_cell(self.rows[len(self._cells) :], self._centres)
        self._cells = np.concatenate([self._cells, fresh])
        self._sort()

    def _sort(self) -> None:
        self._order = np.argsort(self._cells, kind="stable")
        self._sorted = self.rows[self._order]
        self._ends = np.cumsum(np.bincount(self._cells, minlength=len(self._centres)))


def _nearest_cell(rows: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """int32 [N]: the centre with the greatest product."""
    cell = np.zeros(len(rows), np.int32)
    for first in range(0, len(rows), CHUNK):
        part = slice(first, first + CHUNK)
        cell[part] = (rows[part].astype(np.float32) @ centres.T).argmax(1)
    return cell
