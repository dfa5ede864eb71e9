"""Works and what artists sign about them."""

from typing import Any

from eth_abi import encode
from eth_utils import keccak

from tests.contracts.clock import DAY, now
from tests.contracts.signing import sign

FIELDS = ("contentHash", "ipfsDigest", "metadataDigest", "consent")


def work(n: int, consent: int = 1) -> tuple[bytes, bytes, bytes, int]:
    """The n-th work (n from 1)."""
    return tuple(keccak(text=f"{kind} {n}") for kind in FIELDS[:3]) + (consent,)


def leaf(a_work: tuple[bytes, bytes, bytes, int]) -> bytes:
    return keccak(keccak(encode(["bytes32", "bytes32", "bytes32", "uint8"], a_work)))


def signed(system: Any, artist: Any, kind: str, deadline: int | None = None, signer: Any = None,
           nonce: int | None = None, chain_id: int = 31337, **content: Any) -> tuple[int, bytes]:
    """(deadline, signature) over `content` as the artist's next message of this kind."""
    deadline = now() + DAY if deadline is None else deadline
    nonce = system.registry.nonces(artist) if nonce is None else nonce
    message = {"artist": str(artist), **content, "nonce": nonce, "deadline": deadline}
    return deadline, sign(signer or artist, system.registry, kind, message, chain_id).signature


def as_message(works: list[tuple[bytes, bytes, bytes, int]]) -> list[dict[str, Any]]:
    return [dict(zip(FIELDS, w)) for w in works]
