"""What the watermark survives, and what it does to a picture. Rates on many pictures: benchmarks/watermark.py."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from model.provenance import lattice, watermark
from model.upscale import upscale
from tests.model.provenance.conftest import ORIGIN

PAYLOAD = ORIGIN.payload


@pytest.fixture(scope="module")
def marked(drawing: Image.Image) -> Image.Image:
    return watermark.embed(drawing, PAYLOAD)


def jpeg(image: Image.Image, quality: int = 80) -> Image.Image:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return Image.open(out)


def resized(image: Image.Image, part: float) -> Image.Image:
    return image.resize((round(image.width * part), round(image.height * part)), Image.Resampling.LANCZOS)


def cropped(image: Image.Image, part: float = 0.9) -> Image.Image:
    left, top = 13, 37
    return image.crop((left, top, left + round(image.width * part), top + round(image.height * part)))


CHANGES = {
    "nothing": lambda image: image,
    "jpeg": jpeg,
    "half": lambda image: resized(image, 0.5),
    "double": lambda image: resized(image, 2),
    "crop": cropped,
    "crop of a third": lambda image: cropped(image, 0.66),
    "all three": lambda image: jpeg(resized(cropped(image), 0.5)),
    "grey": lambda image: image.convert("L"),
    "brighter": lambda image: image.point(lambda value: min(255, int(value * 1.1))),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_it_is_read_after(marked: Image.Image, change) -> None:
    found = watermark.detect(change(marked))
    assert found is not None and found.payload == PAYLOAD


def test_it_tells_how_much_is_left(marked: Image.Image) -> None:
    assert watermark.detect(marked).part == 1.0
    assert watermark.detect(cropped(marked)).part == pytest.approx(0.9, abs=0.01)


def test_an_unmarked_picture_has_none(drawing: Image.Image) -> None:
    assert watermark.detect(drawing) is None
    assert watermark.detect(Image.new("RGB", (40, 30), "white")) is None


def test_the_same_picture_and_bytes_give_the_same_pixels(drawing: Image.Image, marked: Image.Image) -> None:
    assert watermark.embed(drawing, PAYLOAD).tobytes() == marked.tobytes()
    assert watermark.embed(drawing, b"another!").tobytes() != marked.tobytes()


def test_nobody_sees_it(drawing: Image.Image, marked: Image.Image) -> None:
    change = np.asarray(marked, float) - np.asarray(drawing, float)
    assert np.mean(change**2) < 255**2 / 10**4  # a PSNR of 40 dB
    assert np.abs(change[:32]).max() <= 8  # on white, far from any edge


def test_wide_pictures_and_small_ones(drawing: Image.Image) -> None:
    wide = drawing.resize((900, 300))
    assert watermark.detect(watermark.embed(wide, PAYLOAD)).payload == PAYLOAD
    with pytest.raises(watermark.NotMarkable, match="at least 256 px"):
        watermark.embed(drawing.resize((255, 255)), PAYLOAD)


def test_the_layout_never_changes() -> None:
    """Marks of old pictures must be read by later versions."""
    rows, columns = lattice.ring()
    assert len(rows) == 396 and (rows[:3].tolist(), columns[:3].tolist()) == FIRST
    assert ORIGIN.payload.hex() == "1f375c3902ae4884"


FIRST = ([-4, 11, 2], [7, 6, 15])


@pytest.mark.parametrize("seed", [0, 1])
def test_pictures_of_a_model_that_has_learned_nothing_carry_it_too(seed: int) -> None:
    """All texture and extremes, with hard edges: the usual strength is lost there."""
    noise = np.random.default_rng(seed).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    picture = upscale(Image.fromarray(noise), 512, "edges")
    found = watermark.detect(watermark.embed(picture, ORIGIN.payload))
    assert found is not None and found.payload == ORIGIN.payload
