"""Scores from int8 are the same integers on every machine: whatever the size, the layout in memory and the number
of threads, they are those of Python's own integers.
"""

import numpy as np
import pytest
import torch

from model.attribution.error_bars import block_scores, intervals
from model.attribution.shares import TOTAL, allocations, scores


def exact(rows: np.ndarray, query: np.ndarray) -> list[int]:
    return [sum(a * b for a, b in zip(row, query.tolist(), strict=True)) for row in rows.tolist()]


def drawn(artists: int, dimensions: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    rows = random.integers(-128, 128, (artists, dimensions)).astype(np.int8)
    return rows, random.integers(-128, 128, dimensions).astype(np.int8)


@pytest.mark.parametrize("artists", [1, 2, 255, 256, 257, 600])
def test_any_number_of_artists(artists: int) -> None:
    rows, query = drawn(artists, 96, artists)
    assert scores(rows, query) == exact(rows, query)


@pytest.mark.parametrize("dimensions", [1, 2, 3, 63, 64, 2048, 8192, 8193])
def test_any_number_of_dimensions(dimensions: int) -> None:
    rows, query = drawn(5, dimensions, dimensions)
    assert scores(rows, query) == exact(rows, query)


def test_layout_in_memory_changes_nothing() -> None:
    rows, query = drawn(40, 512, 0)
    wanted = exact(rows, query)
    wide = np.zeros((80, 1024), dtype=np.int8)
    wide[::2, ::2] = rows
    twice = np.repeat(query, 2)
    for order in (np.asfortranarray(rows), rows[::-1][::-1], wide[::2, ::2]):
        assert scores(order, query) == wanted
        assert scores(order, twice[::2]) == wanted
    aside = np.frombuffer(b"\0" + rows.tobytes(), dtype=np.int8, offset=1).reshape(rows.shape)
    assert scores(aside, query) == wanted


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_change_nothing(threads: int) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        rows, query = drawn(64, 8192, 3)
        assert scores(rows, query) == exact(rows, query)
    finally:
        torch.set_num_threads(before)


def test_the_largest_sum_fits() -> None:
    """All numbers at their end, in a row a thousand times the product's: far below 2**63."""
    rows = np.full((1, 8192 * 1000), -128, dtype=np.int8)
    assert scores(rows, rows[0]) == [128 * 128 * 8192 * 1000]
    assert 128 * 128 * 8192 * 1000 * 10**6 < 2**63  # and an order may have a million pictures


def test_blocks_add_up_to_the_scores() -> None:
    rows, query = drawn(7, 100, 1)
    queries = np.stack([query, query[::-1]])
    wanted = [a + b for a, b in zip(exact(rows, queries[0]), exact(rows, queries[1]), strict=True)]
    for centre in (None, np.zeros(0, dtype=np.int8), rows[3]):
        parts, unit = block_scores(rows, queries, centre)
        assert [len(row) for row in parts] == [16] * 7
        assert [sum(row) for row in parts] == [unit * score for score in wanted]
    assert [len(row) for row in block_scores(rows[:, :3], queries[:, :3])[0]] == [3] * 7


def test_what_all_share_leaves_no_doubt() -> None:
    """A row that is even in itself, but uneven times the shared direction; the query is that direction alone."""
    centre = np.repeat([3, -3], 32).astype(np.int8)
    row = np.array([[2] * 64], dtype=np.int8)
    raw, _ = block_scores(row, centre[None])
    parts, _ = block_scores(row, centre[None], centre)
    assert len(set(raw[0])) == 2 and set(parts[0]) == {0}


def test_blocks_that_agree_leave_no_doubt() -> None:
    parts = [[3] * 16, [1] * 16, [-2] * 16]
    found = intervals(("a", "b", "c"), parts, 0)
    assert found == {"a": (750_000_000, 750_000_000), "b": (250_000_000, 250_000_000)}


def test_intervals_hold_the_allocation_and_widen_with_the_spread() -> None:
    random = np.random.default_rng(0)
    calm = 100 + random.integers(-5, 6, (4, 16))
    wild = 100 + random.integers(-90, 91, (4, 16))
    names = ("a", "b", "c", "d")
    widths = []
    for parts in (calm, wild):
        given = allocations(dict(zip(names, parts.sum(1).tolist(), strict=True)), 50, most=3)
        found = intervals(names, parts.tolist(), 50, most=3)
        assert set(found) == set(given)
        assert all(0 <= low <= given[name] <= high <= TOTAL for name, (low, high) in found.items())
        widths.append(sum(high - low for low, high in found.values()))
    assert widths[1] > widths[0]


def test_the_standard_error_is_the_jackknife_s() -> None:
    """Two artists without a threshold: the share is a ratio of sums, whose error is known from many draws."""
    random = np.random.default_rng(4)
    draws = np.array([40, 20])[None, :, None] + random.integers(-15, 16, (2000, 2, 16))
    shares_of = draws[:, 0].sum(1) / draws.sum((1, 2))
    ends = [intervals(("a", "b"), parts.tolist(), 0)["a"] for parts in draws[:50]]
    wide = [(high - low) / TOTAL for low, high in ends]
    assert np.mean(wide) == pytest.approx(4 * shares_of.std(), rel=0.15)


def test_one_block_says_nothing() -> None:
    assert intervals(("a", "b"), [[5], [1]], 0) == {"a": (0, TOTAL), "b": (0, TOTAL)}
    assert intervals(("a",), [[-5, -1]], 0) == {}
