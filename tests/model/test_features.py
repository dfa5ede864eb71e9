"""Features of others' network: its own normalisation, the same numbers again, no side effect, clear
refusals.
"""

import pytest
import torch

from model.features import WIDTH, picture_features


def pictures(count: int, side: int = 32) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randint(0, 256, (count, 3, side, side), generator=generator).to(torch.uint8)


def test_shape_and_the_same_numbers_again() -> None:
    images = pictures(5)
    before = torch.get_rng_state()
    found = picture_features(images, batch=2)
    assert found.shape == (5, WIDTH) and found.dtype == torch.float32 and not found.requires_grad
    assert torch.equal(found, picture_features(images, batch=2))
    assert torch.equal(before, torch.get_rng_state())
    assert torch.allclose(found, picture_features(images, batch=5), atol=1e-4)


def test_an_empty_set_has_no_features() -> None:
    assert picture_features(pictures(0)).shape == (0, WIDTH)


def test_a_turned_picture_is_nearer_than_another() -> None:
    gradient = torch.linspace(0, 255, 64).expand(3, 64, 64)
    picture = torch.stack([gradient, gradient.flip(2), pictures(1, 64)[0].float()]).to(torch.uint8)
    found = torch.nn.functional.normalize(picture_features(picture, size_px=64), dim=1)
    assert found[0] @ found[1] > found[0] @ found[2]


@pytest.mark.parametrize(
    ("images", "size_px"),
    [(pictures(1).float(), 128), (pictures(1)[0], 128), (pictures(1)[:, :1], 128), (pictures(1), 100)],
)
def test_other_input_is_refused(images: torch.Tensor, size_px: int) -> None:
    with pytest.raises(ValueError, match="must be"):
        picture_features(images, size_px)
