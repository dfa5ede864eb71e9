"""How contributions are grounded and evaluated: the small network that is trained again and again."""

from __future__ import annotations

from dataclasses import dataclass

from model.settings import TrainSettings, _Settings

# The same code as the served network at a size that two cores train in ten seconds: 0.29 M parameters on
# all of OpenMoji. Its learning rate suits its size.
SMALL = TrainSettings(
    size=16,
    widths=(16, 32),
    heads=2,
    text_width=16,
    text_layers=1,
    max_tokens=8,
    steps=300,
    batch_size=32,
    learning_rate=3e-3,
    warmup_steps=20,
    ema_decay=0.99,
    autocast=False,
)


@dataclass(frozen=True)
class LossSettings(_Settings):
    """Where the loss of a picture is looked at: evenly spaced noise levels, the same noise for every model."""

    noise_levels: int = 16
    seed: int = 5
