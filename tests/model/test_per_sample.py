"""Per-sample gradients of every kind of layer, against plain autograd on one sample at a time."""

import pytest
import torch

from model.attribution.gradients import noise_levels
from model.attribution.per_sample import SampleGradients, loss, squared
from model.checkpoint import load_pipeline
from model.dataset import Dataset
from model.network import encode_text, to_network, velocity
from model.pipeline import MeltingPotPipeline
from model.text import tokenize
from model.train import TrainResult
from tests.model.conftest import TINY_ATTRIBUTION

SETTINGS = TINY_ATTRIBUTION.but(noise_levels=3, lowest_noise=0.2)
ALL = ("unet.", "text_encoder.")


@pytest.fixture(scope="module")
def pipeline(trained: TrainResult) -> MeltingPotPipeline:
    pipeline = load_pipeline(trained.directory)
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():  # in two steps the last layer hardly leaves zero
        for weight in pipeline.unet.parameters():
            weight += 0.1 * torch.randn(weight.shape, generator=generator)
    return pipeline


def test_all_weights_of_both_networks(pipeline: MeltingPotPipeline, dataset: Dataset) -> None:
    gradients = SampleGradients(pipeline, ALL, 64, 0)
    levels = noise_levels(torch.Size((12, 8, 8)), SETTINGS)
    captions = ["red circle, red", "", "blue line"]  # a word twice; no word
    found = gradients.exact(dataset.images[:3], captions, levels, (loss, squared))
    plain = dict(pipeline.unet.named_parameters(prefix="unet"))
    plain |= dict(pipeline.text_encoder.named_parameters(prefix="text_encoder"))
    assert {name for name, _ in gradients.names} == set(plain)
    for sample in range(3):
        ids, mask = tokenize(pipeline.tokenizer, captions[sample : sample + 1])
        words, sentence = encode_text(pipeline.text_encoder, ids, mask)
        picture, totals = to_network(dataset.images[sample : sample + 1]), torch.zeros(2)
        for sigma, noise in levels:
            noisy, told = (1 - sigma) * picture + sigma * noise, torch.tensor([sigma])
            out = velocity(pipeline.unet, noisy, told, words, sentence, mask)
            both = [(out - (noise - picture)).square().mean(), out.square().mean()]
            totals = totals + torch.stack(both) / len(levels)
        for function, total in enumerate(totals):
            weights = [plain[name] for name, _ in gradients.names]
            parts = torch.autograd.grad(total, weights, retain_graph=True)
            expected = torch.cat([part.flatten() for part in parts])
            scale = float(expected.abs().max())
            torch.testing.assert_close(found[sample, function], expected, rtol=1e-3, atol=1e-5 * scale)


def test_a_part_is_that_part_of_all(pipeline: MeltingPotPipeline, dataset: Dataset) -> None:
    levels = noise_levels(torch.Size((12, 8, 8)), SETTINGS)
    part = SampleGradients(pipeline, ("unet.up_blocks.1.",), 64, 0)
    everything = SampleGradients(pipeline, ALL, 64, 0)
    found = part.exact(dataset.images[:2], ["one", "two"], levels, (loss,))
    whole = everything.exact(dataset.images[:2], ["one", "two"], levels, (loss,))
    sizes = [shape.numel() for _, shape in everything.names]
    kept = [
        piece
        for piece, (name, _) in zip(whole.split(sizes, 2), everything.names, strict=True)
        if name.startswith("unet.up_blocks.1.")
    ]
    torch.testing.assert_close(found, torch.cat(kept, 2))


def test_the_sketch_keeps_inner_products(pipeline: MeltingPotPipeline) -> None:
    """Unbiased over seeds, with the standard error that is promised."""
    generator = torch.Generator().manual_seed(0)
    errors = []
    for seed in range(20):
        gradients = SampleGradients(pipeline, ("unet.conv_",), 256, seed)
        rows = torch.randn(2, gradients.count, generator=generator)
        rows[1] += rows[0]
        folded = gradients.fold(rows)
        error = folded[0] @ folded[1] - rows[0] @ rows[1]
        errors.append(float(error / (rows[0].norm() * rows[1].norm())))
    found = torch.tensor(errors)
    assert found.square().mean().sqrt() < 2 / 256**0.5
    assert found.mean().abs() < 3 * (2 / 256**0.5) / 20**0.5


def test_unknown_parts_are_told(pipeline: MeltingPotPipeline) -> None:
    with pytest.raises(ValueError, match="no weights"):
        SampleGradients(pipeline, ("vae.",), 64, 0)
