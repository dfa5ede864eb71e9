"""Laying one picture over another: mirror, scale, turn, shift and light, found by correlation and least squares.

Coarse: normalised correlation (on 16×16 px) of the one with the other mirrored or not, at several scales and
shifts. Fine: robust Gauss–Newton on the six numbers of an affine map, gain and offset (Lucas and Kanade 1981;
weights of Geman and McClure 1985) at 16, 32 and 64 px. Maps take coordinates of the first picture (−1…1, x to the
right, y down, as torch's `grid_sample`) to coordinates of the second.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import torch
from torch.nn.functional import affine_grid, grid_sample, interpolate

SIDE = 64  # px, of pictures compared
COARSE = 16  # px
SCALES = (
    0.84,
    0.89,
    0.94,
    1.0,
    1.06,
    1.12,
    1.19,
    1.26,
)  # of the second's coordinates: below 1 it shows less, above more
SHIFTS = (-0.25, -0.125, 0.0, 0.125, 0.25)
LEVELS = (
    (16, 4, 0.25),
    (32, 4, 0.12),
    (64, 4, 0.06),
)  # px, steps, and of full contrast: larger residuals count less
MIDDLE = 0.8  # of the first picture's half width: what lies outside may be a copy's frame, blurred into it
ROUGH = 0.15  # of full contrast
LUMA = (0.299, 0.587, 0.114)


def planes(images: torch.Tensor) -> torch.Tensor:
    """float32 [N, 3, 64, 64], lightness and two colour differences (ITU-R BT.601), of uint8 [N, 3, S, S],
    slightly blurred: what a smaller copy has lost should count little.
    """
    pixels = images.float() / 255
    if pixels.shape[-1] != SIDE:
        smaller = pixels.shape[-1] > SIDE
        pixels = interpolate(pixels, size=(SIDE, SIDE), mode="area" if smaller else "bilinear")
    light = sum(part * pixels[:, i] for i, part in enumerate(LUMA))
    return blurred(torch.stack([light, pixels[:, 0] - light, pixels[:, 2] - light], 1))


def blurred(images: torch.Tensor) -> torch.Tensor:
    """Binomial blur (1 2 1)/4 in both directions of [..., S, S], edges repeated."""
    wide = torch.cat([images[..., :1], images, images[..., -1:]], -1)
    across = (wide[..., :-2] + 2 * wide[..., 1:-1] + wide[..., 2:]) / 4
    high = torch.cat([across[..., :1, :], across, across[..., -1:, :]], -2)
    return (high[..., :-2, :] + 2 * high[..., 1:-1, :] + high[..., 2:, :]) / 4


@cache
def _hypotheses() -> torch.Tensor:
    """float32 [H, 2, 3]: the coarse maps, first half not mirrored, second half mirrored."""
    maps = [
        [[scale * side, 0, x], [0, scale, y]]
        for side in (1, -1)
        for scale in SCALES
        for y in SHIFTS
        for x in SHIFTS
    ]
    return torch.tensor(maps)


@cache
def _grids() -> tuple[torch.Tensor, torch.Tensor]:
    """Where the coarse maps look [1, H, 256, 2], and what of it is inside [H, 256]."""
    grid = affine_grid(_hypotheses(), (len(_hypotheses()), 1, COARSE, COARSE), align_corners=False)
    return grid.flatten(1, 2)[None], _inside(_hypotheses(), COARSE).flatten(1)


def _inside(maps: torch.Tensor, side: int) -> torch.Tensor:
    """float32 [P, side, side]: 1 where a map stays in the second picture."""
    grid = affine_grid(maps, (len(maps), 1, side, side), align_corners=False)
    return (grid.abs().amax(-1) <= 1).float()


def coarse(light: torch.Tensor) -> torch.Tensor:
    """float32 [N, 256] of lightness [N, 64, 64]."""
    return interpolate(light[:, None], size=(COARSE, COARSE), mode="area").flatten(1)


def search(first: torch.Tensor, second: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Correlation [N, 2] and map [N, 2, 2, 3], plain and mirrored, of the best coarse hypothesis for `second`
    [256] under each of `first` [N, 256] (lightness, 16×16).
    """
    grids, inside = _grids()
    warped = grid_sample(
        second.reshape(1, 1, COARSE, COARSE), grids, padding_mode="border", align_corners=False
    )[0, 0]
    count = inside.sum(1, keepdim=True)
    centred = (warped - (warped * inside).sum(1, keepdim=True) / count) * inside
    power = centred.square().sum(1)
    sums, squares = first @ inside.T, first.square() @ inside.T
    spread = (squares - sums.square() / count.T).clamp_min(0)
    found = (first @ centred.T) / (spread * power + 1e-4).sqrt()  # [N, H]
    found = found.reshape(len(first), 2, -1)
    best = found.max(2)
    half = found.shape[2]
    places = best.indices + torch.tensor([0, half])
    return best.values, _hypotheses()[places]


@dataclass(frozen=True)
class Fitted:
    """P pairs so that first ≈ gain · second∘map + offset: maps [P, 2, 3], gain [P], offset [P]."""

    maps: torch.Tensor
    gain: torch.Tensor
    offset: torch.Tensor

    @classmethod
    def at(cls, maps: torch.Tensor) -> Fitted:
        """Before any step."""
        return cls(maps, torch.ones(len(maps)), torch.zeros(len(maps)))

    def of(self, pairs: torch.Tensor) -> Fitted:
        """Some of the pairs."""
        return Fitted(self.maps[pairs], self.gain[pairs], self.offset[pairs])


