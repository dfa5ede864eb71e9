"""Sampling: a seed is a picture, wherever it stands in a batch."""

import pytest

from model.checkpoint import load_pipeline
from model.pipeline import MeltingPotPipeline
from model.sample import generate
from model.settings import SampleSettings
from model.train import TrainResult

FEW = SampleSettings(steps=3, output_size=32, batch_size=2)


@pytest.fixture(scope="module")
def pipeline(trained: TrainResult) -> MeltingPotPipeline:
    return load_pipeline(trained.directory)


def test_a_seed_is_a_picture_in_any_company(pipeline: MeltingPotPipeline) -> None:
    prompts, seeds = ["red circle", "blue line", "green cross"], [5, 2**62 + 1, 7]
    together = generate(pipeline, prompts, seeds, FEW)
    turned = generate(pipeline, prompts[::-1], seeds[::-1], FEW)[::-1]
    alone = [
        generate(pipeline, [prompt], [seed], FEW)[0] for prompt, seed in zip(prompts, seeds, strict=True)
    ]
    assert [image.tobytes() for image in together] == [image.tobytes() for image in turned]
    assert [image.tobytes() for image in together] == [image.tobytes() for image in alone]
    assert together[0].tobytes() != generate(pipeline, prompts[:1], [6], FEW)[0].tobytes()


def test_size_and_progress(pipeline: MeltingPotPipeline) -> None:
    told: list[tuple[int, int]] = []
    images = generate(pipeline, ["red circle"] * 3, [1, 2, 3], FEW, lambda *step: told.append(step))
    assert [image.size for image in images] == [(32, 32)] * 3
    assert told == [(n, 6) for n in range(1, 7)]


def test_one_seed_for_each_prompt(pipeline: MeltingPotPipeline) -> None:
    with pytest.raises(ValueError, match="seeds"):
        generate(pipeline, ["a"], [], FEW)
    assert generate(pipeline, [], [], FEW) == []
