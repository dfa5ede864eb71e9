"""Operations of a training: counted from shapes, the same for settings and for the directory made by them."""

import torch
from diffusers import UNet2DConditionModel
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from model.network import build_unet
from model.operations import _forward, directory_operations, network_operations, training_operations
from model.settings import SMALL
from model.train import TrainResult
from tests.model.conftest import TINY


def test_a_directory_has_the_operations_of_its_settings(trained: TrainResult) -> None:
    assert directory_operations(trained.directory) == network_operations(TINY) > 0


def test_convolution_and_linear_layers_are_nearly_all_that_torch_counts() -> None:
    unet: UNet2DConditionModel = build_unet(SMALL)
    words = torch.zeros(1, 1, SMALL.text_width)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        unet(
            torch.zeros(1, 12, 8, 8),
            torch.zeros(1),
            encoder_hidden_states=words,
            class_labels=torch.zeros(1, SMALL.text_width),
        )
    ours, torchs = _forward(build_unet(SMALL).to("meta")), counter.get_total_flops()
    assert ours <= torchs <= 1.05 * ours


def test_one_layer_by_hand() -> None:
    """A network that is one convolution would have 2 · weights · positions; steps and batch multiply."""
    layer = nn.Conv2d(3, 4, 3, padding=1)
    out = layer(torch.zeros(1, 3, 5, 5))
    assert 2 * layer.weight.numel() // 4 * out.numel() == 2 * (3 * 3 * 3) * (4 * 5 * 5)
    assert training_operations(TINY.but(steps=5, batch_size=2), 10) == 3 * 5 * 2 * 10
