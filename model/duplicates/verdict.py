"""Is one picture a copy of another? Decided on pixels at 64 px after laying one over the other.

A point disagrees where the difference is more than half a pixel of misplacement, an even tint and a little noise
explain. The share of disagreeing points among all that show something (edges, and the disagreeing ones) decides,
with limits on how far the one was moved, cut and coloured. A flat area that agrees proves nothing: drawings of
one artist share paper and outline and differ by an eyebrow. Photographs are full of faint shades that no two share
by chance, so where both pictures have them and they are alike in fine detail, more may disagree, and still more in
one ink: words written over it. On a drawing such words are not told from a pair of glasses, and so are no copy.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch.nn.functional import avg_pool2d, max_pool2d

from model.duplicates.alignment import (
    LEVELS,
    SIDE,
    Fitted,
    agreement,
    as_blurred_as,
    coarse,
    laid_over,
    planes,
    refine,
    search,
)

METHOD = "overlay-2"  # a new name whenever a limit or a step changes: published reports name it
LEAST_CORRELATION = 0.4  # of the coarse search: below it nothing is looked at
LIKELY = 0.45  # of what is shown at 32 px, roughly laid over: below it nothing is looked at closely
RIVAL = 0.06  # of correlation: how near the other of plain and mirrored must come to be tried too
NOISE = 0.05  # of full contrast
MISPLACED = 0.5  # px
EDGE = 0.05  # of full contrast per px: a point that shows something
FAINT = 0.008  # of full contrast per px: a shade
# Part of the points with a faint slope, or that are not flat: a drawing's at most, a photograph's at least.
FAINTLY_DRAWN, FAINTLY_PHOTOGRAPHED = 0.2, 0.28
DRAWN, PHOTOGRAPHED = 0.72, 0.82
BATCH = 64  # pairs
RING = 4  # px
AREA, TINT = 9, 0.1  # px, and of full contrast: an area may differ so much in light or colour
# Limits: a strain of 1.
OF_DRAWINGS, OF_PHOTOGRAPHS = 0.006, 0.08  # share that disagrees of what shows something
UNLIKE, ALIKE = 0.92, 0.95  # likeness of fine shades up to which, and from which, more may disagree
WRITTEN = 0.15  # of the area of a photograph, in one ink
FULL_INK = 1.2  # the ink's mean is a little paler than the ink
HIDDEN = 0.3  # of the first picture, not seen in the second
GAIN = math.log(1.9)  # of lightness
SATURATION = math.log(1.9)
HUE = 20.0  # degrees
SIZE = math.log(1.35)  # of lengths
TURN = 8.0  # degrees
SKEW = 0.15  # of lengths: unequal scales and shear
LEAST_SHOWN = 60  # points that agree and show something
EXACT = 2 / 255  # greatest difference of pictures that show too little to be laid over each other


@dataclass(frozen=True)
class Verdict:
    """`strain`: the worst of all criteria over its limit; below 1 the pictures are the same."""

    strain: float
    mirrored: bool

    @property
    def same(self) -> bool:
        return self.strain < 1


APART = Verdict(math.inf, False)


def same_picture(left: torch.Tensor, right: torch.Tensor) -> Verdict:
    """Whether `right` is a copy of `left`, uint8 [3, S, S] each (64 px is what the limits were measured at).

    Deterministic; `strain` is equal to rounding on other machines, so who checks it allows for some hundredths.
    """
    return compare(Prepared.of(left[None]), Prepared.of(right[None]))[0]


@dataclass(frozen=True)
class Prepared:
    """N pictures made ready: planes [N, 3, 64, 64], lightness at 16 px [N, 256]."""

    planes: torch.Tensor
    coarse: torch.Tensor

    @classmethod
    def of(cls, images: torch.Tensor) -> Prepared:
        """From uint8 [N, 3, S, S]."""
        made = torch.cat([planes(part) for part in images.split(BATCH)])
        return cls(made, coarse(made[:, 0]))

    def at(self, places: list[int]) -> Prepared:
        return Prepared(self.planes[places], self.coarse[places])


@torch.no_grad()
def compare(first: Prepared, second: Prepared, most: int | None = None) -> list[Verdict]:
    """Whether each of `second` (one, or as many as `first`) is a copy of its partner in `first`.

    `most`: only so many pairs, the best by coarse correlation, are looked at closely.
    """
    count = len(first.planes)
    if len(second.planes) == 1:
        found, maps = search(first.coarse, second.coarse[0])
    else:
        pairs = [search(first.coarse[i : i + 1], second.coarse[i]) for i in range(count)]
        found, maps = (torch.cat(part) for part in zip(*pairs, strict=True))
    best = found.max(1, keepdim=True).values
    least = best.sort(0, descending=True).values[most - 1] if most and most < count else best.min()
    tried = ((found >= best - RIVAL) & (best >= max(LEAST_CORRELATION, float(least)))).nonzero()
    exact = ((first.planes - second.planes).abs().amax((1, 2, 3)) / EXACT).tolist()
    verdicts = [Verdict(round(strain, 4), False) if strain < 1 else APART for strain in exact]
    for part in tried.split(BATCH) if len(tried) else ():
        at, way = part.unbind(1)
        right = second.planes[at if len(second.planes) > 1 else torch.zeros_like(at)]
        strains = _strains(first.planes[at], right, maps[at, way])
        for place, mirrored, strain in zip(at.tolist(), way.tolist(), strains.tolist(), strict=True):
            if strain < verdicts[place].strain:
                verdicts[place] = Verdict(round(strain, 4), bool(mirrored))
    return verdicts


def _strains(left: torch.Tensor, right: torch.Tensor, maps: torch.Tensor) -> torch.Tensor:
    """float32 [P]: the worst criterion of each pair, infinite where a rough look is enough to tell them apart."""
    fitted = refine(left[:, 0], right[:, 0], Fitted.at(maps), LEVELS[:1])
    likely = (agreement(left[:, 0], right[:, 0], fitted) >= LIKELY).nonzero()[:, 0]
    strains = torch.full((len(left),), math.inf)
    if len(likely):
        strains[likely] = criteria(left[likely], right[likely], fitted.of(likely)).max(1).values
    return strains


def criteria(left: torch.Tensor, right: torch.Tensor, fitted: Fitted) -> torch.Tensor:
    """float32 [P, 10] of planes [P, 3, 64, 64] roughly laid over each other: each criterion over its limit."""
    fitted = refine(left[:, 0], right[:, 0], fitted, LEVELS[1:])
    maps, gain, offset = fitted.maps, fitted.gain, fitted.offset
    over, inside = laid_over(right, maps)
    light = gain[:, None, None] * over[:, 0] + offset[:, None, None]
    own, other = (torch.complex(part[:, 1], part[:, 2]) for part in (left, over))
    weight = inside / (1 + ((left[:, 0] - light) / NOISE).square()).square()
    turned = _colour_change(own, other, weight)
    other = turned[:, None, None] * other
    seen = torch.stack([light, other.real, other.imag], 1)
    interior = 1 - max_pool2d(1 - inside[:, None], 2 * RING + 1, 1, RING)[:, 0]
    disagreeing, inked, shown = _disagreeing(as_blurred_as(left, maps), seen, interior)
    measured = [
        disagreeing,
        inked,
        (1 - inside.mean((1, 2))) / HIDDEN,
        gain.log().abs() / GAIN,
        turned.abs().clamp_min(0.01).log().abs() / SATURATION,
        turned.angle().rad2deg().abs() / HUE,
        *_moved(maps[:, :, :2]),
        LEAST_SHOWN / shown.clamp_min(1),
    ]
    return torch.stack(measured, 1)


def _disagreeing(left: torch.Tensor, seen: torch.Tensor, inside: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Share of points that disagree over its limit, part of the area written over over its limit, and number of points
    that agree and show something; [P] each, of planes [P, 3, 64, 64] where `inside`, less the outermost `RING` px: a
    frame's edge is blurred into it.
    """
    inside = inside * torch.nn.functional.pad(torch.ones(SIDE - 2 * RING, SIDE - 2 * RING), [RING] * 4)
    slopes = torch.stack([_slope(left), _slope(seen)])
    allowed = NOISE + MISPLACED * max_pool2d(slopes, 3, 1, 1).amin(0)
    change = seen - left - _tint(seen - left, inside)
    disagree = (_length(change) > allowed) * inside
    agree = inside * (1 - disagree)
    shown = ((slopes.amax(0) > EDGE) * agree).sum((1, 2))
    sure = _photograph(slopes) * ((_likeness(left, seen, agree) - UNLIKE) / (ALIKE - UNLIKE)).clamp(0, 1)
    limit = OF_DRAWINGS + (OF_PHOTOGRAPHS - OF_DRAWINGS) * sure
    written = _written(left, change, disagree, allowed) * (sure[:, None, None] == 1)
    wrong = (disagree - written).sum((1, 2))
    over = written.sum((1, 2)) / inside.sum((1, 2)).clamp_min(1) / WRITTEN
    return wrong / (wrong + shown + 1) / limit, over, shown


