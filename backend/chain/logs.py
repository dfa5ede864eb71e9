"""eth_getLogs over any number of blocks, in ranges that the node accepts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from backend.chain.client import RpcError

if TYPE_CHECKING:
    from backend.chain.client import ChainClient

BLOCKS_PER_REQUEST = 20_000


def logs_between(
    client: ChainClient, addresses: Sequence[str], first: int, last: int, topics: Sequence[Any] = ()
) -> Iterator[dict[str, Any]]:
    """Raw logs of `addresses` in the blocks first to last, in order; a range that the node finds too large
    is halved.
    """
    span = BLOCKS_PER_REQUEST
    while first <= last:
        end = min(first + span - 1, last)
        wanted = {
            "address": list(addresses),
            "fromBlock": hex(first),
            "toBlock": hex(end),
            "topics": list(topics),
        }
        try:
            logs = client.rpc("eth_getLogs", wanted)
        except RpcError:
            # Nodes limit the size of an answer in their own words; a single block that fails is a real
            # failure.
            if span == 1:
                raise
            span = max(1, min(span, end - first + 1) // 2)
            continue
        yield from logs
        first = end + 1
