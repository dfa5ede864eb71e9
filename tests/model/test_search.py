"""The index of near-copies: what is added is found, also in cells and after loading."""

from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch

from benchmarks.alterations import ALTERATIONS
from model.duplicates.descriptor import descriptors
from model.duplicates.search import NearCopyIndex
from tests.model.scenes import pixels, scene


def name(number: int) -> str:
    return f"0x{number:064x}"


@pytest.fixture(scope="module")
def works() -> torch.Tensor:
    return torch.stack([pixels(scene(seed)) for seed in range(6)])


@pytest.fixture(scope="module")
def many(works: torch.Tensor) -> NearCopyIndex:
    """The works among 30,000 random descriptors, in cells."""
    index = NearCopyIndex()
    index.add([name(number) for number in range(6)], works)
    rows = np.random.default_rng(0).normal(size=(30_000, 64))
    rows = np.rint(rows / np.linalg.norm(rows, axis=1, keepdims=True) * 127).astype(np.int8)
    index.add_described([name(number + 6) for number in range(30_000)], rows)
    return index


def test_a_copy_is_found_with_its_verdict(works: torch.Tensor, many: NearCopyIndex) -> None:
    def picture_of(content_hash: str) -> torch.Tensor:
        return works[min(int(content_hash, 16), 5)]

    copy = pixels(ALTERATIONS["crop_flip_jpeg"](scene(3), Random(1)))
    first, *others = many.find(copy, picture_of)
    assert first.content_hash == name(3) and first.verdict.same and first.verdict.mirrored
    assert not any(other.verdict.same for other in others)
    assert not any(match.verdict.same for match in many.find(pixels(scene(77)), picture_of))


def test_saved_and_loaded_it_answers_the_same(works: torch.Tensor, many: NearCopyIndex, folder: Path) -> None:
    many.save(folder / "a.npz")
    loaded = NearCopyIndex.load(folder / "a.npz")
    loaded.save(folder / "b.npz")
    assert (folder / "a.npz").read_bytes() == (folder / "b.npz").read_bytes()
    assert [loaded.candidates(work) for work in works] == [many.candidates(work) for work in works]


def test_works_added_later_are_found_too(works: torch.Tensor, many: NearCopyIndex) -> None:
    later = NearCopyIndex()
    later.add_described([name(number) for number in range(len(many))], many.rows)
    later.add([name(99_999)], pixels(scene(40))[None])
    assert later.candidates(pixels(scene(40)))[0][0] == len(many)


def test_an_empty_index_finds_nothing(works: torch.Tensor) -> None:
    assert NearCopyIndex().find(works[0], lambda content_hash: works[0]) == []


def test_what_does_not_fit_is_refused(folder: Path) -> None:
    with pytest.raises(ValueError, match="wanted int8"):
        NearCopyIndex().add_described([name(1)], np.zeros((1, 64), np.float32))
    with pytest.raises(ValueError, match="64 hexadecimal"):
        NearCopyIndex().add_described(["0x12"], np.zeros((1, 64), np.int8))
    (folder / "no.npz").write_bytes(b"no index")
    with pytest.raises(ValueError):
        NearCopyIndex.load(folder / "no.npz")


def test_descriptors_change_little_by_alteration(works: torch.Tensor) -> None:
    own = descriptors(works).astype(int)
    copies = torch.stack([pixels(ALTERATIONS["jpeg"](scene(seed), Random(0))) for seed in range(6)])
    cosines = own @ descriptors(copies).astype(int).T / 127**2
    assert own.shape == (6, 64) and np.diag(cosines).min() > 0.8
    assert cosines.argmax(1).tolist() == list(range(6))