def refine(
    first: torch.Tensor, second: torch.Tensor, fitted: Fitted, levels: tuple[tuple[int, int, float], ...] = LEVELS
) -> Fitted:
    """The pairs of lightness [P, 64, 64] laid over each other better, level by level."""
    maps, gain, offset = fitted.maps, fitted.gain, fitted.offset
    for side, steps, soft in levels:
        left, right = (_scaled(part, side) for part in (first, second))
        stack = torch.stack([right, *_slopes(right)], 1)
        for _ in range(steps):
            maps, gain, offset = _step(left, stack, maps, gain, offset, soft)
    return Fitted(maps, gain, offset)


def agreement(first: torch.Tensor, second: torch.Tensor, fitted: Fitted) -> torch.Tensor:
    """float32 [P]: the part, weighted by how much they show, of the points at 32 px that agree to `ROUGH`."""
    left, right = (_scaled(part, 2 * COARSE) for part in (first, second))
    stack = torch.stack([right, *_slopes(right)], 1)
    grid = affine_grid(fitted.maps, (len(left), 1, *left.shape[1:]), align_corners=False)
    value, across, down = grid_sample(stack, grid, align_corners=False).unbind(1)
    gain, offset = fitted.gain[:, None, None], fitted.offset[:, None, None]
    error = (left - gain * value - offset).abs()
    shown = torch.hypot(across, down) / COARSE + error
    shown = shown * (grid.abs().amax(-1) <= 1) * _middle(2 * COARSE)
    return (shown * (error < ROUGH)).sum((1, 2)) / shown.sum((1, 2)).clamp_min(1e-6)


@cache
def _middle(side: int) -> torch.Tensor:
    """float32 [side, side]: 1 in the middle of the first picture."""
    own = affine_grid(torch.eye(2, 3)[None], (1, 1, side, side), align_corners=False)[0]
    return (own.abs().amax(-1) <= MIDDLE).float()


def _scaled(light: torch.Tensor, side: int) -> torch.Tensor:
    return (
        light
        if side == light.shape[-1]
        else interpolate(light[:, None], size=(side, side), mode="area")[:, 0]
    )


def _slopes(light: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Central differences along x and y, per unit of coordinate (the picture is 2 wide)."""
    half = light.shape[-1] / 2
    padded = torch.nn.functional.pad(light[:, None], (1, 1, 1, 1), mode="replicate")[:, 0]
    across = (padded[:, 1:-1, 2:] - padded[:, 1:-1, :-2]) / 2 * half
    down = (padded[:, 2:, 1:-1] - padded[:, :-2, 1:-1]) / 2 * half
    return across, down


def _step(
    left: torch.Tensor,
    stack: torch.Tensor,
    maps: torch.Tensor,
    gain: torch.Tensor,
    offset: torch.Tensor,
    soft: float,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """One weighted Gauss–Newton step of all pairs."""
    pairs, side = len(left), left.shape[-1]
    grid = affine_grid(maps, (pairs, 1, side, side), align_corners=False)
    value, across, down = grid_sample(stack, grid, align_corners=False).flatten(2).unbind(1)
    own = affine_grid(torch.eye(2, 3)[None], (1, 1, side, side), align_corners=False).flatten(1, 2)
    x, y = own[0, :, 0], own[0, :, 1]
    error = left.flatten(1) - gain[:, None] * value - offset[:, None]
    inside = (grid.abs().amax(-1) <= 1).flatten(1) & (own.abs().amax(-1) <= MIDDLE)
    weight = inside / (1 + (error / soft).square()).square()
    a, d = gain[:, None] * across, gain[:, None] * down
    slope = torch.stack([a * x, a * y, a, d * x, d * y, d, value, torch.ones_like(value)], 2)
    weighted = slope * weight[..., None]
    normal = weighted.transpose(1, 2) @ slope
    damped = normal + torch.diag_embed(1e-3 * normal.diagonal(dim1=1, dim2=2) + 1e-3)
    change = torch.linalg.solve(damped, weighted.transpose(1, 2) @ error[..., None])[..., 0]
    maps = maps + change[:, :6].reshape(-1, 2, 3).clamp(-0.1, 0.1)
    return maps, (gain + change[:, 6]).clamp(0.3, 3), (offset + change[:, 7]).clamp(-1, 1)


def as_blurred_as(left: torch.Tensor, maps: torch.Tensor) -> torch.Tensor:
    """First pictures [P, C, 64, 64] blurred as the second ones are when laid over them: those were smaller by the
    maps' scale, and are interpolated. In variances, px²: area and binomial 1/12 + 1/2, between f and 1 − f apart
    f·(1 − f).
    """
    grid = affine_grid(maps, (len(maps), 1, SIDE, SIDE), align_corners=False)
    apart = ((grid + 1) * SIDE / 2 - 0.5).frac()
    between = (apart * (1 - apart)).clamp_min(0).mean((1, 2, 3))
    scale = torch.linalg.det(maps[:, :, :2]).abs().clamp_min(0.1)
    more = ((1 / 12 + 1 / 2 + between) / scale - 1 / 12 - 1 / 2).clamp(0, 1)[:, None, None, None]
    once = blurred(left)
    part = (2 * more).clamp_max(1)
    return (1 - part) * left + part * once + (2 * more - part) * (blurred(once) - once)


def laid_over(second: torch.Tensor, maps: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Second pictures [P, C, 64, 64] in the coordinates of the first, and where they reach [P, 64, 64]."""
    grid = affine_grid(maps, (len(maps), 1, SIDE, SIDE), align_corners=False)
    return grid_sample(second, grid, padding_mode="border", align_corners=False), _inside(maps, SIDE)
