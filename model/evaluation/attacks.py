"""What an artist may try so that more of the money comes to them: each attack is a dataset with other works in it.

Every function takes a dataset and returns one whose works stand in the manifest's order again. Added works are
registered later than all others, with content hashes of their own pixels; nothing here looks at a model.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from random import Random

import numpy as np
import torch
from PIL import Image, ImageEnhance

from model.dataset import Dataset, Manifest, WorkRecord, caption_of
from model.text import words_of

COPIES = 10  # of each work, and identities of one artist
POPULAR = 12  # words that stuff a caption
Alteration = Callable[[torch.Tensor, Random], torch.Tensor]  # of a picture uint8 [3, S, S]


def near_copy(picture: torch.Tensor, random: Random) -> torch.Tensor:
    """Another file of the same picture uint8 [3, S, S]: lightness and colour changed by up to 12 %, turned by up
    to 3°, moved by up to a fortieth, every second one mirrored, a little noise.
    """
    image = Image.fromarray(picture.permute(1, 2, 0).numpy())
    edge, side = image.getpixel((0, 0)), image.width
    moved = (random.uniform(-side / 40, side / 40), random.uniform(-side / 40, side / 40))
    image = image.rotate(
        random.uniform(-3, 3), Image.Resampling.BICUBIC, translate=moved, fillcolor=edge
    )
    if random.random() < 0.5:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    image = ImageEnhance.Brightness(image).enhance(random.uniform(0.88, 1.12))
    image = ImageEnhance.Color(image).enhance(random.uniform(0.88, 1.12))
    pixels = np.asarray(image, float)
    pixels = pixels + np.random.default_rng(random.getrandbits(32)).normal(0, 3, pixels.shape)
    return torch.from_numpy(pixels.clip(0, 255).astype(np.uint8)).permute(2, 0, 1).contiguous()


def resaved(picture: torch.Tensor, random: Random) -> torch.Tensor:
    """Another file that nobody can tell apart by eye: numbers off by at most one."""
    drawn = np.random.default_rng(random.getrandbits(32)).integers(-1, 2, tuple(picture.shape))
    return torch.from_numpy((picture.numpy().astype(np.int16) + drawn).clip(0, 255).astype(np.uint8))


def noise_picture(side: int, random: Random) -> torch.Tensor:
    """uint8 [3, side, side], every number drawn evenly."""
    drawn = np.random.default_rng(random.getrandbits(32)).integers(0, 256, (3, side, side), dtype=np.uint8)
    return torch.from_numpy(drawn)


def outlier_picture(side: int, random: Random) -> torch.Tensor:
    """uint8 [3, side, side]: stripes or a chessboard of two pure colours, as far from drawings as can be."""
    width, slope = random.choice((4, 8, 16)), random.choice((0, 1))
    down, across = np.mgrid[0:side, 0:side]
    field = (across + slope * down) // width + (0 if random.random() < 0.5 else down // width)
    first = random.randrange(8)
    second = (first + random.randrange(1, 8)) % 8
    pure = [[255 * (colour >> channel & 1) for channel in range(3)] for colour in (first, second)]
    pixels = np.array(pure, dtype=np.uint8)[field % 2]
    return torch.from_numpy(pixels).permute(2, 0, 1).contiguous()


def copies(
    dataset: Dataset, artists: Sequence[str], altered: Alteration, times: int = COPIES, seed: int = 0
) -> Dataset:
    """`times` altered copies of every work of each of the artists, by the artist."""
    by = {artist: artist for artist in artists}
    return _added(dataset, _copied(dataset, by, altered, times, Random(seed)))


def thefts(dataset: Dataset, victim_of: dict[str, str], seed: int = 0) -> Dataset:
    """A near-copy of every work of each victim, registered by the thief: {thief: victim}."""
    thief_of = {victim: thief for thief, victim in victim_of.items()}
    return _added(dataset, _copied(dataset, thief_of, near_copy, 1, Random(seed)))


def _copied(
    dataset: Dataset, by: dict[str, str], altered: Alteration, times: int, random: Random
) -> list[tuple[WorkRecord, torch.Tensor]]:
    return [
        (replace(work, artist=by[work.artist]), altered(dataset.images[place], random))
        for place, work in enumerate(dataset.works)
        if work.artist in by
        for _ in range(times)
    ]


def filled(
    dataset: Dataset,
    artists: Sequence[str],
    drawn: Callable[[int, Random], torch.Tensor],  # side → picture
    titles: Sequence[str],
    seed: int = 0,
) -> Dataset:
    """Each of the artists adds as many works as they have, made by `drawn(side, random)`, titled from `titles`."""
    random, own = Random(seed), Counter(work.artist for work in dataset.works)
    side = dataset.images.shape[-1]
    added = []
    for artist in artists:
        for _ in range(own[artist]):
            title = random.choice(titles)
            work = WorkRecord("", "", "", artist, title, (), caption_of(title, ()))
            added.append((work, drawn(side, random)))
    return _added(dataset, added)


def renamed(dataset: Dataset, artists: Sequence[str], titles: Sequence[str], seed: int = 0) -> Dataset:
    """The artists' works under other titles, drawn from `titles`; pictures and tags stay."""
    random = Random(seed)
    return _retitled(dataset, artists, lambda work: random.choice(titles))


