"""What a stranger reads: every event of the deployment by getLogs, decoded, in order; no database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from backend.chain.abi import checksum
from backend.chain.events import EventDecoder, event_decoders
from backend.chain.logs import logs_between
from backend.governance.rules import Rules

if TYPE_CHECKING:
    from backend.context import Context

# The settlement token is not ours: millions of its transfers have nothing to do with us, and balances tell
# what it holds for whom.
CONTRACTS = (
    "registry",
    "rules",
    "disputes",
    "rounds",
    "stake",
    "pool",
    "market",
    "prepaid",
    "generation_token",
    "governor",
    "timelock",
    "charter",
)


@dataclass(frozen=True)
class Event:
    """One decoded log. `args` are Python values: bytes32 as 0x hex, structs as dicts, addresses
    checksummed.
    """

    contract: str
    name: str
    args: dict[str, Any]
    block_number: int
    log_index: int
    tx_hash: str
    block_hash: str


@dataclass
class Facts:
    """Chain state up to `head`: events in order, and the sources to ask for more (RPC and IPFS only)."""

    ctx: Context
    head: int
    events: list[Event]
    undecoded: int = 0
    indexes: dict[str, Any] = field(default_factory=dict)  # artist indexes fetched so far, by CID
    delivered: tuple[Any, ...] | None = None  # deliveries.py: made once
    _times: dict[int, int] = field(default_factory=dict)

    def of(self, contract: str, *names: str) -> Iterator[Event]:
        """Events of one contract by name, in chain order."""
        return (event for event in self.events if event.contract == contract and event.name in names)

    def call(self, function: Any) -> Any:
        """A view at `head`, so that everything checked belongs to one moment."""
        return function.call(block_identifier=self.head)

    def time_of(self, block_number: int) -> int:
        """Timestamp of a block in chain seconds."""
        if block_number not in self._times:
            self._times[block_number] = int(self.ctx.client.block(block_number)["timestamp"], 16)
        return self._times[block_number]

    @cached_property
    def rules(self) -> dict[int, Rules]:
        """Version → compensation rules, from the events."""
        return {
            event.args["version"]: Rules.from_chain(event.args["rules"])
            for event in self.of("rules", "RulesAdopted")
        }

    @cached_property
    def documents(self) -> dict[tuple[str, str], dict]:
        """Documents fetched so far, by CID and schema."""
        return {}

    def document(self, cid: str, schema: str) -> dict:
        """A document from IPFS whose bytes hash to `cid`; fetched once."""
        if (cid, schema) not in self.documents:
            self.documents[cid, schema] = self.ctx.documents.get(cid, schema)
        return self.documents[cid, schema]


def read_facts(ctx: Context) -> Facts:
    """Every event from the deployment's block to the head, one moment for all checks."""
    head = ctx.client.block_number()
    decoders, by_address = _decoders(ctx)
    events, undecoded = [], 0
    for log in logs_between(ctx.client, list(by_address), ctx.contracts.start_block, head):
        contract = by_address[checksum(log["address"])]
        decoder = decoders[contract].get(log["topics"][0] if log["topics"] else "")
        if decoder is None:
            undecoded += 1
        else:
            events.append(_event(contract, decoder, log))
    events.sort(key=lambda event: (event.block_number, event.log_index))
    return Facts(ctx, head, events, undecoded)


def _decoders(ctx: Context) -> tuple[dict[str, dict[str, EventDecoder]], dict[str, str]]:
    """Per contract: topic → decoder; and address → contract."""
    decoders, by_address = {}, {}
    for name in CONTRACTS:
        contract = getattr(ctx.contracts, name)
        decoders[name] = event_decoders(contract.abi)
        by_address[contract.address] = name
    return decoders, by_address


def _event(contract: str, decoder: EventDecoder, log: dict[str, Any]) -> Event:
    return Event(
        contract,
        decoder.name,
        decoder.values(log["topics"], log["data"]),
        int(log["blockNumber"], 16),
        int(log["logIndex"], 16),
        log["transactionHash"],
        log["blockHash"],
    )
