"""Code that differs in immutables only is the same; any other byte is another contract."""

from __future__ import annotations

from backend.verify.code import same_code

IMMUTABLE = b"\x7f" + bytes(32)
COMPILED = b"\x60\x80" + IMMUTABLE + b"\x50" + IMMUTABLE + b"\xa2"


def filled(first: bytes, second: bytes) -> bytes:
    return b"\x60\x80\x7f" + first + b"\x50\x7f" + second + b"\xa2"


def test_immutables_may_hold_anything() -> None:
    assert same_code(COMPILED, COMPILED)
    assert same_code(COMPILED, filled(b"\x7f" * 32, b"\x01" * 32))


def test_nothing_else_may_differ() -> None:
    good = filled(b"\x11" * 32, b"\x22" * 32)
    for position in (0, 1, 2, 35, 36, len(good) - 1):
        changed = bytearray(good)
        changed[position] ^= 1
        assert not same_code(COMPILED, bytes(changed)), position
    assert not same_code(COMPILED, good + b"\x00")
    assert not same_code(COMPILED, good[:-1])


def test_a_number_that_is_pushed_is_no_immutable() -> None:
    constant = b"\x7f" + b"\x33" * 32
    assert not same_code(constant, b"\x7f" + b"\x34" * 32)
