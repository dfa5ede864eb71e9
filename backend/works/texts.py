"""Texts that describe a work. All of them become public metadata, kept for ever, whichever way they come in."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from backend.works.files import Refused

# Longest text in characters.
LIMITS = {"file": 4096, "artist": 200, "title": 300, "licence": 200, "source": 2000}
MAY_BE_EMPTY = ("source",)
MAX_TAGS, MAX_TAG = 64, 100
# Turn the order of what follows around, so that a name can be made to look like another.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def clean_text(name: str, value: str) -> str:
    """The text of field `name`, stripped and in Unicode's composed form (NFC). Raises Refused."""
    if name != "file":  # file systems tell composed and decomposed names apart
        value = unicodedata.normalize("NFC", value).strip()
    _plain(value, name)
    if not value.strip() and name not in MAY_BE_EMPTY:
        raise Refused("empty_field", f"The field “{name}” is empty.")
    limit = LIMITS[name]
    if len(value) > limit:
        raise Refused(
            "text_too_long", f"The field “{name}” has {len(value):,} characters; at most {limit:,} are accepted."
        )
    return value


def clean_tags(values: Iterable[str]) -> tuple[str, ...]:
    """Tags, stripped and composed, each once and none empty. Raises Refused."""
    tags = [unicodedata.normalize("NFC", value).strip() for value in values]
    for tag in tags:
        _plain(tag, "tags")
    if len(tags) > MAX_TAGS or any(len(tag) > MAX_TAG for tag in tags):
        raise Refused("text_too_long", f"At most {MAX_TAGS} tags of {MAX_TAG} characters each are accepted.")
    return tuple(dict.fromkeys(tag for tag in tags if tag))


def _plain(value: str, name: str) -> None:
    """Control characters hide things from people; a lone surrogate cannot be written as UTF-8."""
    if any(unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") or sign in _TURNING for sign in value):
        raise Refused("not_plain_text", f"The field “{name}” holds control characters or broken Unicode.")
