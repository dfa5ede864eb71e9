"""Each method against its formula in exact gradients and explicit inverses; what must change no score."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from model.attribution.peers.das import steps
from model.attribution.peers.projected import noise_levels, of_pictures, of_works
from model.attribution.peers.task import PEERS, Task, artist_scores
from model.attribution.per_sample import SampleGradients
from model.attribution.precondition import preconditioned
from model.checkpoint import load_pipeline
from model.dataset import Dataset, Manifest
from model.network import encode_text, to_network, velocity
from model.pipeline import MeltingPotPipeline
from model.text import tokenize
from model.train import TrainResult
from tests.model.conftest import TINY_ATTRIBUTION

SETTINGS = TINY_ATTRIBUTION.but(noise_levels=2, lowest_noise=0.3, damping=0.05)
PARTS = ("unet.conv_out", "unet.conv_norm_out")
WIDE = 2048  # more than the weights of these parts


@pytest.fixture(scope="module")
def pipeline(trained: TrainResult) -> MeltingPotPipeline:
    """The two-step network, shaken: in two steps the last layer hardly leaves zero."""
    pipeline = load_pipeline(trained.directory)
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for weight in pipeline.unet.parameters():
            weight += 0.1 * torch.randn(weight.shape, generator=generator)
    return pipeline


@pytest.fixture(scope="module")
def task(pipeline: MeltingPotPipeline, dataset: Dataset) -> Task:
    pictures = dataset.images[[0, 5, 9]].flip(-1)
    return Task(pipeline, dataset, pictures, ["red circle", "", "blue line"], SETTINGS, parts=PARTS)


def outputs(task: Task, image: torch.Tensor, caption: str) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """For each level, velocity [numbers] with its graph and residual [numbers] of one sample."""
    ids, mask = tokenize(task.pipeline.tokenizer, [caption])
    words, sentence = encode_text(task.pipeline.text_encoder, ids, mask)
    picture, found = to_network(image[None]), []
    for sigma, noise in noise_levels(picture.shape[1:], task.settings):
        noisy, told = (1 - sigma) * picture + sigma * noise, torch.tensor([sigma])
        out = velocity(task.pipeline.unet, noisy, told, words, sentence, mask).flatten()
        found.append((out, (out - (noise - picture).flatten()).detach()))
    return found


def watched(task: Task) -> list[torch.Tensor]:
    return [w for name, w in task.pipeline.unet.named_parameters() if f"unet.{name}".startswith(PARTS)]


def plain_gradients(task: Task, images: torch.Tensor, captions: list[str], function: str) -> np.ndarray:
    """float64 [N, P] by plain autograd, one sample and one level after the other."""
    rows = []
    for image, caption in zip(images, captions, strict=True):
        total = torch.zeros(())
        for out, residual in outputs(task, image, caption):
            target = out.detach() - residual
            total = total + ((out - target).square().mean() if function == "loss" else out.square().mean())
        parts = torch.autograd.grad(total / task.settings.noise_levels, watched(task))
        rows.append(torch.cat([part.flatten() for part in parts]).double().numpy())
    return np.stack(rows)


def wide(task: Task) -> Task:
    """With so many dimensions that the sketch of the watched weights only reorders and signs them."""
    return replace(task, settings=task.settings.but(dimensions=WIDE))


@pytest.mark.parametrize(("method", "function"), [("trak", "loss"), ("d-trak", "squared")])
def test_trak_and_d_trak_are_their_formula(task: Task, method: str, function: str) -> None:
    phi = plain_gradients(task, task.dataset.images, task.dataset.captions, function)
    asked = plain_gradients(task, task.pictures, task.prompts, function)
    ridge = 0.05 * np.trace(phi @ phi.T) / len(phi)
    expected = asked @ np.linalg.inv(phi.T @ phi + ridge * np.eye(phi.shape[1])) @ phi.T
    np.testing.assert_allclose(PEERS[method](wide(task)), expected, rtol=2e-3, atol=1e-5)


def test_tracin_is_its_formula(task: Task) -> None:
    works = plain_gradients(task, task.dataset.images, task.dataset.captions, "loss")
    expected = plain_gradients(task, task.pictures, task.prompts, "loss") @ works.T
    found = PEERS["tracin"](wide(task))
    np.testing.assert_allclose(found, expected, rtol=2e-3, atol=1e-3 * np.abs(expected).max())


def test_a_few_dimensions_say_about_what_all_say(task: Task) -> None:
    few = PEERS["tracin"](replace(task, settings=SETTINGS.but(dimensions=512)))
    assert np.corrcoef(few.ravel(), PEERS["tracin"](wide(task)).ravel())[0, 1] > 0.9


def test_tracin_weighs_checkpoints_by_their_rates(task: Task, pipeline: MeltingPotPipeline) -> None:
    two = replace(task, checkpoints=(pipeline,), rates=(0.5, 0.25))
    np.testing.assert_allclose(PEERS["tracin"](two), 0.75 * PEERS["tracin"](task), rtol=1e-9)


def test_das_steps_are_those_of_leaving_a_work_out() -> None:
    """Where the output is linear the Newton step is exact: ridge regressions without each work."""
    generator = torch.Generator().manual_seed(0)
    rows = torch.randn(8, 5, generator=generator).double()
    target = torch.randn(8, generator=generator).double()
    ridge = 0.3 * rows.square().sum(1).mean() * torch.eye(5).double()

    def fitted(kept: list[int]) -> torch.Tensor:
        return torch.linalg.inv(rows[kept].T @ rows[kept] + ridge) @ rows[kept].T @ target[kept]

    trained = fitted(list(range(8)))
    residual = rows @ trained - target
    found = steps(rows, rows * residual[:, None], 0.3)
    without = [fitted([j for j in range(8) if j != i]) - trained for i in range(8)]
    torch.testing.assert_close(found, torch.stack(without))


def test_das_is_its_formula(task: Task) -> None:
    """From the rows that the task keeps, with an explicit inverse."""
    works, asked = of_works(task, task.pipeline), of_pictures(task, task.pipeline)
    matrix = works.along.T @ works.along
    matrix += 0.05 * works.along.square().sum(1).mean() * torch.eye(len(matrix)).double()
    inverse, expected = torch.linalg.inv(matrix), np.zeros((3, 12))
    for i in range(12):
        step = inverse @ works.loss[i] / 2 / (1 - works.along[i] @ inverse @ works.along[i])
        expected[:, i] = (asked.along @ step).square().mean(1)
    np.testing.assert_allclose(PEERS["das"](task), expected, rtol=1e-6)


def test_directions_stand_for_the_whole_output(task: Task) -> None:
    """Σ along·alongᵀ against Σ JᵀJ over all numbers, by what a step changes; the same for the pictures."""
    full = wide(task)
    works, asked = of_works(full, task.pipeline), of_pictures(full, task.pipeline)
    weights = watched(task)
    gradients = SampleGradients(task.pipeline, PARTS, WIDE, SETTINGS.seed)
    step = torch.randn(gradients.count, generator=torch.Generator().manual_seed(0))
    folded, parts = gradients.fold(step).double(), step.split([weight.numel() for weight in weights])

    def moved(images: torch.Tensor, captions: list[str]) -> float:
        """Mean square of J·step over numbers and levels, by finite differences, summed over samples."""
        found = []
        for sign in (-1e-3, 2e-3, -1e-3):  # back and forth, and where it began
            with torch.no_grad():
                for weight, part in zip(weights, parts, strict=True):
                    weight += sign * part.view(weight.shape)
                found.append(
                    torch.stack(
                        [
                            torch.cat([out for out, _ in outputs(task, image, caption)])
                            for image, caption in zip(images, captions, strict=True)
                        ]
                    )
                )
        return float(((found[1] - found[0]) / 2e-3).square().mean(1).sum())

    true = moved(task.dataset.images, task.dataset.captions)
    assert 0.4 < float((works.along @ folded).square().sum()) / true < 2.2  # χ² of about twelve degrees
    true = moved(task.pictures, task.prompts)
    assert 0.4 < float((asked.along @ folded).square().mean(1).sum()) / true < 2.2


@pytest.mark.parametrize("method", sorted(PEERS))
def test_scores_follow_the_works(task: Task, method: str) -> None:
    """Works in another order have the same scores in that order."""
    dataset, order = task.dataset, torch.randperm(12, generator=torch.Generator().manual_seed(1))
    mixed = Dataset.__new__(Dataset)
    mixed.__dict__.update(
        manifest=Manifest(dataset.works),
        images=dataset.images[order],
        captions=[dataset.captions[i] for i in order],
        artists=dataset.artists,
        artist_of=dataset.artist_of[order],
        measured={},
    )
    found, again = PEERS[method](task), PEERS[method](replace(task, dataset=mixed))
    assert found.shape == (3, 12) and found.dtype == np.float64
    np.testing.assert_allclose(again, found[:, order], rtol=1e-3, atol=1e-4 * np.abs(found).max())


@pytest.mark.parametrize("works", [9, 40])
def test_preconditioning_knows_no_unit_and_no_shape(works: int) -> None:
    """More works than dimensions or fewer; gradients twice as large, where λ is relative."""
    generator = torch.Generator().manual_seed(0)
    rows = torch.randn(works, 30, generator=generator).double()
    asked = torch.randn(2, 30, generator=generator).double()
    ridge = 0.1 * rows.square().sum(1).mean() * torch.eye(30).double()
    found = preconditioned(rows, asked, 0.1)
    torch.testing.assert_close(found, asked @ torch.linalg.inv(rows.T @ rows + ridge))
    torch.testing.assert_close(preconditioned(2 * rows, 2 * asked, 0.1) @ (2 * rows).T, found @ rows.T)


def test_another_damping_or_batch_reads_the_works_once(task: Task) -> None:
    PEERS["trak"](task)
    before = len(task.kept)
    PEERS["das"](replace(task, settings=SETTINGS.but(damping=1.0, batch_size=3)))
    assert len(task.kept) == before
    PEERS["das"](replace(task, pictures=task.pictures[:2], prompts=task.prompts[:2]))
    assert len(task.kept) == before + 1


def test_artists_get_the_sum_of_their_works(dataset: Dataset) -> None:
    scores = np.arange(24, dtype=float).reshape(2, 12)
    found = artist_scores(scores, dataset.artist_of, 3)
    for artist in range(3):
        np.testing.assert_allclose(found[:, artist], scores[:, dataset.artist_of.numpy() == artist].sum(1))
    with pytest.raises(ValueError, match="do not fit"):
        artist_scores(scores[:, :5], dataset.artist_of, 3)


def test_what_cannot_be_asked_is_told(task: Task) -> None:
    with pytest.raises(ValueError, match="prompts"):
        replace(task, prompts=["one"])
    with pytest.raises(ValueError, match="uint8"):
        replace(task, pictures=task.pictures.float())
    with pytest.raises(ValueError, match="damping"):
        replace(task, settings=SETTINGS.but(damping=0.0))
    with pytest.raises(ValueError, match="rates"):
        replace(task, rates=(1.0, 2.0))
