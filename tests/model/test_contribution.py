"""Contributions: from a tiny model to published files, and from published integers to allocations, intervals
and w.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from model.attribution.contribution import (
    Contribution,
    allocated,
    contribution_from,
    effects_of,
    index_scores,
    intervals_of,
    measure,
    quality_of,
    subsets_of,
)
from model.attribution.evidence import (
    Measured,
    Probe,
    Probes,
    Retrained,
    load_measured,
    load_probes,
    load_retrained,
)
from model.attribution.index import ArtistIndex, build_index
from model.checkpoint import load_pipeline
from model.dataset import Dataset
from model.settings import RetrainSettings
from model.train import TrainResult
from tests.model.conftest import FEW, TINY, TINY_ATTRIBUTION

TOTAL = 10**9


@pytest.fixture(scope="module")
def measured(trained: TrainResult, dataset: Dataset) -> tuple[ArtistIndex, Contribution, list[tuple]]:
    pipeline = load_pipeline(trained.directory)
    index, told = build_index(pipeline, dataset, TINY_ATTRIBUTION), []
    found = measure(
        pipeline, dataset, index, TINY_ATTRIBUTION, FEW, TINY, lambda *step: told.append(step)
    )
    return index, found, told


def test_everything_follows_from_the_published_files(measured, folder: Path) -> None:
    index, found, _ = measured
    for name, part in (("index", index), ("probes", found.probes), ("retrained", found.retrained)):
        part.save(folder / name)
    again = contribution_from(
        ArtistIndex.load(folder / "index"),
        load_probes(folder / "probes"),
        load_retrained(folder / "retrained"),
    )
    for part in ("scores", "threshold", "sale_threshold", "allocations", "intervals", "quality"):
        assert getattr(again, part) == getattr(found, part), part
    np.testing.assert_array_equal(again.measured.effects, found.measured.effects)
    found.measured.save(folder / "effects")
    published = load_measured(folder / "effects")
    np.testing.assert_array_equal(published.deviations, found.measured.deviations)
    assert published.noise == found.measured.noise
    assert allocated(index, published.effects) == (found.scores, found.threshold, found.allocations)
    assert sum(found.allocations.values()) == TOTAL and min(found.allocations.values()) > 0


def test_progress_tells_both_stages_to_their_end(measured) -> None:
    told = measured[2]
    for stage in ("probes", "retrain"):
        last = [step for step in told if step[0] == stage][-1]
        assert last[1] == last[2] > 0


def test_files_that_do_not_fit_are_refused(measured, folder: Path) -> None:
    _, found, _ = measured
    replace(found.measured, deviations=found.measured.deviations[:, :2]).save(folder / "effects")
    with pytest.raises(ValueError, match="do not fit"):
        load_measured(folder / "effects")
    replace(found.measured, deviations=-1 - found.measured.deviations).save(folder / "effects")
    with pytest.raises(ValueError, match="do not fit"):
        load_measured(folder / "effects")
    for wrong in ({"subsets": found.retrained.subsets[:2]}, {"scores": found.retrained.scores[:, :1]}):
        replace(found.retrained, **wrong).save(folder / "retrained")
        with pytest.raises(ValueError, match="do not fit"):
            load_retrained(folder / "retrained")


def test_what_is_expected_is_the_mean_over_the_networks_that_know_an_artist() -> None:
    subsets = np.array([[1, 0, 0], [1, 1, 0]], dtype=bool)
    scores = np.array([[[4, 0, 0]], [[1, 3, 0]]], dtype=np.int32)
    found = Retrained(subsets, np.zeros((2, 1), dtype=np.int64), scores).expected()
    np.testing.assert_array_equal(found, [[2.5, 3, 0]])


def world(seed: int, artists: int = 8, probes: int = 16, retrains: int = 12, foresight: float = 0.8):
    """(index, probes, retrained, true effects): an index that foresees part of what retraining shows."""
    random = np.random.default_rng(seed)
    true = np.abs(random.standard_normal((probes, artists))) * (random.random((probes, artists)) < 0.4)
    true = 0.01 * (true + 0.1 * random.standard_normal(true.shape))
    seen = foresight * true / true.std() + np.sqrt(1 - foresight**2) * random.standard_normal(true.shape)
    names = tuple(f"artist {number:02d}" for number in range(artists))
    rows = np.clip(np.rint(25 * seen.T), -127, 127).astype(np.int8)  # [A, D]: one dimension a probe
    index = ArtistIndex(names, rows, 1.0, (4,) * artists)
    asked = Probes(
        tuple(Probe(f"title {p}", p, names[p % artists]) for p in range(probes)),
        100 * np.eye(probes, dtype=np.int8),
    )
    subsets = subsets_of(index, RetrainSettings(retrains=retrains))
    losses = 0.4 - subsets @ true.T
    losses = losses + 0.7 * losses.std(0) * random.standard_normal(losses.shape)
    return index, asked, outcomes(subsets, losses, seen), true


def outcomes(subsets: np.ndarray, losses: np.ndarray, seen: np.ndarray) -> Retrained:
    """Losses [M, P] to be published, and networks whose gradients say `seen` [P, A] of their artists."""
    own = seen * subsets[:, None]
    own = 1e6 * own / np.maximum(np.sqrt((own**2).sum(2, keepdims=True)), 1e-9)
    return Retrained(subsets, np.rint(1e6 * losses).astype(np.int64), np.rint(own).astype(np.int32))


def true_allocations(index: ArtistIndex, true: np.ndarray) -> dict[str, int]:
    return allocated(index, np.rint(1e6 * true).astype(np.int64))[2]


def test_sums_are_exact_and_nothing_is_negative() -> None:
    for seed in range(4):
        index, probes, retrained, _ = world(seed)
        found = contribution_from(index, probes, retrained)
        assert sum(found.allocations.values()) == TOTAL
        assert min(found.allocations.values()) > 0 and min(found.scores.values()) >= 0
        assert all(0 <= low <= high <= TOTAL for low, high in found.intervals.values())
        assert found.intervals.keys() == set(index.artists)


def test_the_order_of_the_artists_plays_no_part() -> None:
    index, probes, retrained, _ = world(5)
    found = contribution_from(index, probes, retrained)
    order = np.random.default_rng(0).permutation(len(index.artists))
    turned = ArtistIndex(
        tuple(index.artists[i] for i in order), index.rows[order], 1.0, tuple(index.clusters[i] for i in order)
    )
    again = contribution_from(turned, probes, Retrained(retrained.subsets[:, order], retrained.losses, retrained.scores[..., order]))
    assert again.threshold == pytest.approx(found.threshold, abs=1)
    for artist, amount in found.allocations.items():
        assert again.allocations[artist] == pytest.approx(amount, abs=TOTAL // 1000)  # effects round to 1
    assert again.quality == found.quality


def test_retraining_corrects_an_index_that_is_wrong() -> None:
    """Nearer to the truth than the index alone, in most of eight worlds."""
    better = 0
    for seed in range(8):
        index, probes, retrained, true = world(seed, foresight=0.4, retrains=24)
        truth = true_allocations(index, true)
        own = contribution_from(index, probes, retrained).allocations
        alone = allocated(index, index_scores(index, probes))[2]

        def distance(given: dict[str, int], truth: dict[str, int] = truth) -> int:
            return sum(abs(given.get(artist, 0) - truth.get(artist, 0)) for artist in index.artists)

        better += distance(own) < distance(alone)
    assert better >= 6


def test_intervals_hold_the_allocation_and_mostly_the_truth() -> None:
    own, truth = [], []
    for seed in range(6):
        index, probes, retrained, true = world(seed, artists=12)
        found = contribution_from(index, probes, retrained)
        right = true_allocations(index, true)
        for artist, (low, high) in found.intervals.items():
            own.append(low <= found.allocations.get(artist, 0) <= high)
            truth.append(low <= right.get(artist, 0) <= high)
    assert np.mean(own) > 0.9 and np.mean(truth) > 0.8, (np.mean(own), np.mean(truth))


def test_more_retrainings_make_intervals_narrower() -> None:
    widths = []
    for retrains in (4, 40):
        index, probes, retrained, _ = world(1, retrains=retrains)
        ends = contribution_from(index, probes, retrained).intervals.values()
        widths.append(sum(high - low for low, high in ends))
    assert widths[1] < widths[0]


def test_an_artist_in_two_wallets_gains_nothing_to_speak_of() -> None:
    """The same works under two names: two rows that sum to the old one, and losses of other halves."""
    ratios = []
    for seed in range(6):
        index, probes, retrained, true = world(seed, artists=8, retrains=24)
        before = contribution_from(index, probes, retrained).allocations.get(index.artists[0], 0)
        halves = np.stack([index.rows[0] // 2, index.rows[0] - index.rows[0] // 2])
        split = ArtistIndex(
            ("artist 00a", "artist 00b", *index.artists[1:]),
            np.concatenate([halves, index.rows[1:]]),
            1.0,
            (2, 2, *index.clusters[1:]),
        )
        parts = np.concatenate([true[:, :1] / 2, true[:, :1] / 2, true[:, 1:]], 1)
        subsets = subsets_of(split, RetrainSettings(retrains=24))
        random = np.random.default_rng(100 + seed)
        losses = 0.4 - subsets @ parts.T
        losses = losses + 0.7 * losses.std(0) * random.standard_normal(losses.shape)
        seen = index_scores(split, probes).astype(float)
        after = contribution_from(split, probes, outcomes(subsets, losses, seen))
        both = sum(after.allocations.get(name, 0) for name in ("artist 00a", "artist 00b"))
        ratios.append(both / max(before, TOTAL // 100))
    assert 0.5 < np.mean(ratios) < 1.2, ratios


def test_a_stronger_effect_never_gets_less() -> None:
    """In one probe, against the same threshold: more effect, no smaller share (integers alone)."""
    index, _, _, true = world(2)
    effects = np.rint(1e6 * true).astype(np.int64)
    before = allocated(index, effects)[0]
    for artist in range(3):
        raised = effects.copy()
        raised[:, artist] = np.where(raised[:, artist] > 0, 2 * raised[:, artist], raised[:, artist])
        assert allocated(index, raised)[0][index.artists[artist]] >= before[index.artists[artist]]


def test_who_has_copies_only_changes_nothing_for_the_others() -> None:
    index, probes, retrained, _ = world(3)
    found = contribution_from(index, probes, retrained)
    copier = np.zeros((1, index.rows.shape[1]), dtype=np.int8)
    crowded = ArtistIndex(
        (*index.artists, "copier"), np.concatenate([index.rows, copier]), 1.0, (*index.clusters, 0)
    )
    subsets = subsets_of(crowded, RetrainSettings(retrains=12))
    np.testing.assert_array_equal(subsets[:, :-1], retrained.subsets)
    assert not subsets[:, -1].any()
    scores = np.concatenate([retrained.scores, np.zeros_like(retrained.scores[..., :1])], 2)
    after = contribution_from(crowded, probes, Retrained(subsets, retrained.losses, scores))
    assert after.allocations == found.allocations and after.quality == found.quality
    assert after.intervals == found.intervals | {"copier": (0, 0)}


def test_with_fewer_than_three_artists_the_index_alone_counts_and_w_is_zero() -> None:
    names, rows = ("a", "b"), np.array([[1, 0], [0, 1]], dtype=np.int8)
    index = ArtistIndex(names, rows, 1.0, (5, 3))
    probes = Probes((Probe("a", 0, "a"), Probe("b", 1, "b")), np.array([[100, 0], [0, 1]], dtype=np.int8))
    subsets = subsets_of(index, RetrainSettings())
    assert subsets.shape == (0, 2)
    nothing = Retrained(subsets, np.zeros((0, 2), dtype=np.int64), np.zeros((0, 2, 2), dtype=np.int32))
    found = contribution_from(index, probes, nothing)
    assert found.allocations == {"a": TOTAL // 2, "b": TOTAL // 2}, "every probe counts the same"
    assert found.quality["w_bps"] == 0 and found.quality["retrains"] == 0


def test_without_any_signal_distinct_works_count() -> None:
    index = ArtistIndex(("a", "b", "c"), np.zeros((3, 1), dtype=np.int8), 1.0, (5, 3, 2))
    effects = np.zeros((2, 3), dtype=np.int64)
    assert allocated(index, effects)[2] == {"a": 5 * 10**8, "b": 3 * 10**8, "c": 2 * 10**8}
    none = Measured(effects, np.zeros_like(effects), 1.0)
    assert intervals_of(index, none) == {"a": (5 * 10**8,) * 2, "b": (3 * 10**8,) * 2, "c": (2 * 10**8,) * 2}


def test_few_artists_have_few_halves() -> None:
    three = ArtistIndex(("a", "b", "c"), np.zeros((3, 1), dtype=np.int8), 1.0, (1, 1, 1))
    found = subsets_of(three, RetrainSettings())
    assert found.shape == (3, 3) and sorted(map(tuple, found.astype(int))) == [(0, 0, 1), (0, 1, 0), (1, 0, 0)]


def test_w_is_high_for_foresight_and_nothing_for_chance() -> None:
    good, none = [], []
    for seed in range(8):
        index, probes, retrained, _ = world(seed, artists=16, retrains=16, foresight=0.9)
        good.append(contribution_from(index, probes, retrained).quality)
        blind, asked, _, _ = world(seed + 50, artists=16, retrains=16)
        none.append(quality_of(index_scores(blind, asked), retrained, 0.5))
    assert np.mean([quality["w_bps"] for quality in good]) > 4_000
    assert all(quality["w_bps"] <= 10_000 for quality in good)
    assert sum(quality["w_bps"] == 0 for quality in none) >= 7
    assert all(quality["low"] <= quality["lds"] <= quality["high"] for quality in good + none)


def test_w_has_not_seen_the_losses() -> None:
    """The index's own scores are held against the losses, never effects that were fitted to them."""
    index, probes, retrained, _ = world(4)
    table = index_scores(index, probes)
    noise = effects_of(index, table, retrained).noise
    assert quality_of(table, retrained, noise) == contribution_from(index, probes, retrained).quality
    shuffled = replace(retrained, losses=retrained.losses[::-1].copy())
    assert quality_of(table, shuffled, noise)["lds"] != quality_of(table, retrained, noise)["lds"]
