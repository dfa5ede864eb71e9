"""Clusters of near-copies: who leads, and that being alike is not handed on."""

from random import Random

import pytest
import torch

from benchmarks.alterations import ALTERATIONS
from model.dataset import Dataset
from model.duplicates.clusters import leaders
from tests.model.scenes import face, pixels, scene


def altered(seed: int, name: str) -> torch.Tensor:
    return pixels(ALTERATIONS[name](scene(seed), Random(seed)))


def test_equal_pictures_follow_the_first(dataset: Dataset) -> None:
    assert leaders(torch.cat([dataset.images, dataset.images])) == [*range(12), *range(12)]


def test_the_earliest_registration_leads_its_copies() -> None:
    images = torch.stack(
        [altered(1, "crop_flip_jpeg"), pixels(scene(1)), pixels(scene(2)), altered(1, "border")]
    )
    assert leaders(images) == [0, 0, 2, 0]
    assert leaders(images, [9, 3, 4, 5]) == [1, 1, 2, 1]


def test_faces_of_one_artist_stay_apart() -> None:
    faces = torch.stack([pixels(face(mouth)) for mouth in ("smile", "sad", "open")])
    assert leaders(faces) == [0, 1, 2]


def test_many_nearer_works_cannot_crowd_the_copied_one_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model.duplicates.clusters.MOST", 1)
    monkeypatch.setattr("model.duplicates.clusters.CLOSE", 0.5)
    faces = [pixels(face(mouth)) for mouth in ("smile", "sad", "open")]
    framed = [pixels(ALTERATIONS["border"](face(mouth), Random(3))) for mouth in ("smile", "sad", "open")]
    assert leaders(torch.stack([*faces, *framed])) == [0, 1, 2, 0, 1, 2]


def test_the_order_of_the_works_changes_nothing() -> None:
    images = torch.stack(
        [*(pixels(scene(seed)) for seed in range(4)), altered(0, "jpeg"), altered(3, "flip")]
    )
    times = [5, 2, 9, 4, 7, 1]
    lead = leaders(images, times)
    order = [3, 5, 0, 4, 2, 1]
    moved = leaders(images[order], [times[place] for place in order])
    assert [order[first] for first in moved] == [lead[place] for place in order]
    assert lead[4] == 0 and lead[3] == 5


def test_a_copy_of_a_copy_leads_itself_once_it_has_drifted() -> None:
    """Turned by 5° again and again: each is a copy of the one before, the last none of the first."""
    images = torch.stack(
        [pixels(scene(6).rotate(angle, fillcolor=scene(6).getpixel((0, 0)))) for angle in (0, 5, 10, 15)]
    )
    lead = leaders(images)
    assert lead[1] == 0 and lead[3] not in (0, 1)
