"""Figures: repeated works are found, fresh pictures are not, the table stands between its markers."""

import json
from pathlib import Path

import pytest
import torch
from PIL import Image

from model.dataset import Dataset
from model.evaluation.figures import Made, figures, main, to_make
from model.evaluation.figures_nearest import (
    PAIRS,
    asked_work_found,
    features_apart,
    looks_apart,
    memorisation_figures,
    show_pairs,
    usual_of,
)
from model.evaluation.figures_page import table, write_between
from model.evaluation.figures_plot import Line, plot, ticks
from model.evaluation.sheet import SheetPrompt
from model.train import TrainResult

PROMPTS = [SheetPrompt("title", "red circle"), SheetPrompt("new", "a red cross on a blue circle")]
HELDOUT = {
    "settings": {"size": 16},
    "points": [
        {
            "step": step,
            "held_out": {"loss": loss, "standard_error": 0.01, "works": 4},
            "trained": {"loss": loss / 2, "standard_error": 0.01, "works": 4},
        }
        for step, loss in ((2, 0.5), (4, 0.6))
    ],
}


def noise(count: int, side: int = 16) -> torch.Tensor:
    generator = torch.Generator().manual_seed(3)
    return torch.randint(0, 256, (count, 3, side, side), generator=generator).to(torch.uint8)


def test_repeated_works_are_near_copies_and_noise_is_not(dataset: Dataset) -> None:
    images = torch.cat([dataset.images[:3], noise(2)])
    found = memorisation_figures(images, ["title"] * 3 + ["new"] * 2, dataset)
    for measure in ("looks", "features"):
        assert found[measure]["title"]["near_copies"] == 1 and found[measure]["title"]["pictures"] == 3
        assert found[measure]["new"]["near_copies"] == 0
        assert found[measure]["all"]["near_copies"] == 0.6
        assert found[measure]["works"]["nearer_than_usual"] <= 0.5
    assert found["nearest"][:3].tolist() == [0, 1, 2]


def test_a_work_is_found_when_it_was_asked_for(dataset: Dataset) -> None:
    found = asked_work_found(dataset.images[[4, 7]], [4, 8], dataset)
    assert found["looks"]["top1"] == found["features"]["top1"] == 0.5
    assert found["chance1"] == round(1 / 12, 4) and found["chance10"] == round(10 / 12, 4)


@pytest.mark.parametrize("measure", [looks_apart, features_apart])
def test_a_picture_is_at_no_distance_from_itself(measure, dataset: Dataset) -> None:
    apart = measure(dataset.images, dataset.images)
    assert torch.allclose(apart.diagonal(), torch.zeros(len(dataset)), atol=1e-5)
    assert (apart + torch.eye(len(dataset)) > 1e-3).all()


def test_a_set_of_copies_has_no_usual_distance() -> None:
    with pytest.raises(ValueError, match="nothing to compare"):
        usual_of(torch.zeros(3, 3), torch.ones(3, 3, dtype=torch.bool))


def test_works_to_compare_with_are_not_asked_for(dataset: Dataset) -> None:
    made, others = to_make(PROMPTS, dataset, rounds=2, titles=100)
    asked = {place for place in made.asked if place is not None}
    assert len(asked) == 6 and asked.isdisjoint(others) and len(asked) + len(others) == len(dataset)
    assert len(set(zip(made.prompts, made.seeds, strict=True))) == len(made.prompts) == 4 + 6


def test_the_whole_record(trained: TrainResult, dataset: Dataset, folder: Path) -> None:
    record, pairs = figures(trained.directory, dataset, PROMPTS, rounds=1, titles=4)
    again, _ = figures(trained.directory, dataset, PROMPTS, rounds=1, titles=4)
    assert record == again
    assert record["memorisation"]["looks"]["all"]["pictures"] == 6
    assert record["distance"]["kernel"]["generated"] > record["distance"]["kernel"]["halves_of_works"][0]
    assert pairs.width > 100
    page = folder / "page.md"
    page.write_text("before\n<!-- a -->\nold\n<!-- b -->\nafter\n")
    write_between(page, "a", "b", table(record | {"heldout": HELDOUT}))
    text = page.read_text()
    assert text.startswith("before\n<!-- a -->\nCheckpoint `tiny`") and text.endswith("<!-- b -->\nafter\n")
    assert "old" not in text and "0.6000 ± 0.0100" in text and "after 2 steps" in text
    columns = {line.count("|") for line in text.splitlines() if line.startswith("|")}
    assert columns == {4}


