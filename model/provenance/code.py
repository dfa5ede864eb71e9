"""An error-correcting code for 64 bits: a checksum of 32 bits, then a convolutional code of rate 1/4 and
memory 8, decoded by the Viterbi algorithm on soft symbols (Proakis & Salehi, Digital Communications, ch. 8).
"""

from __future__ import annotations

import zlib
from functools import cache

import numpy as np

PAYLOAD_BITS = 64
CHECK_BITS = 32
MEMORY = 8
GENERATORS = (0o473, 0o513, 0o671, 0o765)  # Larsen 1973: rate 1/4, constraint length 9, free distance 24
CODED_BITS = (PAYLOAD_BITS + CHECK_BITS + MEMORY) * len(GENERATORS)


def encode(payload: bytes) -> np.ndarray:
    """±1 float64 [CODED_BITS] of 8 bytes: 0 becomes +1. Raises ValueError for another length."""
    if len(payload) * 8 != PAYLOAD_BITS:
        raise ValueError(f"a payload of {len(payload)} bytes, wanted {PAYLOAD_BITS // 8}")
    message = payload + zlib.crc32(payload).to_bytes(4, "big")
    bits = np.unpackbits(np.frombuffer(message + b"\0", dtype=np.uint8))  # the last byte clears the memory
    state, coded = 0, []
    outputs = _outputs()
    for bit in bits.tolist():
        coded.append(outputs[state, bit])
        state = (state >> 1) | (bit << (MEMORY - 1))
    return np.concatenate(coded)


def decode(soft: np.ndarray) -> bytes | None:
    """The 8 bytes of soft symbols float [CODED_BITS], or None where the checksum says that they are not."""
    bits = _viterbi(soft.reshape(-1, len(GENERATORS)))
    message = np.packbits(bits[: PAYLOAD_BITS + CHECK_BITS]).tobytes()
    payload, check = message[: PAYLOAD_BITS // 8], message[PAYLOAD_BITS // 8 :]
    return payload if zlib.crc32(payload).to_bytes(4, "big") == check else None


@cache
def _outputs() -> np.ndarray:
    """±1 [states, 2, len(GENERATORS)]: what a state sends for the next bit."""
    states = 1 << MEMORY
    registers = np.arange(states)[:, None] | (np.arange(2)[None, :] << MEMORY)
    sent = np.empty((states, 2, len(GENERATORS)))
    for place, generator in enumerate(GENERATORS):
        sent[:, :, place] = 1 - 2 * (np.bitwise_count(registers & generator) & 1).astype(np.float64)
    return sent


def _viterbi(soft: np.ndarray) -> np.ndarray:
    """uint8 [T]: the most likely bits for soft symbols [T, len(GENERATORS)], from state 0 back to state 0."""
    states = 1 << MEMORY
    gains = np.einsum("sbn,tn->tsb", _outputs(), soft)
    arriving = np.arange(states)
    bit = arriving >> (MEMORY - 1)
    earlier = np.stack([(arriving << 1) & (states - 1), ((arriving << 1) & (states - 1)) | 1])
    best = np.full(states, -np.inf)
    best[0] = 0.0
    choices = np.empty((len(soft), states), dtype=np.uint8)
    for time in range(len(soft)):
        reached = best[earlier] + gains[time, earlier, bit]
        choices[time] = reached[1] > reached[0]
        best = reached.max(0)
    state, found = 0, np.empty(len(soft), dtype=np.uint8)
    for time in range(len(soft) - 1, -1, -1):
        found[time] = bit[state]
        state = int(earlier[choices[time, state], state])
    return found
