"""Many views in one HTTP request: hundreds of `eth_call`s take milliseconds instead of seconds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import requests
from web3.types import RPCEndpoint

from backend.chain.abi import abi_type, decode, plain
from backend.errors import ChainUnavailable

if TYPE_CHECKING:
    from backend.chain.client import ChainClient

CALLS_PER_REQUEST = 100


def call_many(client: ChainClient, functions: Sequence[Any], block: int | str = "latest") -> list[Any]:
    """The results of bound contract functions (`contract.functions.f(x)`) at `block`, in order.

    A single output comes as itself, several as a tuple, structs as dicts by name, bytes as 0x hex.
    Raises ChainUnavailable, ContractReverted, or RpcError when the node refuses one of the calls.
    """
    results: list[Any] = []
    for start in range(0, len(functions), CALLS_PER_REQUEST):
        results += _request(client, functions[start : start + CALLS_PER_REQUEST], block)
    return results


def _request(client: ChainClient, functions: Sequence[Any], block: int | str) -> list[Any]:
    at = hex(block) if isinstance(block, int) else block
    calls = [
        (RPCEndpoint("eth_call"), [{"to": f.address, "data": f._encode_transaction_data()}, at])
        for f in functions
    ]
    try:
        answers = client.provider.make_batch_request(calls)
    except (requests.RequestException, ValueError) as error:  # ValueError: the answer is no JSON
        raise ChainUnavailable(
            f"The chain at {client.url} did not answer a batch of {len(calls)} calls."
        ) from error
    if not isinstance(answers, list):
        raise client.provider.refusal(f"a batch of {len(calls)} calls", answers.get("error"))
    for function, answer in zip(functions, answers, strict=True):
        if "result" not in answer:
            raise client.provider.refusal(f"eth_call of {function.fn_name}", answer.get("error"))
    return [_decoded(function, answer) for function, answer in zip(functions, answers, strict=True)]


def _decoded(function: Any, answer: dict[str, Any]) -> Any:
    outputs = function.abi["outputs"]
    values = decode([abi_type(output) for output in outputs], bytes.fromhex(answer["result"][2:]))
    named = tuple(plain(output, value) for output, value in zip(outputs, values, strict=True))
    return named[0] if len(named) == 1 else named