def test_each_work_is_shown_once(dataset: Dataset) -> None:
    made = Made(prompts=["a"] * 30)
    ratios, nearest = torch.linspace(0, 1, 30), torch.arange(30) % 3
    made.pictures = [Image.new("RGB", (16, 16), "red")] * 30
    sheet = show_pairs(made.pictures, made.prompts, ratios, nearest, dataset)
    assert sheet.width == 2 * 138 + 10 and PAIRS >= 3


@pytest.mark.parametrize("text", ["none", "<!-- b --><!-- a -->", "<!-- a --><!-- a --><!-- b -->"])
def test_a_page_without_markers_is_refused(folder: Path, text: str) -> None:
    (folder / "page.md").write_text(text)
    with pytest.raises(ValueError, match="once each"):
        write_between(folder / "page.md", "a", "b", "text")


def test_a_plot_is_an_svg_with_its_names() -> None:
    lines = [Line("one & two", [(0, 1.0), (100, 0.5)]), Line("three", [(50, 0.75)], dots=True)]
    drawn = plot(lines, "A title", "step", "loss")
    assert drawn == plot(lines, "A title", "step", "loss")
    assert "one &amp; two" in drawn and drawn.count("<circle") == 1 and drawn.count("<polyline") == 2
    assert ticks(0, 100) == [0, 20, 40, 60, 80, 100] and ticks(0.06, 0.21) == [0.1, 0.15, 0.2]
    assert "<circle" in plot([Line("flat", [(1, 2.0)], dots=True)], "t", "x", "y")
    with pytest.raises(ValueError, match="nothing to plot"):
        plot([Line("empty", [])], "t", "x", "y")


def test_a_measured_record_is_written_without_drawing(folder: Path, monkeypatch) -> None:
    """With the curve of a training that is not over yet."""
    record = {
        "checkpoint": "tiny",
        "steps": 2,
        "works": 12,
        "artists": 3,
        "size_px": 16,
        "memorisation": {},
        "distance": {
            "pictures": 4,
            "works": 8,
            "components": 32,
            "kernel": {"generated": 0.1, "halves_of_works": [0.0, 0.01]},
            "frechet": {"generated": 9.0, "halves_of_works": [1.0, 2.0]},
        },
        "asked_work": {"chance1": 0.1, "chance10": 0.9}
        | {name: {"top1": 0.5, "top10": 1.0} for name in ("looks", "features")},
    }
    settings = {"steps": 4, "batch_size": 4, "size": 16, "widths": [16, 16]}
    curve = HELDOUT | {"settings": settings, "works": {}, "share": 0.4, "held_out_root": "0x00"}
    (folder / "heldout.json").write_text(json.dumps(curve))
    (folder / "heldout.svg").write_text("<svg/>")
    (folder / "record.json").write_text(json.dumps(record))
    (folder / "page.md").write_text("<!-- figures: written by make figures -->\n<!-- end of figures -->\n")
    words = ["--measured", "record.json", "--heldout", ".", "--out", "out.json", "--page", "page.md"]
    monkeypatch.chdir(folder)
    monkeypatch.setattr("sys.argv", ["figures", *words, "--images", "images"])
    main()
    assert "100.00" in (folder / "page.md").read_text() and "0.6000" in (folder / "page.md").read_text()
    assert (folder / "images" / "heldout.svg").read_text() == "<svg/>"
    assert json.loads((folder / "out.json").read_text())["heldout"]["points"] == HELDOUT["points"]
