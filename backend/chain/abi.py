"""ABI types, and decoded values as plain JSON-like values under their names."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from eth_abi.codec import ABICodec
from eth_abi.decoding import StringDecoder
from eth_abi.registry import registry as default_registry
from eth_utils import to_checksum_address

ZERO_ADDRESS = "0x" + "00" * 20  # the other side of a mint; also what a view answers for "nobody"


class _AnyText(StringDecoder):
    """Text as it can be stored. A contract's `string` may be any bytes: whoever proposes or votes chooses
    them, and must not stop those who read along. What is no UTF-8, and NUL (which PostgreSQL refuses),
    becomes U+FFFD.
    """

    @staticmethod
    def decoder_fn(data: bytes, handle_string_errors: str = "replace") -> str:
        return data.decode("utf-8", errors="replace").replace("\x00", "\ufffd")


_registry = default_registry.copy()
_registry.unregister_decoder("string")
_registry.register_decoder("string", _AnyText, label="string")
# Values by their types; raises eth_abi's DecodingError for data of another shape.
decode = ABICodec(_registry).decode


def abi_type(item: Mapping[str, Any]) -> str:
    """The canonical type of an ABI input: `tuple` becomes its components, e.g. `(address,uint256)[]`."""
    kind: str = item["type"]
    if not kind.startswith("tuple"):
        return kind
    return "(" + ",".join(abi_type(part) for part in item["components"]) + ")" + kind[len("tuple") :]


@lru_cache(maxsize=16_384)
def checksum(address: str) -> str:
    """EIP-55 form; cached, for events name the same few addresses again and again."""
    return to_checksum_address(address)


def plain(item: Mapping[str, Any], value: Any) -> Any:
    """A decoded value with names: tuples as dicts, bytes as 0x-hex, addresses in EIP-55, integers as they
    are."""
    kind: str = item["type"]
    if kind.endswith("]"):
        inner = {**item, "type": kind[: kind.rindex("[")]}
        return [plain(inner, each) for each in value]
    if kind == "tuple":
        return {part["name"]: plain(part, each) for part, each in zip(item["components"], value, strict=True)}
    if kind == "address":
        return checksum(value)
    if kind.startswith("bytes"):
        return "0x" + value.hex()
    return value


def with_text_integers(value: Any) -> Any:
    """The same value with every integer as a decimal string, as JSON needs them (2**53 is its limit); bools
    stay."""
    if isinstance(value, dict):
        return {name: with_text_integers(each) for name, each in value.items()}
    if isinstance(value, list):
        return [with_text_integers(each) for each in value]
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value
