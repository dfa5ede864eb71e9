"""A tiny set drawn by the tests (coloured shapes by three artists) and a tiny network trained on it for two
steps.
"""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pytest
import torch
from PIL import Image, ImageDraw

from model.dataset import Dataset, Manifest, WorkRecord, caption_of, load_dataset
from model.settings import AttributionSettings, RetrainSettings, TrainSettings
from model.train import TrainResult, train

SHAPES = ("circle", "square", "line", "cross")
COLOURS = {"red": (220, 30, 30), "green": (20, 150, 60), "blue": (30, 60, 220)}
TINY = TrainSettings(
    size=16,
    widths=(16, 16),
    heads=2,
    text_width=16,
    text_layers=1,
    max_tokens=8,
    steps=2,
    batch_size=4,
    warmup_steps=1,
    autocast=False,
)
TINY_ATTRIBUTION = AttributionSettings(dimensions=64, noise_levels=1, probes=4, probe_steps=2, batch_size=8)
FEW = RetrainSettings(retrains=3, noise_levels=2, score_dimensions=64, score_noise_levels=1)


def draw(shape: str, colour: str) -> bytes:
    """PNG bytes of a 32 px picture."""
    image = Image.new("RGB", (32, 32), "white")
    pen = ImageDraw.Draw(image)
    match shape:
        case "circle":
            pen.ellipse((6, 6, 26, 26), fill=COLOURS[colour])
        case "square":
            pen.rectangle((8, 8, 24, 24), fill=COLOURS[colour])
        case "line":
            pen.line((2, 30, 30, 2), fill=COLOURS[colour], width=5)
        case _:
            pen.line((16, 2, 16, 30), fill=COLOURS[colour], width=6)
            pen.line((2, 16, 30, 16), fill=COLOURS[colour], width=6)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    torch.set_num_threads(1)  # tiny tensors: more threads only wait for one another


@pytest.fixture(scope="session")
def files() -> dict[str, bytes]:
    """Content hash → bytes of twelve works."""
    drawn = [draw(shape, colour) for colour in COLOURS for shape in SHAPES]
    return {"0x" + hashlib.sha256(data).hexdigest(): data for data in drawn}


@pytest.fixture(scope="session")
def manifest(files: dict[str, bytes]) -> Manifest:
    """Twelve works: one artist a colour."""
    names = [(colour, shape) for colour in COLOURS for shape in SHAPES]
    return Manifest(
        tuple(
            WorkRecord(
                content_hash,
                "",
                "",
                f"artist {colour}",
                f"{colour} {shape}",
                (shape, "drawing"),
                caption_of(f"{colour} {shape}", (shape, "drawing")),
                f"Ms {colour}",
                "CC0-1.0",
                "drawn by a test",
            )
            for content_hash, (colour, shape) in zip(files, names, strict=True)
        )
    )


@pytest.fixture(scope="session")
def dataset(manifest: Manifest, files: dict[str, bytes]) -> Dataset:
    return load_dataset(manifest, lambda work: files[work.content_hash], TINY.size)


@pytest.fixture(scope="session")
def trained(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> TrainResult:
    """A two-step training: its directory is a whole checkpoint."""
    return train(dataset, TINY, tmp_path_factory.mktemp("checkpoint") / "tiny")


@pytest.fixture()
def folder(tmp_path: Path) -> Path:
    return tmp_path
