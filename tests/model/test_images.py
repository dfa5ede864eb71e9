"""Pictures from strangers: accepted as RGB on white, or refused with the right reason before they cost
memory.
"""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from model.images import CorruptImage, TooManyPixels, UnknownFormat, open_image, sniff
from tests.model.conftest import draw


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


@pytest.mark.parametrize(
    ("kind", "media_type"),
    [
        ("PNG", "image/png"),
        ("JPEG", "image/jpeg"),
        ("WEBP", "image/webp"),
    ],
)
def test_formats_are_told_by_content(kind: str, media_type: str) -> None:
    data = encoded(Image.new("RGB", (5, 4), "red"), kind)
    assert sniff(data) == media_type
    assert open_image(data).size == (5, 4)


@pytest.mark.parametrize("data", [b"", b"GIF89a....", b"<html></html>", b"%PDF-1.7", b"RIFF\0\0\0\0WAVE"])
def test_other_formats_are_refused(data: bytes) -> None:
    with pytest.raises(UnknownFormat, match="PNG, JPEG, WebP or SVG"):
        open_image(data)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_cut_files_are_corrupt(kind: str) -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8))
    data = encoded(noise, kind)
    with pytest.raises(CorruptImage):
        open_image(data[: len(data) // 2])


def test_a_bomb_is_refused_from_its_header_alone() -> None:
    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    bomb = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )
    with pytest.raises(TooManyPixels):
        open_image(bomb)


def test_the_limit_is_a_parameter() -> None:
    data = draw("circle", "red")
    assert open_image(data, max_pixels=1024).size == (32, 32)
    with pytest.raises(TooManyPixels, match="32×32"):
        open_image(data, max_pixels=1023)


def test_transparency_lies_on_white() -> None:
    image = Image.new("RGBA", (2, 1), (255, 0, 0, 0))
    image.putpixel((1, 0), (0, 0, 0, 128))
    left, right = (open_image(encoded(image, "PNG")).getpixel((x, 0)) for x in (0, 1))
    assert left == (255, 255, 255)
    assert all(125 <= channel <= 129 for channel in right)


def test_exif_turns_the_picture() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert open_image(encoded(Image.new("RGB", (8, 4), "red"), "JPEG", exif=exif)).size == (4, 8)


def test_sixteen_bits_keep_their_greys() -> None:
    image = Image.fromarray(np.array([[0, 32_768, 65_535]], dtype=np.uint16))
    levels = [open_image(encoded(image, "PNG")).getpixel((x, 0))[0] for x in range(3)]
    assert levels[0] == 0 and 126 <= levels[1] <= 129 and levels[2] == 255
