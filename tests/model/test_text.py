"""Words: lower-case, unknown ones shared, new ones appended without moving the old."""

from random import Random

import pytest

from model.dataset import Dataset
from model.settings import TrainSettings
from model.starting import new_pipeline
from model.text import (
    END,
    SPECIAL,
    build_tokenizer,
    tokenize,
    training_caption,
    vocabulary,
    words_in_order,
    words_of,
)
from tests.model.conftest import TINY


def test_words_are_lower_case_and_without_punctuation() -> None:
    assert words_of("Woman’s hat: facing-right, ÉTÉ 2") == ["woman’s", "hat", "facing", "right", "été", "2"]


@pytest.mark.parametrize(
    "text",
    [
        "हिन्दी बिल्ली",  # combining vowels
        "cafe\u0301 noir",  # an accent as a letter of its own
        "İstanbul ΟΔΟΣ",  # letters whose small form depends on place or grows
        "½ x② 3",
        "عَرَبِيّ",
        "笑顔の猫",
        "a\u202eb\x00c\x1b[31m",  # control characters only part words
    ],
)
def test_words_of_any_script_are_known_when_asked(text: str) -> None:
    words = words_of(text)
    tokenizer = build_tokenizer(vocabulary([text]), 24)
    ids, mask = tokenize(tokenizer, [text])
    known = words_in_order(tokenizer)
    assert [known[i] for i, used in zip(ids[0], mask[0], strict=True) if used][1:-1] == words
    assert words and "[UNK]" not in words


def test_old_words_keep_their_numbers() -> None:
    first = vocabulary(["red heart", "red hat"])
    assert first[4] == "red"
    grown = vocabulary(["blue heart"], known=first)
    assert grown[: len(first)] == first and grown[len(first) :] == ["blue"]


def test_the_tokenizer_agrees_with_the_words() -> None:
    tokenizer = build_tokenizer(vocabulary(["red heart, été"]), 6)
    ids, mask = tokenize(tokenizer, ["Red, HEART zebra", ""])
    words = words_in_order(tokenizer)
    assert [words[i] for i in ids[0]] == ["[BOS]", "red", "heart", "[UNK]", "[EOS]", "[PAD]"]
    assert mask.tolist() == [[1, 1, 1, 1, 1, 0], [1, 1, 0, 0, 0, 0]]


def test_long_prompts_are_cut_but_keep_their_end() -> None:
    tokenizer = build_tokenizer(vocabulary(["red heart"]), 4)
    ids, _ = tokenize(tokenizer, ["red " * 30])
    assert ids.shape == (1, 4) and ids[0, -1] == tokenizer.convert_tokens_to_ids(END)


@pytest.mark.parametrize(("name", "expected"), [("caption_dropout", ""), ("title_only", "red circle")])
def test_training_captions_vary(manifest, name: str, expected: str) -> None:
    work = next(work for work in manifest.works if work.title == "red circle")
    chosen = TrainSettings(**{"caption_dropout": 0.0, "title_only": 0.0, "word_dropout": 0.0} | {name: 1.0})
    assert training_caption(work, chosen, Random(1)) == expected


def test_the_same_random_numbers_give_the_same_caption(manifest) -> None:
    drawn = [training_caption(manifest.works[0], TrainSettings(), Random(n)) for n in range(50)]
    assert drawn == [training_caption(manifest.works[0], TrainSettings(), Random(n)) for n in range(50)]
    assert len(set(drawn)) > 3


def test_where_few_words_may_be_known_those_of_titles_are(dataset: Dataset) -> None:
    few = new_pipeline(dataset, TINY.but(max_words=len(SPECIAL) + 7)).tokenizer.get_vocab()
    titles = {word for work in dataset.works for word in words_of(work.title)}
    assert titles <= set(few) and len(few) == len(SPECIAL) + 7
