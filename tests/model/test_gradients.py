"""The gradients behind the artist index: what they are of, and that nothing else changes them."""

import copy

import pytest
import torch

from model import lora
from model.attribution.gradients import Gradients, noise_levels
from model.attribution.per_sample import squared
from model.checkpoint import load_pipeline
from model.dataset import Dataset
from model.denoiser import denoiser_of
from model.pipeline import MeltingPotPipeline
from model.train import TrainResult
from tests.model.conftest import TINY_ATTRIBUTION

SETTINGS = TINY_ATTRIBUTION.but(noise_levels=2, lowest_noise=0.5)


@pytest.fixture()
def pipeline(trained: TrainResult) -> MeltingPotPipeline:
    return load_pipeline(trained.directory)


def test_levels_lie_evenly_and_repeat() -> None:
    shape = torch.Size((12, 8, 8))
    assert [level for level, _ in noise_levels(shape, SETTINGS)] == [0.625, 0.875]
    assert [level for level, _ in noise_levels(shape, SETTINGS.but(lowest_noise=0.0))] == [0.25, 0.75]
    again = noise_levels(shape, SETTINGS)
    assert all(torch.equal(one, two) for (_, one), (_, two) in zip(again, noise_levels(shape, SETTINGS)))


def test_rows_are_the_mean_gradient_of_the_levels(pipeline: MeltingPotPipeline, dataset: Dataset) -> None:
    gradients = Gradients(pipeline, SETTINGS)
    found = gradients.project(dataset.images, dataset.captions)
    assert found.shape == (12, SETTINGS.dimensions) and found.dtype == torch.float32
    alone = [
        gradients.samples.project(dataset.images[2:3], dataset.captions[2:3], [level], (squared,))[:, 0]
        for level in gradients.levels
    ]
    torch.testing.assert_close(found[2:3], sum(alone) / 2, rtol=1e-3, atol=1e-6)


def test_neighbours_and_use_change_no_row(pipeline: MeltingPotPipeline, dataset: Dataset) -> None:
    gradients = Gradients(pipeline, SETTINGS.but(batch_size=5))
    told: list[tuple[int, int]] = []
    found = gradients.project(dataset.images, dataset.captions, lambda *done: told.append(done))
    assert told == [(5, 12), (10, 12), (12, 12)]
    before = copy.deepcopy(pipeline.unet.state_dict())
    pipeline("red circle", num_inference_steps=1)  # the served networks carry no hooks
    turned = gradients.project(dataset.images.flip(0), dataset.captions[::-1]).flip(0)
    torch.testing.assert_close(turned, found, rtol=1e-3, atol=1e-6)
    assert all(torch.equal(before[name], weight) for name, weight in pipeline.unet.state_dict().items())


def test_both_networks_are_looked_at_and_an_adapter_alone(pipeline: MeltingPotPipeline) -> None:
    everything = {name.split(".")[0] for name, _ in Gradients(pipeline, SETTINGS).samples.names}
    assert everything == {"unet", "text_encoder"}
    lora.add(pipeline.unet, 2, 4.0, denoiser_of(pipeline).lora_targets, 0)
    adapted = [name for name, _ in Gradients(pipeline, SETTINGS).samples.names]
    assert adapted and all(lora.is_lora(name) for name in adapted)


def test_an_adapter_s_gradients_are_those_of_autograd(
    pipeline: MeltingPotPipeline, dataset: Dataset
) -> None:
    lora.add(pipeline.unet, 2, 4.0, denoiser_of(pipeline).lora_targets, 0)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in pipeline.unet.parameters():
            weight += 0.1 * torch.randn(weight.shape, generator=generator)
    gradients = Gradients(pipeline, SETTINGS)
    found = gradients.samples.exact(
        dataset.images[:1], dataset.captions[:1], gradients.levels, (squared,)
    )
    denoiser, plain = denoiser_of(pipeline), dict(pipeline.unet.named_parameters(prefix="unet"))
    text, total = denoiser.encode(*denoiser.tokens(dataset.captions[:1])), torch.zeros(())
    for level, noise in gradients.levels:
        mixed = denoiser.mixed(denoiser.clean(dataset.images[:1]), noise[None], torch.tensor([level]))
        total = total + denoiser.predict(pipeline.unet, mixed, torch.tensor([level]), text).square().mean() / 2
    weights = [plain[name].requires_grad_(True) for name, _ in gradients.samples.names]
    expected = torch.cat([part.flatten() for part in torch.autograd.grad(total, weights)])
    torch.testing.assert_close(found[0, 0], expected, rtol=1e-3, atol=1e-5 * float(expected.abs().max()))
