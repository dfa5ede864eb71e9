"""Index and probes on a tiny network; from the int8 numbers on everything is repeatable."""

import copy
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from model.attribution.contribution import measure
from model.attribution.evidence import probes_of
from model.attribution.index import ArtistIndex, build_index, quantise, query, work_rows
from model.checkpoint import load_pipeline
from model.dataset import Dataset, Manifest
from model.pipeline import MeltingPotPipeline
from model.train import TrainResult
from tests.model.conftest import FEW, TINY, TINY_ATTRIBUTION


@pytest.fixture(scope="module")
def pipeline(trained: TrainResult) -> MeltingPotPipeline:
    return load_pipeline(trained.directory)


@pytest.fixture(scope="module")
def index(pipeline: MeltingPotPipeline, dataset: Dataset) -> ArtistIndex:
    return build_index(pipeline, dataset, TINY_ATTRIBUTION)


def test_rows_are_those_of_the_weighted_ridge() -> None:
    features = torch.randn(9, 5, generator=torch.Generator().manual_seed(0)).double()
    for weights in (torch.ones(9), torch.rand(9, generator=torch.Generator().manual_seed(1)) + 0.1):
        weights = weights.double()
        gram = features.T @ (weights[:, None] * features)
        ridge = 0.1 * torch.trace(gram) / weights.sum() * torch.eye(5, dtype=torch.float64)
        expected = weights[:, None] * (features @ torch.linalg.inv(gram + ridge))
        torch.testing.assert_close(work_rows(features, 0.1, weights), expected)


def test_queries_have_one_size_whatever_the_gradient() -> None:
    gradient = torch.randn(2, 512, generator=torch.Generator().manual_seed(0))
    small, large = quantise(gradient * 1e-9), quantise(gradient * 1e6)
    assert small.dtype == np.int8 and np.array_equal(small, large)
    assert 31 < np.sqrt((small.astype(float) ** 2).mean()) < 33


def test_an_exact_copy_by_another_artist_earns_nothing(
    pipeline: MeltingPotPipeline, dataset: Dataset, index: ArtistIndex
) -> None:
    copies = [
        replace(work, content_hash="0xff" + work.content_hash[4:], artist="copier")
        for work in dataset.works[:4]
    ]
    manifest = Manifest((*dataset.works, *copies))
    doubled = Dataset(
        manifest,
        torch.cat([dataset.images, dataset.images[:4]]),
        dataset.captions + dataset.captions[:4],
        [*dataset.artists, "copier"],
        torch.cat([dataset.artist_of, torch.full((4,), 3)]),
    )
    with_copies = build_index(pipeline, doubled, TINY_ATTRIBUTION)
    assert with_copies.clusters == (*index.clusters, 0)
    assert not with_copies.rows[3].any()
    assert np.array_equal(with_copies.rows[:3], index.rows)


def test_files_have_stable_bytes(index: ArtistIndex, folder: Path) -> None:
    index.save(folder / "a.npz")
    ArtistIndex.load(folder / "a.npz").save(folder / "b.npz")
    data = (folder / "a.npz").read_bytes()
    assert data == (folder / "b.npz").read_bytes()
    assert ArtistIndex.load(io.BytesIO(data)).artists == index.artists
    with pytest.raises(ValueError, match="arrays"):
        ArtistIndex.load(io.BytesIO(b"PK not an index"))


def test_a_query_is_repeatable(pipeline: MeltingPotPipeline, index: ArtistIndex) -> None:
    image = pipeline("red circle", num_inference_steps=2, output_size=64).images[0]
    first = query(pipeline, image, "red circle", TINY_ATTRIBUTION)
    assert first.dtype == np.int8 and first.shape == (index.rows.shape[1],)
    assert np.array_equal(first, query(pipeline, image, "red circle", TINY_ATTRIBUTION))


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
        before = measure(pipeline, dataset, index, TINY_ATTRIBUTION, FEW, TINY)
        after = measure(pipeline, crowded, found, TINY_ATTRIBUTION, FEW, TINY)
        assert after.probes.asked == before.probes.asked
        assert np.array_equal(after.retrained.losses, before.retrained.losses)
        assert after.allocations == before.allocations
        assert "copier" not in after.allocations and after.intervals.get("copier", (0, 0)) == (0, 0)


def test_numbers_that_are_none_are_an_error(pipeline: MeltingPotPipeline, dataset: Dataset) -> None:
    broken = copy.deepcopy(pipeline.unet)
    with torch.no_grad():
        broken.conv_out.weight.fill_(torch.nan)
    damaged = MeltingPotPipeline(broken, pipeline.text_encoder, pipeline.tokenizer, pipeline.scheduler)
    with pytest.raises(ArithmeticError, match="cannot be attributed"):
        build_index(damaged, dataset, TINY_ATTRIBUTION)
    with pytest.raises(ArithmeticError, match="cannot be attributed"):
        query(damaged, Image.new("RGB", (16, 16)), "red", TINY_ATTRIBUTION)
