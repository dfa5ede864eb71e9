"""The flow picture of the demo's page."""
from __future__ import annotations

import re

from backend.demo.flow import Link, flow_picture

LINKS = [Link("1. a <b>", "Ada", 300), Link("1. a <b>", "all holders", 700), Link("2. c", "all holders", 1000), Link("2. c", "Ada", 0)]


def test_heights_are_in_proportion_to_amounts() -> None:
    picture = flow_picture(LINKS, ["Ada", "all holders", "nobody"], str, body_px=200)
    heights = [float(height) for height in re.findall(r'<rect [^>]*height="([\d.]+)"', picture)]
    assert heights == [100.0, 100.0, 30.0, 170.0]
    assert picture.count("<path") == 3


def test_names_of_strangers_cannot_become_markup() -> None:
    picture = flow_picture(LINKS, ["Ada", "all holders"], str)
    assert "<b>" not in picture and "&lt;b&gt;" in picture


def test_nothing_moved() -> None:
    assert "<svg" not in flow_picture([], [], str)


def test_a_long_name_is_cut_and_stays_whole_where_the_mouse_rests() -> None:
    name = "Photographer " * 5
    picture = flow_picture([Link("1. a prompt", name, 5)], [name], str)
    assert f">{name}" not in picture and "…" in picture and f"→ {name}: 5" in picture
