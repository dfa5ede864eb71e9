"""OrderWord: what goes into an order's slot comes out of it, whatever stands beside it.

pack → unpack: every field at its least and its most, at once or one of them
less: takes generations off and marks the parts; nothing else moves
chain: the hash over the outputs so far and the next, by independent code
fulfilled: keeps all but the last byte of the hash, and the state
"""

import pytest
from eth_abi import encode
from eth_utils import keccak
from hypothesis import example, settings
from hypothesis import strategies as st
from hypothesis.core import given

# Of each field: its bits, from the lowest of the word on.
BITS = {"state": 8, "maxCredits": 8, "shares": 64, "quantity": 32, "deadline": 40, "unitPrice": 96,
        "parts": 1}
MOST = {name: 2**bits - 1 for name, bits in BITS.items()} | {"state": 2}
REQUESTED, FULFILLED = 1, 2


def terms():
    fields = {n: st.one_of(st.just(0), st.just(most), st.integers(0, most)) for n, most in MOST.items()}
    return st.fixed_dictionaries({**fields, "parts": st.booleans()})


def word_of(values):
    """The slot as the comments in OrderWord describe it."""
    word = at = 0
    for name, bits in BITS.items():
        word |= int(values[name]) << at
        at += bits
    return word


@settings(max_examples=100, deadline=None)
@given(values=terms())
@example(values={**MOST, "parts": True})
@example(values={**dict.fromkeys(MOST, 0), "parts": False})
def test_round_trip(libraries, values):
    word = libraries.pack(tuple(values.values()))
    assert word == word_of(values)
    assert libraries.unpack(word).dict() == values


@pytest.mark.parametrize("name", BITS)
def test_no_field_touches_another(libraries, name):
    alone = {**dict.fromkeys(BITS, 0), "parts": False, name: True if name == "parts" else MOST[name]}
    assert libraries.unpack(libraries.pack(tuple(alone.values()))).dict() == alone


@settings(max_examples=60, deadline=None)
@given(values=terms(), part=st.integers(1, 2**32 - 1), left=st.integers(1, 2**32 - 1))
@example(values={**MOST, "parts": True}, part=1, left=2**32 - 2)
@example(values={**MOST, "parts": False}, part=2**32 - 2, left=1)
def test_less(libraries, values, part, left):
    quantity = min(part + left, 2**32 - 1)
    part = min(part, quantity - 1)
    if part == 0:
        return
    values = {**values, "quantity": quantity}
    after = libraries.unpack(libraries.less(libraries.pack(tuple(values.values())), part)).dict()
    assert after == {**values, "quantity": quantity - part, "parts": True}


@settings(max_examples=60, deadline=None)
@given(outputs=st.binary(min_size=32, max_size=32))
@example(outputs=b"\xff" * 32)
@example(outputs=b"\0" * 32)
def test_fulfilled(libraries, outputs):
    word = libraries.fulfilled(outputs)
    assert word == int.from_bytes(outputs[:31] + bytes([FULFILLED]), "big")
    assert word & 0xff == FULFILLED  # what stateOf reads, whatever the hash


@settings(max_examples=40, deadline=None)
@given(so_far=st.binary(min_size=32, max_size=32), quantity=st.integers(0, 2**256 - 1),
       hashes=st.lists(st.binary(min_size=32, max_size=32), min_size=3, max_size=3))
def test_chain(libraries, so_far, quantity, hashes):
    output = (quantity, *hashes)
    by_hand = keccak(encode(["bytes32", "uint256", "bytes32", "bytes32", "bytes32"], [so_far, *output]))
    assert bytes.fromhex(str(libraries.chain(so_far, output))[2:]) == by_hand
