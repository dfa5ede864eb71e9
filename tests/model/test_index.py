"""The artist index on a tiny network: rows, queries and files."""

import copy
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from model.attribution.index import ArtistIndex, artist_rows, build_index, quantise, query
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


def test_rows_are_linear_in_the_works() -> None:
    features = torch.randn(9, 5, generator=torch.Generator().manual_seed(0)).double()
    artist_of = torch.tensor([0, 0, 0, 1, 1, 2, 2, 2, 2])
    rows = artist_rows(features, artist_of, 3, damping=0.1)
    gram = features.T @ features
    ridge = 0.1 * torch.trace(gram) / 9 * torch.eye(5, dtype=torch.float64)
    each = features @ torch.linalg.inv(gram + ridge)
    expected = torch.stack([each[artist_of == a].sum(0) for a in range(3)])
    np.testing.assert_allclose(rows, expected.numpy(), rtol=1e-6)


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


def test_numbers_that_are_none_are_an_error(pipeline: MeltingPotPipeline, dataset: Dataset) -> None:
    broken = copy.deepcopy(pipeline.unet)
    with torch.no_grad():
        broken.conv_out.weight.fill_(torch.nan)
    damaged = MeltingPotPipeline(broken, pipeline.text_encoder, pipeline.tokenizer, pipeline.scheduler)
    with pytest.raises(ArithmeticError, match="cannot be attributed"):
        build_index(damaged, dataset, TINY_ATTRIBUTION)
    with pytest.raises(ArithmeticError, match="cannot be attributed"):
        query(damaged, Image.new("RGB", (16, 16)), "red", TINY_ATTRIBUTION)
