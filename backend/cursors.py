"""Cursors of pages: what a client sends back is a stranger's text, and must fit the columns it is compared
with."""

from __future__ import annotations

import re


def block_of(text: str) -> int | None:
    """The block number in a cursor; None for what is none: `-1`, `²`, more digits than a database holds."""
    return int(text) if re.fullmatch("[0-9]{1,18}", text) else None
