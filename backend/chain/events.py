"""Logs of our contracts → events with named arguments, by the ABIs; web3's own decoder is too slow for
bulk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from eth_abi.exceptions import DecodingError
from eth_utils import event_abi_to_log_topic

from backend.chain.abi import abi_type, checksum, plain, with_text_integers
from backend.chain.abi import decode as abi_decode
from backend.chain.tables import ChainEvent
from backend.errors import IndexerHalted

# Types whose value does not fit a topic: an indexed argument of them shows only its hash.
HASHED_WHEN_INDEXED = ("string", "bytes")


@dataclass(frozen=True, slots=True)
class Event:
    """One event; `args` by ABI name with integers as decimal strings, so that live and replayed events are
    the same."""

    block_hash: str
    block_number: int
    block_time: int
    log_index: int
    tx_hash: str
    contract: str
    name: str
    args: Mapping[str, Any]

    @classmethod
    def from_row(cls, row: ChainEvent) -> Event:
        return cls(
            row.block_hash,
            row.block_number,
            row.block_time,
            row.log_index,
            row.tx_hash,
            row.contract,
            row.event,
            row.args,
        )

    def to_row(self) -> dict[str, Any]:
        """The columns of `chain_events`."""
        return {
            "block_hash": self.block_hash,
            "log_index": self.log_index,
            "block_number": self.block_number,
            "block_time": self.block_time,
            "tx_hash": self.tx_hash,
            "contract": self.contract,
            "event": self.name,
            "args": dict(self.args),
        }

    def uint(self, name: str) -> int:
        """An integer argument."""
        return int(self.args[name])

    @property
    def key(self) -> dict[str, Any]:
        """The columns that key a table of single events."""
        return {"block_hash": self.block_hash, "log_index": self.log_index, "block_number": self.block_number}


class EventDecoder:
    """Decodes the logs of one event of one contract."""

    def __init__(self, abi: Mapping[str, Any]) -> None:
        self.name: str = abi["name"]
        inputs = abi["inputs"]
        self._names = [item["name"] for item in inputs]
        self._indexed = [_as_topic(item) for item in inputs if item["indexed"]]
        self._data = [item for item in inputs if not item["indexed"]]
        self._topic_types = [abi_type(item) for item in self._indexed]
        self._data_types = [abi_type(item) for item in self._data]

    def values(self, topics: list[str], data: str) -> dict[str, Any]:
        """Named Python values in ABI order. Raises eth_abi's DecodingError for data of another event."""
        words = b"".join(bytes.fromhex(topic[2:]) for topic in topics[1:])
        named = _named(self._indexed, abi_decode(self._topic_types, words))
        named.update(_named(self._data, abi_decode(self._data_types, bytes.fromhex(data[2:]))))
        return {name: named[name] for name in self._names}


def event_decoders(abi: Iterable[Mapping[str, Any]]) -> dict[str, EventDecoder]:
    """Topic (0x hex) → decoder of each event in a contract's ABI."""
    return {
        "0x" + event_abi_to_log_topic(entry).hex(): EventDecoder(entry)  # type: ignore[arg-type]
        for entry in abi
        if entry["type"] == "event"
    }


def _as_topic(item: Mapping[str, Any]) -> Mapping[str, Any]:
    kind: str = item["type"]
    hashed = kind in HASHED_WHEN_INDEXED or kind.startswith("tuple") or kind.endswith("]")
    return {**item, "type": "bytes32"} if hashed else item


def _named(items: list[Mapping[str, Any]], values: tuple[Any, ...]) -> dict[str, Any]:
    return {item["name"]: plain(item, value) for item, value in zip(items, values, strict=True)}


class LogDecoder:
    """Decodes the logs of all given contracts: name → address and name → ABI."""

    def __init__(self, addresses: Mapping[str, str], abis: Mapping[str, list[dict[str, Any]]]) -> None:
        self._names = {address: name for name, address in addresses.items()}
        self._decoders = {
            (name, topic): decoder
            for name in addresses
            for topic, decoder in event_decoders(abis[name]).items()
        }

    def decode(self, log: Mapping[str, Any], block_time: int) -> Event | None:
        """The event of a raw `eth_getLogs` entry; None for another's log, or one that our ABIs do not know.

        Raises eth_abi's DecodingError or ValueError for a log that is not what its topic says.
        """
        contract = self._names.get(checksum(log["address"]), "")
        decoder = self._decoders.get((contract, log["topics"][0].lower())) if log["topics"] else None
        if decoder is None:
            return None
        values = decoder.values(log["topics"], log["data"])
        return Event(
            log["blockHash"].lower(),
            int(log["blockNumber"], 16),
            block_time,
            int(log["logIndex"], 16),
            log["transactionHash"].lower(),
            contract,
            decoder.name,
            {name: with_text_integers(value) for name, value in values.items()},
        )

    def decode_all(
        self, logs: Iterable[Mapping[str, Any]], block_time: Callable[[Mapping[str, Any]], int]
    ) -> list[Event]:
        """The events among raw logs, in their order; `block_time` gives a log's chain seconds.

        Raises IndexerHalted for a log that cannot be read: leaving it out would make the tables wrong.
        """
        events = []
        for log in logs:
            try:
                event = self.decode(log, block_time(log))
            except (DecodingError, ValueError, KeyError) as error:
                raise IndexerHalted(
                    f"The log {log.get('logIndex')} of transaction {log.get('transactionHash')} cannot be "
                    f"read with the ABI of its contract: {type(error).__name__}: {error}.",
                    "The ABIs in MELTINGPOT_ABI_DIR may be of other contracts than the deployed ones; else "
                    "the node of MELTINGPOT_CHAIN_RPC_URL is broken: set another.",
                ) from error
            if event is not None:
                events.append(event)
        return events
