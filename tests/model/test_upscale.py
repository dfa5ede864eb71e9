"""Upscaling: sharper than Lanczos and true to the small picture, the same bytes again, sizes as asked."""

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from model.evaluation.figures_upscale import upscale_figures
from model.upscale import METHODS, upscale

LANCZOS = Image.Resampling.LANCZOS


@pytest.fixture(scope="module")
def drawing() -> Image.Image:
    image = Image.new("RGB", (256, 256), "white")
    pen = ImageDraw.Draw(image)
    pen.ellipse((50, 40, 200, 190), fill="#fcea2b", outline="black", width=8)
    pen.line((90, 150, 160, 150), fill="#d22f27", width=8)
    return image


def error(left: Image.Image, right: Image.Image) -> float:
    return float(np.mean((np.asarray(left, float) - np.asarray(right, float)) ** 2))


def test_a_drawing_comes_back_nearer_to_itself(drawing: Image.Image) -> None:
    small = drawing.resize((64, 64), LANCZOS)
    made = {method: upscale(small, 256, method) for method in METHODS}
    assert error(made["edges"], drawing) < 0.6 * error(made["lanczos"], drawing)
    assert error(made["edges"].resize((64, 64), LANCZOS), small) < error(
        made["lanczos"].resize((64, 64), LANCZOS), small
    )


@pytest.mark.parametrize("method", METHODS)
def test_flat_colour_stays_and_bytes_repeat(method: str, drawing: Image.Image) -> None:
    assert upscale(Image.new("RGB", (16, 16), (10, 200, 255)), 40, method).getcolors() == [
        (1600, (10, 200, 255))
    ]
    small = drawing.resize((32, 32), LANCZOS)
    assert upscale(small, 96, method).tobytes() == upscale(small, 96, method).tobytes()


def test_no_colour_leaves_the_range_of_its_neighbours(drawing: Image.Image) -> None:
    small = Image.new("RGB", (32, 32), (100, 100, 100))
    small.paste((150, 150, 150), (0, 0, 16, 32))
    assert min(upscale(small, 256).getdata())[0] >= 100 and max(upscale(small, 256).getdata())[0] <= 150


def test_sizes(drawing: Image.Image) -> None:
    assert upscale(drawing, 256) is drawing
    assert upscale(drawing, 64).tobytes() == drawing.resize((64, 64), LANCZOS).tobytes()
    with pytest.raises(ValueError, match="edges, lanczos"):
        upscale(drawing, 512, "trained")


def test_its_figures(drawing: Image.Image) -> None:
    images = torch.from_numpy(np.array(drawing)).permute(2, 0, 1)[None]
    found = upscale_figures(images, 64)
    assert found["edges"]["psnr_db"] > found["lanczos"]["psnr_db"] > 10
    assert found["pictures"] == 1 and 0 < found["edges"]["features_apart"] < 1
