from __future__ import annotations

import numpy as np
import pytest

from model.provenance.code import CODED_BITS, decode, encode

PAYLOAD = bytes(range(8))


def test_it_comes_back_through_noise() -> None:
    """Noise twice as strong as the symbols: one in three signs is wrong, as after a crop and JPEG."""
    noise = np.random.default_rng(1).normal(0, 1.0, CODED_BITS)
    assert np.mean(np.sign(encode(PAYLOAD) + noise) != encode(PAYLOAD)) > 0.12
    assert decode(encode(PAYLOAD) + noise) == PAYLOAD


def test_noise_alone_is_no_payload() -> None:
    noise = np.random.default_rng(2).normal(0, 1, (50, CODED_BITS))
    assert [decode(each) for each in noise] == [None] * 50


def test_the_code_is_linear_and_far_apart() -> None:
    """Two payloads of one bit's difference differ in many symbols: the code's free distance is 24."""
    for bit in range(64):
        other = (int.from_bytes(PAYLOAD, "big") ^ (1 << bit)).to_bytes(8, "big")
        assert np.sum(encode(PAYLOAD) != encode(other)) >= 24


def test_other_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="7 bytes, wanted 8"):
        encode(b"1234567")
