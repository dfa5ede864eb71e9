"""ABI types, and decoded values as plain JSON-like values under their names."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from eth_utils import to_checksum_address

ZERO_ADDRESS = "0x" + "00" * 20  # the other side of a mint; also what a view answers for "nobody"


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
