"""The sheet: prompts that say what they are, fixed seeds, one picture each, the same file again."""

import json
from pathlib import Path

import pytest
from PIL import Image

from model import checkpoint
from model.evaluation.sheet import KINDS, PROMPTS, make_sheet, read_prompts, save_sheet, two_lines
from model.settings import SampleSettings
from model.train import TrainResult

FEW = SampleSettings(steps=2, output_size=64, batch_size=4)
LISTS = sorted(PROMPTS.parent.glob("sheet_*.txt"))
SHIPPED = checkpoint.SHIPPED / "openmoji-64"


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.stem)
def test_a_list_has_16_prompts_of_each_kind(path: Path) -> None:
    prompts = read_prompts(path)
    assert {kind: sum(one.kind == kind for one in prompts) for kind in KINDS} == dict.fromkeys(KINDS, 16)
    assert len({one.prompt for one in prompts}) == 48


def test_titles_are_titles_of_the_shipped_model_and_the_others_are_not() -> None:
    titles = {work["title"].lower() for work in checkpoint.works_behind(SHIPPED)}
    assert all((one.prompt in titles) == (one.kind == "title") for one in read_prompts(PROMPTS))


@pytest.mark.parametrize(
    ("text", "told"), [("a picture\n", "line 1"), ("title:\n", "line 1"), ("# none\n", "no prompt")]
)
def test_other_lists_are_refused(folder: Path, text: str, told: str) -> None:
    (folder / "prompts.txt").write_text(text)
    with pytest.raises(ValueError, match=told):
        read_prompts(folder / "prompts.txt")


def test_the_same_sheet_again(trained: TrainResult, folder: Path) -> None:
    (folder / "prompts.txt").write_text(
        "new: a red line and a cross\ntitle: red circle\n\n# said\nchanged: blue circle\n"
    )
    prompts = read_prompts(folder / "prompts.txt")
    assert [one.kind for one in prompts] == list(KINDS)
    for name in ("one", "two"):
        save_sheet(*make_sheet(trained.directory, prompts, FEW, first_seed=7), folder / f"{name}.png")
    assert (folder / "one.png").read_bytes() == (folder / "two.png").read_bytes()
    record = json.loads((folder / "one.json").read_text())
    assert [row["seed"] for row in record["pictures"]] == [7, 8, 9]
    assert [row["is_a_title"] for row in record["pictures"]] == [True, True, False]
    assert record["sampling"] == FEW.to_json() and record["steps"] == 2
    assert Image.open(folder / "one.png").width > 1000


def test_a_long_prompt_keeps_to_two_lines() -> None:
    assert two_lines("red heart") == "red heart"
    assert two_lines("word " * 40).count("\n") == 1 and two_lines("word " * 40).endswith("…")