def _photograph(slopes: torch.Tensor) -> torch.Tensor:
    """float32 [P], 0 (a drawing) to 1, by the slopes [2, P, 64, 64] of two pictures."""
    faint = ((slopes > FAINT) & (slopes < EDGE)).float().mean((2, 3)).amin(0)
    uneven = (slopes > FAINT).float().mean((2, 3)).amin(0)
    by_shades = (faint - FAINTLY_DRAWN) / (FAINTLY_PHOTOGRAPHED - FAINTLY_DRAWN)
    by_all = (uneven - DRAWN) / (PHOTOGRAPHED - DRAWN)
    return torch.maximum(by_shades, by_all).clamp(0, 1)


def _likeness(left: torch.Tensor, seen: torch.Tensor, agree: torch.Tensor) -> torch.Tensor:
    """float32 [P]: correlation of what is finer than `AREA` in lightness, at the points that agree."""
    near = avg_pool2d(agree[:, None], AREA, 1, AREA // 2).clamp_min(1e-3)
    one, other = (
        (part[:, :1] - avg_pool2d(part[:, :1] * agree[:, None], AREA, 1, AREA // 2) / near) * agree[:, None]
        for part in (left, seen)
    )
    power = one.square().sum((1, 2, 3)) * other.square().sum((1, 2, 3))
    return (one * other).sum((1, 2, 3)) / (power + 1e-6).sqrt()


def _written(
    left: torch.Tensor, change: torch.Tensor, disagree: torch.Tensor, allowed: torch.Tensor
) -> torch.Tensor:
    """float32 [P, 64, 64]: the disagreeing points that lie between the first picture and one ink. The ink is the
    mean of the second's colours, weighted by the fourth power of the change.
    """
    weight = (disagree * change.square().sum(1).square())[:, None]
    ink = ((left + change) * weight).sum((2, 3)) / weight.sum((2, 3)).clamp_min(1e-9)
    towards = ink[:, :, None, None] - left
    part = ((change * towards).sum(1) / towards.square().sum(1).clamp_min(1e-4)).clamp(0, FULL_INK)
    return disagree * (_length(change - part[:, None] * towards) < 2 * allowed)


def _tint(change: torch.Tensor, inside: torch.Tensor) -> torch.Tensor:
    """float32 [P, 3, 64, 64]: the even part of a change, from the points about each that changed little."""
    little = (inside * (_length(change) < 1.5 * TINT))[:, None]
    near = avg_pool2d(little, AREA, 1, AREA // 2)
    return (avg_pool2d(change * little, AREA, 1, AREA // 2) / near.clamp_min(1e-3)).clamp(-TINT, TINT)


def _length(images: torch.Tensor) -> torch.Tensor:
    """float32 [P, 64, 64] of planes [P, 3, 64, 64]: lightness whole, colours halved."""
    return (images[:, 0].square() + 0.5 * (images[:, 1].square() + images[:, 2].square())).sqrt()


def _colour_change(own: torch.Tensor, other: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """complex [P]: the turn of hue and gain of saturation that bring `other` nearest to `own`; 1 without colour."""
    power = (weight * other.abs().square()).sum((1, 2))
    found = (weight * other.conj() * own).sum((1, 2)) / power.clamp_min(1e-6)
    return torch.where(power < 2, torch.ones_like(found), found)


def _slope(images: torch.Tensor) -> torch.Tensor:
    """float32 [P, 64, 64]: change per px, lightness and colour together."""
    wide = torch.nn.functional.pad(images, (1, 1, 1, 1), mode="replicate")
    across, down = wide[:, :, 1:-1, 2:] - wide[:, :, 1:-1, :-2], wide[:, :, 2:, 1:-1] - wide[:, :, :-2, 1:-1]
    return ((across.square() + down.square()).sqrt() / 2 * torch.tensor([1, 0.7, 0.7])[:, None, None]).sum(1)


def _moved(maps: torch.Tensor) -> Iterator[torch.Tensor]:
    """Strains of linear maps [P, 2, 2], mirrored or not: size, turn, skew."""
    a, b, c, d = maps.flatten(1).unbind(1)
    side = torch.where(a * d - b * c < 0, -1.0, 1.0)
    a, c = a * side, c * side  # the mirror undone
    yield (a * d - b * c).abs().clamp_min(1e-3).log().abs() / 2 / SIZE
    yield torch.atan2(c - b, a + d).rad2deg().abs() / TURN
    yield torch.hypot(a - d, b + c) / torch.hypot(a + d, b - c).clamp_min(1e-3) / SKEW
