"""What a contract meant: revert data → the custom error's name, its named arguments, and a sentence for
people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from eth_abi import decode as abi_decode
from eth_abi.exceptions import DecodingError
from eth_utils import function_abi_to_4byte_selector

from backend.chain.abi import abi_type, plain
from backend.chain.sentences import SENTENCES
from backend.errors import ContractReverted

ERROR_STRING = bytes.fromhex("08c379a0")
PANIC = bytes.fromhex("4e487b71")
PANICS = {
    0x01: "an assertion failed",
    0x11: "a sum left the range of its type",
    0x12: "division by zero",
    0x21: "a value is no member of its enum",
    0x22: "malformed storage",
    0x31: "an empty list was popped",
    0x32: "a list index is out of range",
    0x41: "too much memory was asked for",
    0x51: "an uninitialised function",
}
REVERT_CODES = (3, -32015)


def is_revert(error: Mapping[str, Any]) -> bool:
    """Whether a JSON-RPC error says that the contract reverted (rather than that the node refused)."""
    if error.get("code") in REVERT_CODES or revert_data(error):
        return True
    return "revert" in str(error.get("message", "")).lower()


def revert_data(error: Mapping[str, Any]) -> bytes:
    """The revert data inside a JSON-RPC error; clients put it in `data` or nested in `data.data`."""
    data: Any = error.get("data")
    while isinstance(data, Mapping):
        data = data.get("data") or data.get("result")
    if isinstance(data, str):
        data = data.removeprefix("Reverted ")
        if data.startswith("0x") and len(data) >= 10:
            return bytes.fromhex(data[2:])
    return b""


class RevertDecoder:
    """Decodes reverts by the error ABIs it was given; two contracts' errors of one signature are one
    error."""

    def __init__(self) -> None:
        self._errors: dict[bytes, Mapping[str, Any]] = {}

    def learn(self, abi: Iterable[Mapping[str, Any]]) -> None:
        """Adds the errors of one contract's ABI."""
        for entry in abi:
            if entry.get("type") == "error":
                self._errors[function_abi_to_4byte_selector({**entry, "type": "function"})] = entry

    def decode(self, error: Mapping[str, Any]) -> ContractReverted:
        """The exception for a JSON-RPC error; never raises."""
        data = revert_data(error)
        selector, payload = data[:4], data[4:]
        try:
            if selector == ERROR_STRING:
                reason = abi_decode(["string"], payload)[0]
                return ContractReverted("Error", {"reason": reason}, f"The contract refused: {reason}.")
            if selector == PANIC:
                code = abi_decode(["uint256"], payload)[0]
                return ContractReverted(
                    "Panic", {"code": code}, f"The contract stopped: {PANICS.get(code, f'panic {code:#x}')}."
                )
            if selector in self._errors:
                return self._custom(self._errors[selector], payload)
        except (DecodingError, OverflowError, UnicodeDecodeError):
            pass
        if data:
            return ContractReverted(
                "Unknown",
                {"data": "0x" + data.hex()},
                f"The contract refused with the unknown error 0x{selector.hex()}.",
            )
        message = str(error.get("message") or "no reason given").rstrip(".")
        return ContractReverted("Unknown", {}, f"The contract refused: {message}.")

    @staticmethod
    def _custom(entry: Mapping[str, Any], payload: bytes) -> ContractReverted:
        inputs = entry.get("inputs", [])
        values = abi_decode([abi_type(item) for item in inputs], payload)
        named = {
            item.get("name") or f"argument{i}": plain(item, value)
            for i, (item, value) in enumerate(zip(inputs, values, strict=True))
        }
        sentence, advice = SENTENCES.get(entry["name"], ("", ""))
        shown = (
            _fill(sentence, named) if sentence else f"The contract refused: {entry['name']}{_listed(named)}."
        )
        return ContractReverted(entry["name"], named, shown, advice)


def _listed(named: Mapping[str, Any]) -> str:
    return f" ({', '.join(f'{name} {value}' for name, value in named.items())})" if named else ""


def _fill(sentence: str, named: Mapping[str, Any]) -> str:
    try:
        return sentence.format(**named)
    except (KeyError, IndexError):  # the contract's argument names changed: show them rather than nothing
        return sentence.split("{", 1)[0].rstrip() + _listed(named) + "."
