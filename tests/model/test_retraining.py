"""Training small networks on parts of the artists: exact, repeatable, and never done twice."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from model.attribution import retraining
from model.attribution.retraining import (
    Outcome,
    Pictures,
    Plan,
    Retraining,
    part_of,
    picture_losses,
    retrain,
    retrained,
    shrunk,
    shrunk_dataset,
)
from model.dataset import Dataset, without
from model.settings import SMALL
from tests.model.conftest import FEW, TINY

QUICK = TINY.but(steps=2)
RUNS = [Retraining(np.array(row, dtype=bool), 7) for row in ([1, 0, 0], [0, 1, 0], [0, 1, 1])]


@pytest.fixture(scope="module")
def pictures(dataset: Dataset) -> Pictures:
    return Pictures(dataset.images[:3], [work.title for work in dataset.works[:3]])


@pytest.fixture(scope="module")
def plan(dataset: Dataset, pictures: Pictures) -> Plan:
    return Plan(dataset, QUICK, pictures, FEW, FEW.scores())


@pytest.fixture(scope="module")
def outcomes(plan: Plan) -> list[Outcome]:
    return retrained(plan, RUNS, processes=1)


def expect_equal(found: list[Outcome], expected: list[Outcome]) -> None:
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one.losses, other.losses)
        np.testing.assert_array_equal(one.scores, other.scores)


def test_pictures_shrink_by_exact_means() -> None:
    images = torch.randint(
        0, 256, (2, 3, 12, 12), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)
    )
    found = shrunk(images, 4)
    blocks = images.numpy().astype(float).reshape(2, 3, 4, 3, 4, 3).mean((3, 5))
    np.testing.assert_array_equal(found.numpy(), np.floor(blocks + 0.5))
    assert torch.equal(shrunk(images, 12), images)
    with pytest.raises(ValueError, match="give a multiple"):
        shrunk(images, 5)


def test_a_subset_has_all_works_of_its_artists_and_no_others(dataset: Dataset) -> None:
    part = part_of(dataset, np.array([True, False, True]))
    chosen = {dataset.artists[0], dataset.artists[2]}
    assert part.works == tuple(work for work in dataset.works if work.artist in chosen)
    assert set(part.artists) == chosen and len(part.images) == len(part.captions) == 8
    assert [part.artists[i] for i in part.artist_of.tolist()] == [work.artist for work in part.works]
    with pytest.raises(ValueError, match="needs works"):
        part_of(dataset, np.zeros(3, dtype=bool))


def test_a_dataset_without_copies_keeps_the_artists_places(dataset: Dataset) -> None:
    of_first = {work.content_hash for work in dataset.works if work.artist == dataset.artists[0]}
    left = without(dataset, of_first)
    assert left.artists == dataset.artists and len(left) == 8
    assert [left.artists[i] for i in left.artist_of.tolist()] == [work.artist for work in left.works]
    assert shrunk_dataset(left, 8).images.shape == (8, 3, 8, 8)


def test_the_same_seed_gives_the_same_and_another_artist_something_else(
    plan: Plan, outcomes: list[Outcome]
) -> None:
    expect_equal(retrained(plan, RUNS[:1], processes=1), outcomes[:1])
    assert outcomes[0].losses.shape == (3,) and np.isfinite(outcomes[0].losses).all()
    assert not np.array_equal(outcomes[0].losses, outcomes[1].losses)


def test_a_network_says_nothing_of_artists_that_it_was_not_trained_on(outcomes: list[Outcome]) -> None:
    for outcome, run in zip(outcomes, RUNS, strict=True):
        assert outcome.scores.shape == (3, 3)
        assert outcome.scores[:, run.subset].any(0).all() and not outcome.scores[:, ~run.subset].any()


def test_the_words_are_those_of_the_whole_dataset(dataset: Dataset) -> None:
    """Or a network would be told what it cannot know: whose titles it was trained on."""
    one, other = (retrain(dataset, QUICK, run) for run in RUNS[:2])
    assert one.tokenizer.get_vocab() == other.tokenizer.get_vocab()


def test_two_processes_give_what_one_gives(plan: Plan, outcomes: list[Outcome]) -> None:
    told: list[tuple[int, int]] = []
    expect_equal(retrained(plan, RUNS, processes=2, progress=lambda *step: told.append(step)), outcomes)
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_what_was_trained_before_is_read_and_not_trained_again(
    plan: Plan, outcomes: list[Outcome], tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = replace(plan, folder=tmp_path / "kept")
    expect_equal(retrained(kept, RUNS[:2], processes=1), outcomes[:2])

    def never(*_: object) -> None:
        raise AssertionError("this retraining was done before")

    monkeypatch.setattr(retraining, "retrain", never)
    expect_equal(retrained(kept, RUNS[:2], processes=1), outcomes[:2])
    for other in (replace(kept, settings=plan.settings.but(steps=3)), replace(kept, scores=None)):
        with pytest.raises(AssertionError):
            retrained(other, RUNS[:1], processes=1)


def test_the_loss_of_a_picture_does_not_depend_on_its_company(dataset: Dataset, pictures: Pictures) -> None:
    pipeline = retrain(dataset, QUICK, RUNS[0])
    together = picture_losses(pipeline, pictures, FEW)
    alone = picture_losses(pipeline, Pictures(pictures.images[1:2], pictures.prompts[1:2]), FEW)
    torch.testing.assert_close(together[1:2], alone)
    assert together.shape == (3, 2)


def test_training_on_an_artist_lowers_the_loss_on_its_works(dataset: Dataset) -> None:
    """The one direction that must be right: forty steps on red works, and on green ones."""
    red, green = dataset.artists.index("artist red"), dataset.artists.index("artist green")
    own = [i for i, work in enumerate(dataset.works) if work.artist == "artist red"]
    asked = Pictures(dataset.images[own], [dataset.captions[i] for i in own])
    settings = SMALL.but(widths=(16, 16), steps=40, batch_size=8)
    runs = [Retraining(np.arange(3) == artist, 7) for artist in (red, green)]
    found = retrained(Plan(dataset, settings, asked, FEW), runs, processes=1)
    assert found[0].losses.mean() < found[1].losses.mean()
    assert found[0].scores.shape == (len(own), 0)


def test_pictures_need_a_prompt_each(dataset: Dataset) -> None:
    with pytest.raises(ValueError, match="a prompt each"):
        Pictures(dataset.images[:2], ["one"])
    with pytest.raises(ValueError, match="a prompt each"):
        Pictures(dataset.images[:1].float(), ["one"])
