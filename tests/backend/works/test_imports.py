"""Each kind of bad line has its own code and a sentence; good lines go on."""

from __future__ import annotations

import hashlib
import io
import json
import os
import random
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from backend.errors import InputRefused
from backend.works.imports import (
    MAX_LINE_BYTES,
    ImportedWork,
    ManifestUnreadable,
    RefusedLine,
    read_manifest,
)

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 72 72">'
    '<circle cx="36" cy="36" r="{0}" fill="#fcea2b"/></svg>'
)
GOOD = {
    "file": "a.png",
    "artist": "Mariella Steeb",
    "title": "a circle",
    "tags": ["round", "yellow"],
    "licence": "CC BY-SA 4.0",
    "source": "https://example.org",
}


def picture(
    kind: str = "PNG", colour: str = "red", size: tuple[int, int] = (20, 10), **options: Any
) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, kind, **options)
    return out.getvalue()


def png_of_size(width: int, height: int) -> bytes:
    """A PNG whose header claims any size; there is next to nothing behind it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + body + chunk(b"IEND", b"")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.png").write_bytes(picture())
    return tmp_path


def read(folder: Path, *lines: object, **limits: int) -> list[ImportedWork | RefusedLine]:
    """Write a manifest of these lines (text and bytes as they are, others as JSON) and read it."""
    raw = [
        line
        if isinstance(line, bytes)
        else line.encode()
        if isinstance(line, str)
        else json.dumps(line).encode()
        for line in lines
    ]
    (folder / "MANIFEST.jsonl").write_bytes(b"\n".join(raw) + b"\n")
    return list(read_manifest(folder / "MANIFEST.jsonl", **limits))


def one(folder: Path, line: object, **limits: int) -> ImportedWork | RefusedLine:
    (result,) = read(folder, line, **limits)
    return result


# ---- good lines ----------------------------------------------------------------------------------


def test_a_good_line(folder: Path):
    work = one(folder, GOOD)
    assert (work.line, work.artist, work.title, work.tags) == (
        1,
        "Mariella Steeb",
        "a circle",
        ("round", "yellow"),
    )
    assert (work.licence, work.source, work.consent) == ("CC BY-SA 4.0", "https://example.org", True)
    assert (work.media_type, work.width, work.height, work.original) == ("image/png", 20, 10, None)
    assert work.data == picture() and work.file.size == len(picture())
    assert work.file.sha256 == "0x" + hashlib.sha256(picture()).hexdigest()


@pytest.mark.parametrize(("kind", "media_type"), [("JPEG", "image/jpeg"), ("WEBP", "image/webp")])
def test_the_bytes_tell_the_format_not_the_name(folder: Path, kind: str, media_type: str):
    (folder / "a.png").write_bytes(picture(kind))
    assert one(folder, GOOD).media_type == media_type


def test_svg_becomes_png_and_is_remembered(folder: Path):
    svg = SVG.format(20).encode()
    (folder / "a.svg").write_bytes(svg)
    work = one(folder, GOOD | {"file": "a.svg"})
    assert (
        work.media_type == "image/png"
        and work.data.startswith(b"\x89PNG")
        and work.width == work.height > 100
    )
    assert work.original == {"sha256": "0x" + hashlib.sha256(svg).hexdigest(), "media_type": "image/svg+xml"}
    assert work.file.sha256 == "0x" + hashlib.sha256(work.data).hexdigest() and work.file.size == len(
        work.data
    )


def test_size_is_that_of_the_picture_as_seen(folder: Path):
    turned = Image.Exif()
    turned[0x0112] = 6
    (folder / "a.png").write_bytes(picture("JPEG", exif=turned))
    work = one(folder, GOOD)
    assert (work.width, work.height) == (10, 20)


def test_consent_may_be_refused(folder: Path):
    assert one(folder, GOOD | {"consent": False}).consent is False


def test_texts_are_stripped_and_composed(folder: Path):
    work = one(folder, GOOD | {"artist": "  Zoe\u0308 ", "tags": [" b ", "", "b", "a"], "source": ""})
    assert work.artist == "Zo\u00eb" and work.tags == ("b", "a") and work.source == ""


def test_absolute_paths_sub_folders_and_links(folder: Path, tmp_path_factory: pytest.TempPathFactory):
    outside = tmp_path_factory.mktemp("outside") / "b.png"
    outside.write_bytes(picture(colour="blue"))
    (folder / "sub").mkdir()
    (folder / "sub" / "c.png").write_bytes(picture(colour="green"))
    (folder / "link.png").symlink_to(folder / "a.png")
    files = (str(outside), "sub/c.png", "link.png")
    assert all(
        isinstance(work, ImportedWork) for work in read(folder, *(GOOD | {"file": name} for name in files))
    )


def test_blank_lines_count_and_a_byte_order_mark_does_not_matter(folder: Path):
    results = read(folder, b"\xef\xbb\xbf" + json.dumps(GOOD).encode(), b"", b"  \t", b"oops")
    assert [result.line for result in results] == [1, 4]
    assert isinstance(results[0], ImportedWork)


def test_progress_counts_all_lines(folder: Path):
    (folder / "M").write_text(f"{json.dumps(GOOD)}\n\noops\n")
    steps: list[tuple[str, int, int]] = []
    list(read_manifest(folder / "M", progress=lambda *step: steps.append(step)))
    assert steps == [("read", 1, 3), ("read", 2, 3), ("read", 3, 3)]


# ---- bad lines -----------------------------------------------------------------------------------


def without(field: str) -> dict[str, Any]:
    return {name: value for name, value in GOOD.items() if name != field}


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("oops", "not_json", "not JSON"),
        ('{"file": "a.png"', "not_json", "not JSON"),
        (b'{"file": "\xff"}', "not_json", "UTF-8"),
        ("[" * 20_000, "not_json", "not JSON"),
        ("[1, 2]", "not_an_object", "a list"),
        ('[["file", "a.png"]]', "not_an_object", "a list"),
        ('"text"', "not_an_object", "text"),
        ("null", "not_an_object", "null"),
        ("3", "not_an_object", "a number"),
        ("[]", "not_an_object", "a list"),
        ("x" * (MAX_LINE_BYTES + 1), "line_too_long", "65,536"),
        ('{"file": "a.png", "file": "b.png"}', "repeated_field", "“file”"),
        (GOOD | {"license": "MIT"}, "unknown_field", "“license”"),
        *[(without(field), "missing_field", f"“{field}”") for field in GOOD],
        ({}, "missing_field", "“file”"),
        *[(GOOD | {field: 5}, "wrong_type", f"“{field}”") for field in GOOD],
        (GOOD | {"title": None}, "wrong_type", "null"),
        (GOOD | {"artist": {"name": "x"}}, "wrong_type", "“artist”"),
        (GOOD | {"tags": "a, b"}, "wrong_type", "list of texts"),
        (GOOD | {"tags": ["a", 1]}, "wrong_type", "list of texts"),
        (GOOD | {"consent": "yes"}, "wrong_type", "“consent”"),
        (GOOD | {"consent": 1}, "wrong_type", "a number"),
        (GOOD | {"artist": "   "}, "empty_field", "“artist”"),
        (GOOD | {"file": ""}, "empty_field", "“file”"),
        (GOOD | {"title": "x" * 301}, "text_too_long", "301"),
        (GOOD | {"tags": ["x"] * 65}, "text_too_long", "64 tags"),
        (GOOD | {"title": "a\u0000b"}, "not_plain_text", "“title”"),
        (GOOD | {"artist": "a\ud800"}, "not_plain_text", "“artist”"),
        (GOOD | {"file": "a\u0000.png"}, "not_plain_text", "“file”"),
        (GOOD | {"tags": ["a\nb"]}, "not_plain_text", "“tags”"),
        (GOOD | {"artist": "\u202eadA"}, "not_plain_text", "“artist”"),
        (GOOD | {"title": "a\u2028b"}, "not_plain_text", "“title”"),
        (GOOD | {"file": "nothing.png"}, "missing_file", "nothing.png"),
        (GOOD | {"file": "."}, "not_a_file", "directory"),
        (GOOD | {"file": "/dev/zero"}, "not_a_file", "ordinary"),
        (GOOD | {"file": "a.png/b"}, "unreadable_file", "cannot be read"),
        (GOOD | {"file": "n" * 3000}, "unreadable_file", "too long"),
    ],
)
def test_lines_refused(folder: Path, line: object, code: str, words: str):
    refusal = one(folder, line)
    assert isinstance(refusal, RefusedLine) and refusal.line == 1
    assert refusal.code == code and words in refusal.message and refusal.message.endswith(".")


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        (b"", "empty_file", "is empty"),
        (b"hello world", "unknown_format", "PNG, JPEG, WebP or SVG"),
        (picture("GIF"), "unknown_format", "PNG, JPEG, WebP or SVG"),
        (picture("BMP"), "unknown_format", "PNG, JPEG, WebP or SVG"),
        (picture()[:40], "corrupt_image", "damaged"),
        (picture("JPEG")[:300], "corrupt_image", "damaged"),
        (picture("WEBP")[:30], "corrupt_image", "damaged"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'", "corrupt_image", "well-formed"),
        (b"\x89PNG\r\n\x1a\n" + bytes(400), "corrupt_image", "is none; save it again."),
        (png_of_size(50_000, 50_000), "too_many_pixels", "40,000,000"),
        (png_of_size(30_000, 2_000), "too_many_pixels", "60,000,000"),
        (
            b"<!DOCTYPE x [<!ENTITY a 'b'>]><svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 1 1'>&a;</svg>",
            "unsafe_svg",
            "refused",
        ),
    ],
)
def test_files_refused(folder: Path, data: bytes, code: str, words: str):
    (folder / "a.png").write_bytes(data)
    refusal = one(folder, GOOD)
    assert isinstance(refusal, RefusedLine) and refusal.code == code, refusal
    assert words in refusal.message and "a.png" in refusal.message


def test_limits_of_bytes_and_pixels_are_settings(folder: Path):
    size = len(picture())
    assert isinstance(one(folder, GOOD, max_bytes=size, max_pixels=200), ImportedWork)
    assert one(folder, GOOD, max_bytes=size - 1).code == "too_large"
    assert one(folder, GOOD, max_pixels=199).code == "too_many_pixels"


def test_a_pipe_does_not_hang(folder: Path):
    os.mkfifo(folder / "pipe")
    assert one(folder, GOOD | {"file": "pipe"}).code == "not_a_file"


def test_an_exact_copy_names_the_first_line(folder: Path):
    (folder / "copy.png").write_bytes(picture())
    (folder / "other.png").write_bytes(picture(colour="blue"))
    results = read(
        folder, "oops", GOOD, GOOD | {"file": "other.png"}, GOOD | {"file": "copy.png", "artist": "Thief"}
    )
    assert [result.line for result in results] == [1, 2, 3, 4]
    assert results[3].code == "exact_copy" and "line 2" in results[3].message


def test_svgs_that_render_alike_are_copies(folder: Path):
    (folder / "a.svg").write_text(SVG.format(20))
    (folder / "b.svg").write_text(SVG.format("20.0") + "<!-- mine -->")
    results = read(folder, GOOD | {"file": "a.svg"}, GOOD | {"file": "b.svg"})
    assert results[1].code == "exact_copy" and "line 1" in results[1].message


def test_a_refused_line_does_not_block_its_picture(folder: Path):
    results = read(folder, without("licence"), GOOD)
    assert results[0].code == "missing_field" and isinstance(results[1], ImportedWork)


def test_a_file_that_changes_after_the_check_is_noticed(folder: Path):
    work = one(folder, GOOD)
    (folder / "a.png").write_bytes(picture(colour="blue"))
    with pytest.raises(InputRefused, match="changed"):
        _ = work.data
    (folder / "a.png").unlink()
    with pytest.raises(InputRefused, match="cannot be read"):
        _ = work.data


def test_broken_pictures_of_every_kind_never_stop_the_import(folder: Path):
    """Bytes flipped and files cut at random places: an answer for each, no exception."""
    dice = random.Random(5)
    lines = []
    for number in range(240):
        data = bytearray(
            picture(("PNG", "JPEG", "WEBP")[number % 3], size=(30, 30))
            if number % 4
            else SVG.format(number).encode()
        )
        for _ in range(dice.randint(1, 6)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        (folder / f"{number}").write_bytes(data[: dice.randint(1, len(data))])
        lines.append(GOOD | {"file": str(number)})
    results = read(folder, *lines)
    assert [result.line for result in results] == list(range(1, 241))
    codes = {result.code for result in results if isinstance(result, RefusedLine)}
    assert codes <= {"unknown_format", "corrupt_image", "too_many_pixels", "unsafe_svg", "exact_copy"}


# ---- the manifest itself -------------------------------------------------------------------------


def test_manifests_that_cannot_be_read(folder: Path):
    for path in (folder / "nothing.jsonl", folder, Path("/dev/zero")):
        with pytest.raises(ManifestUnreadable) as caught:
            list(read_manifest(path))
        assert str(path) in caught.value.message and caught.value.what_to_do


def test_utf16_is_told_once_not_for_each_line(folder: Path):
    (folder / "M").write_text(json.dumps(GOOD), encoding="utf-16")
    with pytest.raises(ManifestUnreadable, match="UTF-16"):
        list(read_manifest(folder / "M"))


def test_an_empty_manifest_has_no_lines(folder: Path):
    (folder / "M").write_bytes(b"")
    assert list(read_manifest(folder / "M")) == []


def test_reading_may_be_left_early(folder: Path):
    (folder / "M").write_text("\n".join([json.dumps(GOOD)] * 200))
    reading = read_manifest(folder / "M")
    assert isinstance(next(reading), ImportedWork)
    reading.close()


def test_many_svgs_keep_their_order(folder: Path):
    for number in range(40):
        (folder / f"{number}.svg").write_text(SVG.format(1 + number / 2))
    works = read(folder, *(GOOD | {"file": f"{number}.svg", "title": str(number)} for number in range(40)))
    assert [work.title for work in works] == [str(number) for number in range(40)]
