"""Distances between sets: zero for one distribution, known values for known ones, no gain from the size."""

import math

import pytest
import torch

from model.evaluation.distance import by_chance, frechet_distance, kernel_distance


def drawn(count: int, seed: int, width: int = 6, shift: float = 0.0, scale: float = 1.0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, width, generator=generator) * scale + shift


def test_the_kernel_distance_of_one_distribution_is_zero_on_average() -> None:
    found = [kernel_distance(drawn(12, seed), drawn(30, seed + 1000)) for seed in range(400)]
    mean, error = torch.tensor(found).mean(), torch.tensor(found).std() / 20
    assert abs(mean) < 3 * error


def test_the_kernel_distance_is_the_double_sum() -> None:
    left, right = drawn(4, 1).double(), drawn(3, 2, shift=1).double()

    def k(x: torch.Tensor, y: torch.Tensor) -> float:
        return float((x @ y / 6 + 1) ** 3)

    within = sum(k(left[i], left[j]) for i in range(4) for j in range(4) if i != j) / 12
    beyond = sum(k(right[i], right[j]) for i in range(3) for j in range(3) if i != j) / 6
    across = sum(k(x, y) for x in left for y in right) / 12
    assert math.isclose(kernel_distance(left, right), within + beyond - 2 * across, rel_tol=1e-9)


def test_chance_is_below_a_real_difference_and_above_none() -> None:
    same, other = (drawn(40, 1), drawn(40, 2)), (drawn(40, 1), drawn(40, 3, shift=1))
    assert kernel_distance(*other) > 5 * by_chance(*other, draws=50)
    assert kernel_distance(*same) < 2 * by_chance(*same, draws=50)


def test_the_frechet_distance_of_normal_distributions() -> None:
    left, right = drawn(40_000, 1, 3), drawn(40_000, 2, 3, shift=2.0, scale=3.0)
    # three axes, each (2 − 0)² + (3 − 1)²
    assert math.isclose(frechet_distance(left, right), 3 * (4 + 4), rel_tol=0.02)
    assert frechet_distance(left, left) == pytest.approx(0, abs=1e-9)


def test_few_pictures_have_few_components() -> None:
    assert frechet_distance(drawn(3, 1, 1280), drawn(3, 2, 1280)) > 0


@pytest.mark.parametrize("measure", [kernel_distance, frechet_distance, by_chance])
def test_one_picture_is_no_set(measure) -> None:
    with pytest.raises(ValueError, match="at least two"):
        measure(drawn(1, 1), drawn(5, 2))
