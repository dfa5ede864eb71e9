"""One picture a copy of another: what is done to a copy, and what different works of one artist share."""

from random import Random

import pytest
import torch
from PIL import Image, ImageDraw, ImageFont

from benchmarks.alterations import ALTERATIONS
from model.duplicates.verdict import Prepared, compare, same_picture
from tests.model.scenes import face, pixels, scene, shades

HARD = ("text", "brightness", "several")  # of flat drawings: covered, or clipped to other colours


@pytest.mark.parametrize("name", [name for name in ALTERATIONS if name not in HARD])
def test_altered_scenes_are_copies(name: str) -> None:
    strains = [
        same_picture(pixels(scene(seed)), pixels(ALTERATIONS[name](scene(seed), Random(seed)))).strain
        for seed in range(3)
    ]
    assert max(strains) < 1


@pytest.mark.parametrize("name", ["brightness", "several", "crop_flip_jpeg"])
def test_altered_photographs_are_copies(name: str) -> None:
    for seed in range(2):
        assert same_picture(pixels(shades(seed)), pixels(ALTERATIONS[name](shades(seed), Random(seed)))).same
    assert not same_picture(pixels(shades(0)), pixels(shades(1))).same


def test_different_scenes_are_apart() -> None:
    assert not any(same_picture(pixels(scene(seed)), pixels(scene(seed + 50))).same for seed in range(5))


def test_a_mirrored_copy_is_told_as_one() -> None:
    verdict = same_picture(pixels(scene(1)), pixels(ALTERATIONS["flip"](scene(1), Random(0))))
    assert verdict.same and verdict.mirrored


@pytest.mark.parametrize(
    "other", [face("sad"), face("open"), face("smile", (230, 60, 60))], ids=["sad", "open", "red"]
)
def test_faces_that_differ_in_mouth_or_colour_are_apart(other: Image.Image) -> None:
    assert same_picture(pixels(face()), pixels(face())).strain == 0
    assert not same_picture(pixels(face()), pixels(other)).same
    assert not same_picture(pixels(other), pixels(face())).same


def test_a_framed_face_is_a_copy_and_of_no_other_face() -> None:
    """A dark frame on white once pulled the alignment towards it."""
    for seed in range(4):
        framed = pixels(ALTERATIONS["border"](face(), Random(seed)))
        assert same_picture(pixels(face()), framed).same
        assert not same_picture(pixels(face("sad")), framed).same


def test_words_over_a_photograph_leave_a_copy_another_picture_there_does_not() -> None:
    photograph, covered = shades(1), shades(1)
    ImageDraw.Draw(photograph).text((20, 90), "LIMITED", fill="white", font=ImageFont.load_default(26))
    covered.paste(shades(2).crop((20, 90, 170, 140)), (20, 90))
    assert same_picture(pixels(shades(1)), pixels(photograph)).same
    assert not same_picture(pixels(shades(1)), pixels(covered)).same


def test_glasses_drawn_on_a_face_make_another_work() -> None:
    """As words over a drawing do: pixels cannot tell the two, and a wrong merge costs an artist more."""
    glasses = face()
    for x in (74, 118):
        ImageDraw.Draw(glasses).ellipse((x - 18, 64, x + 18, 100), outline="black", width=5)
    assert not same_picture(pixels(face()), pixels(glasses)).same


def test_flat_pictures_are_copies_when_they_are_equal() -> None:
    black, white = torch.zeros(3, 64, 64, dtype=torch.uint8), torch.full((3, 64, 64), 255, dtype=torch.uint8)
    assert same_picture(black, black).same and same_picture(white, white).same
    assert not same_picture(black, white).same


def test_a_picture_near_to_two_works_is_no_copy_of_both() -> None:
    """A stranger cannot make one cluster of two artists' works by a picture halfway between them."""
    left, right = pixels(scene(1)), pixels(scene(2))
    between = ((left.float() + right.float()) / 2).to(torch.uint8)
    assert not (same_picture(left, between).same and same_picture(right, between).same)


def test_many_at_once_are_judged_as_one_by_one() -> None:
    works = torch.stack([pixels(scene(seed)) for seed in range(4)])
    copy = pixels(ALTERATIONS["crop"](scene(2), Random(1)))
    together = compare(Prepared.of(works), Prepared.of(copy[None]))
    assert [verdict.same for verdict in together] == [False, False, True, False]
    assert together[2].strain == pytest.approx(same_picture(works[2], copy).strain, abs=0.02)
