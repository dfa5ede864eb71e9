"""The gaming suite on a tiny network: attacked datasets are what they say, and every figure is there."""

from random import Random

import pytest
import torch

from model.dataset import Dataset
from model.evaluation import attacks
from model.evaluation.gaming import Suite, measure, ratios
from model.evaluation.gaming_page import table
from model.evaluation.sales import evaluation_set
from model.settings import AttributionSettings
from tests.model.conftest import TINY

SMALLEST = Suite(
    train=TINY,
    attribution=AttributionSettings(dimensions=64, noise_levels=1, lowest_noise=0.0, batch_size=8),
    least_works=2,
    attackers=1,
    pictures=6,
    halves=1,
)


def test_the_whole_suite(dataset: Dataset) -> None:
    told: list[tuple[str, int, int]] = []
    found = measure(dataset, SMALLEST, lambda *step: told.append(step))
    assert {"copies10_index", "copies10_end_to_end", "identities10_end_to_end"} <= set(found)
    assert 0 <= found["null_artist_paid_fraction"] <= 1
    assert len(found["attacks"]) == 12
    assert [done for _, done, _ in told] == list(range(told[0][2]))
    page = table(found)
    assert all(name in page for name in found["attacks"])


def test_copies_are_new_works_by_the_same_artist(dataset: Dataset) -> None:
    artist = dataset.artists[0]
    copied = attacks.copies(dataset, [artist], attacks.resaved, times=3)
    new = [place for place, work in enumerate(copied.works) if work.registered == 1]
    assert len(new) == len(copied) - len(dataset) == 3 * sum(w.artist == artist for w in dataset.works)
    assert {copied.works[place].artist for place in new} == {artist}
    hashes = [work.content_hash for work in copied.works]
    assert hashes == sorted(set(hashes))


def test_a_thief_copies_every_work_of_the_victim(dataset: Dataset) -> None:
    thief, victim = dataset.artists[:2]
    stolen = attacks.thefts(dataset, {thief: victim})
    titles = sorted(work.title for work in stolen.works if work.registered == 1)
    assert titles == sorted(work.title for work in dataset.works if work.artist == victim)


def test_identities_leave_pictures_and_captions_alone(dataset: Dataset) -> None:
    split = attacks.identities(dataset, dataset.artists[0], count=2)
    assert torch.equal(split.images, dataset.images) and split.captions == dataset.captions
    assert {f"{dataset.artists[0]}/0", f"{dataset.artists[0]}/1"} < set(split.artists)


def test_renamed_and_stuffed_captions(dataset: Dataset) -> None:
    artist = dataset.artists[0]
    renamed = attacks.renamed(dataset, [artist], ["sun"])
    assert {work.title for work in renamed.works if work.artist == artist} == {"sun"}
    stuffed = attacks.stuffed(dataset, [artist], ["one", "two", "three", "four"])
    for before, after in zip(dataset.works, stuffed.works, strict=True):
        assert after.title.startswith(before.title)
        assert (after.title != before.title) == (after.artist == artist)


def test_popular_words() -> None:
    assert attacks.popular_words(["red cat", "Cat cat", "blue dog", "red"], most=2) == ["cat", "red"]


@pytest.mark.parametrize("drawn", (attacks.noise_picture, attacks.outlier_picture))
def test_false_works(dataset: Dataset, drawn) -> None:
    assert not torch.equal(drawn(16, Random(1)), drawn(16, Random(2)))
    filled = attacks.filled(dataset, [dataset.artists[0]], drawn, ["sun", "moon"])
    assert {work.title for work in filled.works if work.registered == 1} <= {"sun", "moon"}


def test_small_artists_take_no_part(dataset: Dataset) -> None:
    with pytest.raises(ValueError, match="0 artists"):
        evaluation_set(dataset, 5)
    assert all(work.tags == ("drawing",) for work in evaluation_set(dataset, 4).works)


def test_ratios_are_of_attackers_who_had_something() -> None:
    found = ratios([0.2, 0.0], [0.3, 0.1])
    assert (found["mean"], found["pooled"], found["attackers"]) == (1.5, 2.0, 2)
