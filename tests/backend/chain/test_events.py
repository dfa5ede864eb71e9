"""Logs become events with named, JSON-safe arguments."""

from __future__ import annotations

import pytest
from eth_abi import encode
from eth_abi.exceptions import DecodingError
from eth_utils import keccak, to_checksum_address

from backend.chain.events import Event, LogDecoder
from backend.chain.tables import ChainEvent
from backend.errors import IndexerHalted

ADDRESS = to_checksum_address("0x" + "ab" * 20)
CONTRACT = to_checksum_address("0x" + "cd" * 20)
SOLD = {
    "type": "event",
    "name": "Sold",
    "inputs": [
        {"name": "price", "type": "uint256", "indexed": False},
        {"name": "buyer", "type": "address", "indexed": True},
        {"name": "title", "type": "string", "indexed": True},
        {
            "name": "lines",
            "type": "tuple[]",
            "indexed": False,
            "components": [
                {"name": "hash", "type": "bytes32"},
                {"name": "amount", "type": "int64"},
                {"name": "paid", "type": "bool"},
            ],
        },
    ],
}
SIGNATURE = "Sold(uint256,address,string,(bytes32,int64,bool)[])"


def log(topics: list[bytes], data: bytes) -> dict:
    return {
        "address": CONTRACT.lower(),
        "topics": ["0x" + topic.hex() for topic in topics],
        "data": "0x" + data.hex(),
        "blockHash": "0xAA",
        "blockNumber": "0x10",
        "logIndex": "0x1",
        "transactionHash": "0xBB",
    }


@pytest.fixture
def decoder() -> LogDecoder:
    return LogDecoder({"Shop": CONTRACT}, {"Shop": [SOLD, {"type": "function", "name": "x", "inputs": []}]})


def test_arguments_by_name_in_abi_order(decoder: LogDecoder) -> None:
    topics = [keccak(text=SIGNATURE), encode(["address"], [ADDRESS]), keccak(text="a title")]
    data = encode(["uint256", "(bytes32,int64,bool)[]"], [2**255, [(b"\x01" * 32, -7, True)]])
    event = decoder.decode(log(topics, data), 1_000)
    assert event == Event(
        "0xaa",
        16,
        1_000,
        1,
        "0xbb",
        "Shop",
        "Sold",
        {
            "price": str(2**255),
            "buyer": ADDRESS,
            "title": "0x" + keccak(text="a title").hex(),
            "lines": [{"hash": "0x" + "01" * 32, "amount": "-7", "paid": True}],
        },
    )
    assert list(event.args) == ["price", "buyer", "title", "lines"]
    assert event.uint("price") == 2**255
    assert Event.from_row(ChainEvent(**event.to_row())) == event


def test_events_of_no_abi_are_left_out(decoder: LogDecoder) -> None:
    assert decoder.decode(log([keccak(text="Other()")], b""), 0) is None
    assert decoder.decode(log([], b""), 0) is None


def test_data_of_another_shape_is_refused(decoder: LogDecoder) -> None:
    topics = [keccak(text=SIGNATURE), encode(["address"], [ADDRESS]), keccak(text="a title")]
    with pytest.raises(DecodingError):
        decoder.decode(log(topics, b"\x00" * 31), 0)


def test_one_unreadable_log_halts_by_its_name(decoder: LogDecoder) -> None:
    topics = [keccak(text=SIGNATURE), encode(["address"], [ADDRESS]), keccak(text="a title")]
    with pytest.raises(IndexerHalted, match="log 0x1 of transaction 0xBB"):
        decoder.decode_all([log(topics, b"\x00" * 31)], lambda _: 0)
    with pytest.raises(IndexerHalted, match="cannot be read"):
        decoder.decode_all([log(topics[:2], b"")], lambda _: 0)


def test_logs_of_others_are_left_out(decoder: LogDecoder) -> None:
    assert decoder.decode({**log([keccak(text=SIGNATURE)], b""), "address": ADDRESS}, 0) is None


def test_text_that_is_no_unicode_stops_nobody() -> None:
    """Whoever proposes or votes chooses the bytes of a description or a reason."""
    said = {"type": "event", "name": "Said", "inputs": [{"name": "text", "type": "string", "indexed": False}]}
    decoder = LogDecoder({"Shop": CONTRACT}, {"Shop": [said]})
    data = encode(["bytes"], [b"good \xff\xc0 \x00 and \xf0\x9f\x8e\xa8"])
    event = decoder.decode(log([keccak(text="Said(string)")], data), 0)
    assert event is not None and event.args == {"text": "good \ufffd\ufffd \ufffd and \U0001f3a8"}
