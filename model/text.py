"""Captions to numbers: a word tokenizer built from the works' own words and a small text encoder trained
with them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from random import Random

import torch
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import CLIPTextConfig, CLIPTextModel, PreTrainedTokenizerFast

from model.dataset import WorkRecord, caption_of
from model.settings import TrainSettings

PAD, UNKNOWN, BEGIN, END = "[PAD]", "[UNK]", "[BOS]", "[EOS]"
SPECIAL = (PAD, UNKNOWN, BEGIN, END)
# The tokenizer's own rules also find the words of captions: Python's `re` and `lower` draw other borders in
# scripts with combining marks, and a word that is trained one way and asked another way is never known.
LOWER_CASE = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
WORDS = pre_tokenizers.Split(Regex(r"[^\W_]+(?:['’][^\W_]+)*"), "removed", invert=True)


def words_of(text: str) -> list[str]:
    """Lower-case words of a text, in order, exactly as the tokenizer will see them."""
    return [word for word, _ in WORDS.pre_tokenize_str(LOWER_CASE.normalize_str(text))]


def vocabulary(captions: Iterable[str], known: Iterable[str] = ()) -> list[str]:
    """Special tokens, the words of `known` in their order, then new words, most frequent first."""
    counts = Counter(word for caption in captions for word in words_of(caption))
    first = list(dict.fromkeys((*SPECIAL, *known)))
    seen = set(first)
    return first + [
        word for word, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0])) if word not in seen
    ]


def build_tokenizer(words: list[str], max_tokens: int) -> PreTrainedTokenizerFast:
    """A standard fast tokenizer: lower-case words, unknown ones become one shared token."""
    tokenizer = Tokenizer(
        models.WordLevel({word: index for index, word in enumerate(words)}, unk_token=UNKNOWN)
    )
    tokenizer.normalizer = LOWER_CASE
    tokenizer.pre_tokenizer = WORDS
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BEGIN} $A {END}", special_tokens=[(BEGIN, words.index(BEGIN)), (END, words.index(END))]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=max_tokens,
        pad_token=PAD,
        unk_token=UNKNOWN,
        bos_token=BEGIN,
        eos_token=END,
    )


def words_in_order(tokenizer: PreTrainedTokenizerFast) -> list[str]:
    """The tokenizer's words by token id."""
    return [word for word, _ in sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])]


def build_text_encoder(tokens: int, settings: TrainSettings) -> CLIPTextModel:
    """A CLIP text tower of this project's size, untrained."""
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=tokens,
            hidden_size=settings.text_width,
            intermediate_size=2 * settings.text_width,
            projection_dim=settings.text_width,
            num_hidden_layers=settings.text_layers,
            num_attention_heads=settings.heads,
            max_position_embeddings=settings.max_tokens,
            attention_dropout=0.0,
            pad_token_id=SPECIAL.index(PAD),
            bos_token_id=SPECIAL.index(BEGIN),
            eos_token_id=SPECIAL.index(END),
        )
    )


def tokenize(tokenizer: PreTrainedTokenizerFast, texts: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids and attention mask, int64 [B, max_tokens] each; longer texts are cut."""
    batch = tokenizer(
        texts,
        padding="max_length",
        truncation=True,
        max_length=tokenizer.model_max_length,
        return_tensors="pt",
    )
    return batch["input_ids"], batch["attention_mask"]


def training_caption(
    work: WorkRecord, settings: TrainSettings, random: Random, unknown: str = UNKNOWN
) -> str:
    """One way to ask for the work: title alone, title with some tags in any order, or nothing (for
    guidance). `unknown` stands for a dropped word; empty leaves it out.
    """
    if random.random() < settings.caption_dropout:
        return ""
    title = work.title or work.caption
    if random.random() >= settings.title_only:
        tags = [tag for tag in work.tags if random.random() < 0.5]
        random.shuffle(tags)
        title = caption_of(title if random.random() < 0.9 else "", tags) or title
    kept = [unknown if random.random() < settings.word_dropout else word for word in words_of(title)]
    return " ".join(word for word in kept if word)
