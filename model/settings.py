"""Typed settings of training, sampling and attribution; each goes into the published record as plain JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Self


class _Settings:
    def to_json(self) -> dict[str, Any]:
        """Plain dict for canonical JSON; `from_json` gives the same settings back."""
        return {
            key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Settings from a dict; unknown names raise ValueError so that a typo never trains something else."""
        known = {field.name for field in fields(cls)}  # type: ignore[arg-type]
        unknown = sorted(set(data) - known)
        if unknown:
            raise ValueError(f"unknown {cls.__name__} {unknown}; known are {sorted(known)}")
        return cls(**{key: tuple(value) if isinstance(value, list) else value for key, value in data.items()})

    def but(self, **changes: Any) -> Self:
        """A copy with some values changed."""
        return replace(self, **changes)  # type: ignore[type-var]


@dataclass(frozen=True)
class TrainSettings(_Settings):
    """How a checkpoint is trained. Sizes in px at 64 px; the network works on 2×2 px blocks."""

    size: int = 64  # px, side of the training pictures
    widths: tuple[int, ...] = (48, 80, 128)  # channels at 32, 16 and 8 positions a side
    heads: int = 4
    text_width: int = 128
    text_layers: int = 2
    max_tokens: int = 24
    max_words: int = 0  # so many are known, those of titles first; 0: all
    seed: int = 0
    steps: int = 0  # 0: chosen for the dataset and the start, see `starting.default_steps`
    batch_size: int = 16
    learning_rate: float = 1e-3
    warmup_steps: int = 50
    decay_fraction: float = 0.25  # last part of the steps in which the rate falls to a twentieth
    weight_decay: float = 0.01
    ema_decay: float = 0.999
    # With a start: gentle, and an average short enough for new works to show in 60 steps. Measured on the
    # shipped checkpoint: 60 steps lower the loss by 0.7 %; a third and 0.999 lower it by 0.1 %. For a long
    # training: 1 and 0.999.
    continued_rate: float = 0.2  # of learning_rate
    continued_ema_decay: float = 0.97
    noise_shift: float = (
        3.0  # odds of σ times this: flat drawings show their layout until the noise is strong
    )
    caption_dropout: float = 0.1  # trains the unconditional half of classifier-free guidance
    title_only: float = 0.35  # part of the captions shown without tags: people type titles
    word_dropout: float = 0.03  # words shown as unknown, so that unknown words do no harm
    autocast: bool = True  # bfloat16 arithmetic, float32 weights
    save_dtype: str = "float16"
    lora_rank: int = 0  # 0: all weights are trained; else a low-rank adapter of this rank alone
    lora_alpha: float = 16.0  # the adapter counts alpha / rank times


@dataclass(frozen=True)
class SampleSettings(_Settings):
    """How a picture is made from a prompt and a seed."""

    steps: int = 20  # Euler steps
    guidance: float = 3.0
    output_size: int = 512  # px
    upscaler: str = "edges"  # from the network's size to that, see `model/upscale.py`; none is trained
    batch_size: int = 4
    autocast: bool = False  # bfloat16 arithmetic: other pictures than float32, faster on a GPU


@dataclass(frozen=True)
class AttributionSettings(_Settings):
    """How per-sample gradients become integer rows and integer scores."""

    dimensions: int = 8192  # of the projected gradient: an artist's row is as many bytes
    noise_levels: int = 2  # averaged per work and per generated picture; both must be seen at the same levels
    lowest_noise: float = 0.0  # levels σ lie evenly between this and 1
    damping: float = 0.1  # λ relative to trace/N of the Gram matrix
    seed: int = 0
    batch_size: int = 16
    probes: int = 48  # generated pictures behind a contribution
    probe_steps: int = 10
    probe_guidance: float = 2.0
    copies: str = "overlay-2"  # how near-copies are told, see `model/duplicates/verdict.py`


@dataclass(frozen=True)
class RetrainSettings(_Settings):
    """How contributions are grounded: small networks trained on halves of the artists, and what they are
    asked.
    """

    retrains: int = 16
    subsets_seed: int = 1
    training_seed: int = 7  # one for all: what the seed decides is then the same for every half
    noise_levels: int = 16  # evenly spaced, at which the loss of a picture is taken
    noise_seed: int = 5
    # Of the gradients in the small networks, see `attribution/ensemble.py`.
    score_dimensions: int = 8192
    score_noise_levels: int = 2
    score_damping: float = 0.3

    def scores(self) -> AttributionSettings:
        """How gradients are taken in the small networks."""
        return AttributionSettings(
            dimensions=self.score_dimensions,
            noise_levels=self.score_noise_levels,
            lowest_noise=0.0,
            damping=self.score_damping,
            batch_size=32,
        )


# The same code as the served network at a size that two cores train in ten seconds: 0.29 M parameters.
SMALL = TrainSettings(
    size=16,
    widths=(16, 32),
    heads=2,
    text_width=16,
    text_layers=1,
    max_tokens=8,
    max_words=2048,
    steps=300,
    batch_size=32,
    learning_rate=3e-3,
    warmup_steps=20,
    ema_decay=0.99,
    autocast=False,
)
