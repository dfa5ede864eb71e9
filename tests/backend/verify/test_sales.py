"""A record's lists are read so that none of their entries can hide behind another."""

from __future__ import annotations

import pytest

from backend.verify.sales import _pairs


def test_an_artist_allocated_twice_is_found() -> None:
    """Credits are paid by entry: two equal ones would double an artist's part at the holders' cost."""
    ada = {"artist": "0x" + "11" * 20, "allocation": 10**9}
    assert _pairs([ada], "allocation") == {ada["artist"]: 10**9}
    with pytest.raises(ValueError, match="twice"):
        _pairs([ada, ada], "allocation")
    with pytest.raises(ValueError, match="twice"):
        _pairs([{**ada, "allocation": 5}, ada], "allocation")
