"""How near generated pictures come to the works: is the work found that was asked for, are works repeated.

Two measures: looks (model/duplicates/nearest.py, the one on receipts) and features (cosine distance of
model/features.py after the works' mean is taken away, deaf to position and size). `ratio` is the distance to
the nearest work over the usual distance of a work to its nearest work that is no copy of it.
"""

from __future__ import annotations

from typing import Any

import torch
from PIL import Image, ImageDraw, ImageFont
from torch.nn.functional import normalize

from model.dataset import Dataset
from model.duplicates.nearest import NEAR_COPY, SAME, distances, features
from model.evaluation.sheet import two_lines
from model.features import picture_features

PAIRS, TILE, GAP, CAPTION = 12, 128, 10, 44  # pictures shown, px


def looks_apart(images: torch.Tensor, works: torch.Tensor) -> torch.Tensor:
    """float32 [N, M]: distances by looks of pictures uint8 [N, 3, S, S] and [M, 3, S, S]."""
    return distances(features(images), features(works))


def features_apart(images: torch.Tensor, works: torch.Tensor) -> torch.Tensor:
    """float32 [N, M]: 1 − cosine of the features, the works' mean taken away from both."""
    known = picture_features(works)
    own = known if images is works else picture_features(images)
    centre = known.mean(0)
    return 1 - normalize(own - centre, dim=1) @ normalize(known - centre, dim=1).T


def usual_of(among: torch.Tensor, copies: torch.Tensor) -> tuple[float, torch.Tensor]:
    """(median, [N]) of each work's distance to its nearest work that is no copy of it.

    `among` float32 [N, N] holds the distances of the works, `copies` bool [N, N] the pairs not to count.
    Raises ValueError when no work has another.
    """
    nearest = among.masked_fill(copies | torch.eye(len(among), dtype=torch.bool), torch.inf).min(1).values
    nearest = nearest[nearest.isfinite()]
    if not len(nearest):
        raise ValueError("no two works of this set differ: there is nothing to compare pictures with")
    return float(nearest.median()), nearest


def told(nearest: torch.Tensor, usual: float) -> dict[str, Any]:
    """pictures, median_ratio, nearer_than_usual and near_copies (shares) of distances [N] to the nearest
    work.
    """
    ratio = nearest / usual
    return {
        "pictures": len(ratio),
        "median_ratio": round(float(ratio.median()), 4),
        "nearer_than_usual": round(float((ratio < 1).float().mean()), 4),
        "near_copies": round(float((ratio < NEAR_COPY).float().mean()), 4),
    }


def memorisation_figures(images: torch.Tensor, kinds: list[str], dataset: Dataset) -> dict[str, Any]:
    """{measure: {works, all, KIND …}}: see `told`; `works` are the works themselves, each against the others.

    Also returns `ratios`, float32 [N] by looks, and `nearest`, int64 [N], for `show_pairs`.
    """
    found: dict[str, Any] = {}
    copies = looks_apart(dataset.images, dataset.images) < SAME
    for name, measure in (("looks", looks_apart), ("features", features_apart)):
        usual, among = usual_of(measure(dataset.images, dataset.images), copies)
        nearest, places = measure(images, dataset.images).min(1)
        found[name] = {"usual": round(usual, 6), "works": told(among, usual), "all": told(nearest, usual)}
        for kind in dict.fromkeys(kinds):
            found[name][kind] = told(nearest[torch.tensor([one == kind for one in kinds])], usual)
        if name == "looks":
            ratios, neighbours = nearest / usual, places
    return found | {"ratios": ratios, "nearest": neighbours}


def asked_work_found(images: torch.Tensor, asked: list[int], dataset: Dataset) -> dict[str, Any]:
    """How often the work whose title was the prompt is the nearest, or among the ten nearest, of all works.

    `asked` [N] holds positions in the dataset. {measure: {top1, top10}, chance1, chance10, pictures}.
    """
    wanted = torch.tensor(asked)
    found: dict[str, Any] = {"pictures": len(asked)}
    for name, measure in (("looks", looks_apart), ("features", features_apart)):
        apart = measure(images, dataset.images)
        rank = (apart < apart.gather(1, wanted[:, None])).sum(1)
        found[name] = {f"top{most}": round(float((rank < most).float().mean()), 4) for most in (1, 10)}
    for most in (1, 10):
        found[f"chance{most}"] = round(min(1.0, most / len(dataset)), 4)
    return found


def show_pairs(
    pictures: list[Image.Image],
    prompts: list[str],
    ratios: torch.Tensor,
    nearest: torch.Tensor,
    dataset: Dataset,
) -> Image.Image:
    """The generated pictures that come nearest to a work (each work once), above that work, with their
    ratio.
    """
    chosen: dict[int, int] = {}
    for place in ratios.argsort().tolist():
        chosen.setdefault(int(nearest[place]), place)
    pairs = list(chosen.items())[:PAIRS]
    columns = -(-len(pairs) // 2)
    row = 2 * (TILE + GAP) + CAPTION
    sheet = Image.new("RGB", (columns * (TILE + GAP) + GAP, 2 * row + GAP), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(11)
    for number, (work, place) in enumerate(pairs):
        x, y = GAP + number % columns * (TILE + GAP), GAP + number // columns * row
        original = Image.fromarray(dataset.images[work].permute(1, 2, 0).numpy())
        for offset, picture in ((0, pictures[place]), (TILE + GAP, original)):
            sheet.paste(picture.resize((TILE, TILE), Image.Resampling.LANCZOS), (x, y + offset))
            pen.rectangle((x - 1, y + offset - 1, x + TILE, y + offset + TILE), outline="#dddddd")
        text = f"{two_lines(prompts[place])}\nratio {float(ratios[place]):.2f}"
        pen.text((x, y + 2 * TILE + GAP + 2), text, fill="#333333", font=font)
    return sheet
