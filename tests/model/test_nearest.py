"""Nearest works and memorisation: a signal by looks."""

import io
from dataclasses import replace

import pytest
import torch
from PIL import Image

from model.dataset import Dataset, Manifest
from model.duplicates.nearest import distances, features, memorisation, nearest_works


def picture(files: dict[str, bytes], dataset: Dataset, position: int) -> Image.Image:
    return Image.open(io.BytesIO(files[dataset.works[position].content_hash])).convert("RGB")


def test_a_work_is_nearest_to_itself(dataset: Dataset, files: dict[str, bytes]) -> None:
    work = dataset.works[4]
    ranked = nearest_works(picture(files, dataset, 4), dataset, work.artist, k=3)
    assert ranked[0] == (work.content_hash, pytest.approx(0.0, abs=1e-6))
    assert len(ranked) == 3 and ranked == sorted(ranked, key=lambda pair: pair[1])
    own = {other.content_hash for other in dataset.works if other.artist == work.artist}
    assert {content_hash for content_hash, _ in ranked} <= own


def test_an_unknown_artist_is_named(dataset: Dataset, files: dict[str, bytes]) -> None:
    with pytest.raises(KeyError, match="nobody"):
        nearest_works(picture(files, dataset, 0), dataset, "nobody")


def test_memorised_and_new_pictures_differ(dataset: Dataset, files: dict[str, bytes]) -> None:
    copied = memorisation(picture(files, dataset, 2), dataset)
    assert copied["near_copy"] and copied["content_hash"] == dataset.works[2].content_hash
    fresh = memorisation(Image.new("RGB", (32, 32), "purple"), dataset)
    assert not fresh["near_copy"] and fresh["ratio"] > 1


def test_black_against_white_differs_in_lightness_alone() -> None:
    ends = torch.stack([torch.zeros(3, 16, 16), torch.full((3, 16, 16), 255.0)]).to(torch.uint8)
    lightness = distances(features(ends)[:1], features(ends)[1:]).item() * 3**0.5
    assert lightness == pytest.approx(1.0, abs=1e-3)


def few(dataset: Dataset, positions: list[int]) -> Dataset:
    works = tuple(
        replace(dataset.works[place], content_hash=f"0x{number:064x}")
        for number, place in enumerate(positions)
    )
    captions = [dataset.captions[place] for place in positions]
    return Dataset(
        Manifest(works), dataset.images[positions], captions, dataset.artists, dataset.artist_of[positions]
    )


@pytest.mark.parametrize("positions", [[2], [2] * 10, [2] * 10 + [3] * 10])
def test_a_repeated_work_is_told_in_any_set(
    dataset: Dataset, files: dict[str, bytes], positions: list[int]
) -> None:
    """With one work, or with more copies than works, the usual distance is not that between copies."""
    copied = memorisation(picture(files, dataset, 2), few(dataset, positions))
    assert copied["near_copy"] and copied["usual"] > 0.01
    assert not memorisation(Image.new("RGB", (32, 32), "purple"), few(dataset, positions))["near_copy"]
