"""Contributions on a tiny network; from the int8 numbers on everything is repeatable."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from model.attribution.contribution import (
    Probe,
    Probes,
    contribution_from,
    load_probes,
    measure,
    probes_of,
    quality_of,
)
from model.attribution.index import ArtistIndex, build_index
from model.checkpoint import load_pipeline
from model.dataset import Dataset, Manifest
from model.pipeline import MeltingPotPipeline
from model.train import TrainResult
from tests.model.conftest import TINY_ATTRIBUTION


@pytest.fixture(scope="module")
def pipeline(trained: TrainResult) -> MeltingPotPipeline:
    return load_pipeline(trained.directory)


@pytest.fixture(scope="module")
def index(pipeline: MeltingPotPipeline, dataset: Dataset) -> ArtistIndex:
    return build_index(pipeline, dataset, TINY_ATTRIBUTION)


def test_measured_contributions_follow_from_the_published_files(
    pipeline: MeltingPotPipeline, dataset: Dataset, index: ArtistIndex, folder: Path
) -> None:
    told: list[tuple[int, int]] = []
    found = measure(pipeline, dataset, index, TINY_ATTRIBUTION, lambda *step: told.append(step))
    assert sum(found.allocations.values()) == 10**9
    assert told[-1][0] == told[-1][1]
    found.save_probes(folder / "probes.npz")
    index.save(folder / "index.npz")
    again = contribution_from(ArtistIndex.load(folder / "index.npz"), load_probes(folder / "probes.npz"))
    assert (again.scores, again.threshold, again.allocations, again.quality) == (
        found.scores,
        found.threshold,
        found.allocations,
        found.quality,
    )


def test_probes_are_drawn_over_works(dataset: Dataset) -> None:
    asked = probes_of(dataset.works, (), TINY_ATTRIBUTION)
    assert [probe.prompt for probe in asked] == [dataset.works[i].title for i in (0, 3, 6, 9)]
    assert len(probes_of(dataset.works, (), replace(TINY_ATTRIBUTION, probes=99))) == len(dataset)


def test_ten_copies_earn_nothing_extra(
    pipeline: MeltingPotPipeline, dataset: Dataset, index: ArtistIndex
) -> None:
    """An artist, or somebody else, registers a work ten times more: allocations stay as they were."""
    for copier in (dataset.works[0].artist, "copier"):
        copies = [
            replace(dataset.works[0], content_hash=f"0x{number:02x}" + "ab" * 31, artist=copier, registered=9)
            for number in range(10)
        ]
        order = sorted([*dataset.works, *copies], key=lambda work: work.content_hash)
        place = {work.content_hash: i for i, work in enumerate(dataset.works)}
        source = [place.get(work.content_hash, 0) for work in order]
        artists = sorted({work.artist for work in order})
        crowded = Dataset(
            Manifest(tuple(order)),
            dataset.images[source],
            [dataset.captions[i] for i in source],
            artists,
            torch.tensor([artists.index(work.artist) for work in order]),
        )
        found = build_index(pipeline, crowded, TINY_ATTRIBUTION)
        assert sorted(found.copies) == sorted(
            (work.content_hash, dataset.works[0].content_hash) for work in copies
        )
        before = measure(pipeline, dataset, index, TINY_ATTRIBUTION)
        after = measure(pipeline, crowded, found, TINY_ATTRIBUTION)
        assert after.probes.asked == before.probes.asked
        assert after.allocations == before.allocations
        assert "copier" not in after.allocations


def known(rows: list[list[int]], queries: list[list[int]], prompted: list[str]) -> tuple[ArtistIndex, Probes]:
    index = ArtistIndex(("a", "b", "c"), np.array(rows, dtype=np.int8), 1.0, (5, 3, 2))
    asked = tuple(Probe(name, 0, name) for name in prompted)
    return index, Probes(asked, np.array(queries, dtype=np.int8).reshape(len(asked), -1))


def test_every_probe_counts_the_same() -> None:
    index, probes = known([[1, 0], [0, 1], [0, 0]], [[100, 0], [0, 1]], ["a", "b"])
    found = contribution_from(index, probes)
    assert found.scores == {"a": 10**9, "b": 10**9, "c": 0}
    assert found.allocations == {"a": 5 * 10**8, "b": 5 * 10**8}
    assert found.quality["w_bps"] == 10_000


def test_without_any_signal_distinct_works_count() -> None:
    index, probes = known([[0], [0], [0]], [[1], [1]], ["a", "b"])
    found = contribution_from(index, probes)
    assert found.allocations == {"a": 5 * 10**8, "b": 3 * 10**8, "c": 2 * 10**8}
    assert found.quality["w_bps"] == 0


def test_paying_everybody_is_worth_nothing() -> None:
    everybody = [{"a": 1, "b": 1}, {"a": 1, "b": 1}]
    assert quality_of(everybody, ["a", "b"])["w_bps"] == 0
    assert quality_of([], [])["w_bps"] == 0
