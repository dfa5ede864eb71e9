"""The evaluation by retraining, whole, on six artists and networks of two steps."""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from model.attribution.ensemble import Scorer, mean_scores, of_one_size
from model.attribution.peers.task import PEERS, Task, artist_scores
from model.attribution.retraining import Retraining, retrain
from model.dataset import Dataset, Manifest, WorkRecord, load_dataset
from model.evaluation import faithfulness
from model.evaluation.faithfulness import FaithfulnessSettings
from model.evaluation.ours import Ours
from model.settings import RetrainSettings
from tests.model.conftest import TINY, TINY_ATTRIBUTION

ARTISTS, EACH = 6, 3
FEW = FaithfulnessSettings(
    evaluated=4, fitted=(3, 5), scored=4, pictures=8, chosen_on=3, dimensions=64, noise_levels=1, draws=20,
    removed=1, removal_groups=1,
)  # fmt: skip


@pytest.fixture(scope="module")
def six() -> Dataset:
    """Plain squares by six artists, three works each."""
    files, works = {}, []
    for artist in range(ARTISTS):
        for number in range(EACH):
            out = io.BytesIO()
            Image.new("RGB", (16, 16), (40 * artist, 80 * number, 120)).save(out, "PNG")
            key = "0x" + hashlib.sha256(out.getvalue()).hexdigest()
            files[key] = out.getvalue()
            works.append(WorkRecord(key, "", "", f"artist {artist}", f"square {artist} {number}"))
    return load_dataset(Manifest(tuple(works)), lambda work: files[work.content_hash], TINY.size)


@pytest.fixture(scope="module")
def asked(six: Dataset, tmp_path_factory: pytest.TempPathFactory) -> faithfulness.Asked:
    folder = tmp_path_factory.mktemp("trained")
    work = faithfulness.prepare(six, FEW, TINY, folder)
    return faithfulness.ask(work, FEW, 1, lambda *_: None)


def test_halves_for_fitting_and_reporting_are_all_different(asked: faithfulness.Asked) -> None:
    rows = [row.tobytes() for row in (*asked.fitted_subsets, *asked.evaluated_subsets)]
    assert len(set(rows)) == max(FEW.fitted) + FEW.evaluated
    assert {int(row.sum()) for row in (*asked.fitted_subsets, *asked.evaluated_subsets)} == {ARTISTS // 2}


def test_every_method_has_a_score_with_its_interval(six: Dataset, asked: faithfulness.Asked) -> None:
    methods, dampings = faithfulness.effects_by_method(six, asked, FEW)
    assert {effects.shape for effects in methods.values()} == {(FEW.pictures - FEW.chosen_on, ARTISTS)}
    assert set(dampings) == set(faithfulness.DAMPED)
    found = faithfulness.compare(methods, asked, FEW)
    assert set(found["lds"]) == {*PEERS, "ours-3", "ours-5", "ridge-3", "ridge-5"}
    assert set(found["ours_minus_peer"]) == {*PEERS, "ridge-3", "ridge-5"}
    assert all(low <= high and -1 <= value <= 1 for value, low, high in found["lds"].values())


def test_what_was_trained_is_found_again(six: Dataset, tmp_path: Path) -> None:
    work = faithfulness.prepare(six, FEW, TINY, tmp_path)
    first = faithfulness.ask(work, FEW, 1, lambda *_: None)
    files = sorted(path.stat().st_mtime_ns for path in tmp_path.glob("*.npz"))
    second = faithfulness.ask(work, FEW, 1, lambda *_: None)
    assert sorted(path.stat().st_mtime_ns for path in tmp_path.glob("*.npz")) == files
    assert np.array_equal(first.evaluated, second.evaluated) and np.array_equal(first.scores, second.scores)


def test_taking_artists_away_is_told_for_ours_and_peers(
    six: Dataset, asked: faithfulness.Asked, tmp_path: Path
) -> None:
    methods, _ = faithfulness.effects_by_method(six, asked, FEW)
    found = faithfulness.removal(six, asked, methods, FEW, TINY, tmp_path, 1, lambda *_: None)
    assert set(found) == {"ours-5", *faithfulness.REMOVED_BY, "random"}


def test_ours_behind_the_peers_interface_sums_to_artists_effects(
    six: Dataset, asked: faithfulness.Asked
) -> None:
    ours = Ours(TINY, RetrainSettings(retrains=4, score_dimensions=64, score_noise_levels=1))
    task = Task(asked.pipeline, six, asked.pictures.images, asked.pictures.prompts, TINY_ATTRIBUTION)
    scores = ours(task)
    assert scores.shape == (FEW.pictures, len(six))
    assert np.allclose(scores, ours(replace(task, settings=TINY_ATTRIBUTION)))
    by_artist = artist_scores(scores, six.artist_of, ARTISTS)
    assert np.allclose(by_artist[:, 0], EACH * scores[:, (six.artist_of == 0).numpy().argmax()])


def test_the_mean_over_networks_counts_only_those_trained_on_the_artist() -> None:
    subsets = np.array([[True, True, False], [True, False, False]])
    tables = [np.array([[3.0, 4.0, 0.0]]), np.array([[2.0, 0.0, 0.0]])]
    assert np.allclose(mean_scores(tables, subsets), [[(0.6 + 1) / 2, 0.8, 0]])
    assert np.array_equal(of_one_size(np.zeros((2, 3))), np.zeros((2, 3)))


def test_scores_in_a_network_are_those_of_d_trak(six: Dataset, asked: faithfulness.Asked) -> None:
    network = retrain(six, TINY, Retraining(np.ones(ARTISTS, dtype=bool), 3))
    pictures = asked.pictures
    task = Task(network, six, pictures.images, pictures.prompts, TINY_ATTRIBUTION)
    expected = artist_scores(PEERS["d-trak"](task), six.artist_of, ARTISTS)
    found = Scorer(network, six, TINY_ATTRIBUTION).scores(pictures.images, pictures.prompts)
    assert np.allclose(found, expected)
