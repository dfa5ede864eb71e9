"""Revert data becomes names, arguments and sentences; and the sentences fit the contracts' errors."""

from __future__ import annotations

import re

import pytest
from eth_abi import encode
from eth_utils import keccak

from backend.chain.reverts import RevertDecoder, is_revert
from backend.chain.sentences import SENTENCES
from backend.context import Context
from backend.errors import ContractReverted

TOO_MUCH = {
    "type": "error",
    "name": "TooMuch",
    "inputs": [
        {"name": "asked", "type": "uint256"},
        {
            "name": "order",
            "type": "tuple",
            "components": [{"name": "buyer", "type": "address"}, {"name": "id", "type": "bytes4"}],
        },
    ],
}


def revert(data: bytes) -> dict:
    return {"code": 3, "message": "execution reverted", "data": "0x" + data.hex()}


@pytest.fixture
def decoder() -> RevertDecoder:
    decoder = RevertDecoder()
    decoder.learn([TOO_MUCH])
    return decoder


def test_custom_error_with_a_struct(decoder: RevertDecoder) -> None:
    buyer = "0x" + "ab" * 20
    data = keccak(text="TooMuch(uint256,(address,bytes4))")[:4] + encode(
        ["uint256", "(address,bytes4)"], [2**200, (buyer, b"\x01\x02\x03\x04")]
    )
    error = decoder.decode(revert(data))
    assert error.name == "TooMuch"
    assert error.arguments["asked"] == 2**200
    assert (
        error.arguments["order"]["buyer"].lower() == buyer and error.arguments["order"]["id"] == "0x01020304"
    )
    assert "TooMuch" in error.message and str(2**200) in error.message


def test_reason_string_and_panic(decoder: RevertDecoder) -> None:
    assert decoder.decode(revert(bytes.fromhex("08c379a0") + encode(["string"], ["no"]))).arguments == {
        "reason": "no"
    }
    panic = decoder.decode(revert(bytes.fromhex("4e487b71") + encode(["uint256"], [0x11])))
    assert panic.name == "Panic" and "range" in panic.message


@pytest.mark.parametrize(
    "error",
    [
        revert(b"\x01\x02\x03\x04"),
        revert(keccak(text="TooMuch(uint256,(address,bytes4))")[:4] + b"\x00"),
        {"code": 3, "message": "execution reverted"},
        {"code": -32000, "message": "execution reverted", "data": None},
        {"code": -32000, "message": "x", "data": {"data": "0x01020304"}},
    ],
)
def test_anything_else_is_still_a_revert(decoder: RevertDecoder, error: dict) -> None:
    assert is_revert(error)
    assert decoder.decode(error).name == "Unknown"


def test_a_nodes_own_refusal_is_no_revert() -> None:
    assert not is_revert({"code": -32601, "message": "Method not found"})
    assert not is_revert({"code": -32003, "message": "Insufficient funds for gas * price + value"})


def test_a_view_reverts_with_name_and_sentence(context: Context) -> None:
    latest = context.contracts.rules.functions.latestVersion().call()
    with pytest.raises(ContractReverted) as caught:
        context.contracts.rules.functions.rulesOf(999).call()
    assert (caught.value.name, caught.value.arguments) == (
        "UnknownVersion",
        {"version": 999, "latest": latest},
    )
    assert caught.value.message == f"There is no version 999 of the rules; the latest is {latest}."


def test_every_sentence_is_of_an_error_with_these_arguments(abis: dict[str, list[dict]]) -> None:
    known: dict[str, list[set[str]]] = {}
    for abi in abis.values():
        for entry in abi:
            if entry["type"] == "error":
                known.setdefault(entry["name"], []).append({item["name"] for item in entry["inputs"]})
    for name, (sentence, _) in SENTENCES.items():
        used = set(re.findall(r"{(\w+)}", sentence))
        assert name in known, name
        assert all(used <= arguments for arguments in known[name]), name