def stuffed(dataset: Dataset, artists: Sequence[str], words: Sequence[str], seed: int = 0) -> Dataset:
    """The artists' titles followed by words that many prompts have."""
    random = Random(seed)
    return _retitled(dataset, artists, lambda work: " ".join((work.title, *random.sample(list(words), 4))))


def popular_words(titles: Iterable[str], most: int = POPULAR) -> list[str]:
    """The words that most titles have, ties in alphabetical order."""
    counts = Counter(word for title in titles for word in set(words_of(title)))
    return sorted(counts, key=lambda word: (-counts[word], word))[:most]


def identities(dataset: Dataset, artist: str, count: int = COPIES, seed: int = 0) -> Dataset:
    """One artist's works, shuffled, under `count` wallets ("NAME/0" …); the model sees no difference."""
    places = [place for place, work in enumerate(dataset.works) if work.artist == artist]
    Random(seed).shuffle(places)
    works = list(dataset.works)
    for number, place in enumerate(places):
        works[place] = replace(works[place], artist=f"{artist}/{number % count}")
    return _ordered(works, dataset.images)


def _retitled(dataset: Dataset, artists: Sequence[str], title_of: Callable[[WorkRecord], str]) -> Dataset:
    works = list(dataset.works)
    for place, work in enumerate(works):
        if work.artist in artists:
            title = title_of(work)
            works[place] = replace(work, title=title, caption=caption_of(title, work.tags))
    return _ordered(works, dataset.images)


def _added(dataset: Dataset, added: Sequence[tuple[WorkRecord, torch.Tensor]]) -> Dataset:
    later = 1 + max(work.registered for work in dataset.works)
    works, images = list(dataset.works), [dataset.images]
    for work, picture in added:
        content_hash = "0x" + hashlib.sha256(picture.numpy().tobytes()).hexdigest()
        works.append(replace(work, content_hash=content_hash, registered=later))
        images.append(picture[None])
    return _ordered(works, torch.cat(images))


def _ordered(works: Sequence[WorkRecord], images: torch.Tensor) -> Dataset:
    order = sorted(range(len(works)), key=lambda place: works[place].content_hash)
    manifest = Manifest(tuple(works), {})
    position = {artist: number for number, artist in enumerate(manifest.artists)}
    return Dataset(
        manifest,
        images[order],
        [work.caption or caption_of(work.title, work.tags) for work in manifest.works],
        manifest.artists,
        torch.tensor([position[work.artist] for work in manifest.works], dtype=torch.int64),
    )
