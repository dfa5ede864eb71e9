"""Cid.toString: as the project's own code (backend/storage/cid.py) and a third one (written here) say it."""

import base64

from hypothesis import example, settings
from hypothesis import strategies as st
from hypothesis.core import given

from backend.storage.cid import cid_of_digest, digest_of


def by_the_specification(digest):
    """Multibase base32 of version 1, dag-pb, sha2-256, 32 bytes, the digest: five bits a digit."""
    number = int.from_bytes(b"\x01\x70\x12\x20" + digest, "big") << 2  # 288 bits filled up to 58 digits
    digits = "abcdefghijklmnopqrstuvwxyz234567"
    return "b" + "".join(digits[number >> 5 * i & 31] for i in reversed(range(58)))


@settings(max_examples=150, deadline=None)
@given(digest=st.binary(min_size=32, max_size=32))
@example(digest=b"\0" * 32)
@example(digest=b"\xff" * 32)
@example(digest=b"\x80" + b"\0" * 31)
@example(digest=b"\x40" + b"\0" * 31)
@example(digest=b"\x3f" + b"\xff" * 31)
@example(digest=b"\0" * 31 + b"\x01")
def test_is_the_cid_of_the_digest(libraries, digest):
    text = libraries.cid(digest)
    assert text == cid_of_digest(digest) == by_the_specification(digest)
    assert digest_of(text) == "0x" + digest.hex()
    assert base64.b32decode(text[1:].upper() + "======") == b"\x01\x70\x12\x20" + digest
