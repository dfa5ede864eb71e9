"""One connection to one chain: web3.py over a kept-alive HTTP session, with errors a person can act on."""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any

import requests
from eth_utils import to_checksum_address
from web3 import HTTPProvider, Web3
from web3.types import RPCEndpoint, RPCResponse

from backend.chain.reverts import RevertDecoder, is_revert
from backend.config import Settings
from backend.errors import ChainError, ChainUnavailable, NotADevelopmentChain

METHOD_NOT_FOUND = -32601
DEVELOPMENT_CLIENTS = ("anvil", "hardhat", "ganache")
FUND_WEI = 10_000 * 10**18


class RpcError(ChainError):
    """The node answered with an error that is no revert; `number` is its JSON-RPC code."""

    code, title = "rpc_error", "The node refused"

    def __init__(self, method: str, number: int, message: str) -> None:
        super().__init__(f"The chain's node refused {method}: {message}.", "", number=number)
        self.number = number
        self.reason = message


class RpcProvider(HTTPProvider):
    """HTTPProvider that raises ChainUnavailable for a dead URL, ContractReverted, decoded, for a revert, and
    RpcError for any other refusal, so that none comes as an exception of web3."""

    def __init__(self, url: str, timeout_s: float, decoder: RevertDecoder) -> None:
        # web3's own retries would hide a dead chain for half a minute.
        super().__init__(url, request_kwargs={"timeout": timeout_s}, exception_retry_configuration=None)
        self._decoder = decoder

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        try:
            response = super().make_request(method, params)
        except requests.RequestException as error:
            raise ChainUnavailable(
                f"No chain answers at {self.endpoint_uri} ({_reason(error)}).", url=str(self.endpoint_uri)
            ) from error
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise ChainUnavailable(
                f"What answers at {self.endpoint_uri} is no chain: the answer is no JSON.",
                url=str(self.endpoint_uri),
            ) from error
        failure = response.get("error") if isinstance(response, dict) else None
        if failure is not None:
            raise self.refusal(method, failure)
        return response

    def refusal(self, method: str, failure: Any) -> ChainError:
        """The exception for the `error` of an answer."""
        detail = failure if isinstance(failure, dict) else {"message": str(failure)}
        if is_revert(detail):
            return self._decoder.decode(detail)
        return RpcError(method, int(detail.get("code", 0)), str(detail.get("message", "no reason given")))


def _reason(error: requests.RequestException) -> str:
    if isinstance(error, requests.Timeout):
        return "it took too long"
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"HTTP {error.response.status_code}"
    return (
        "the connection was refused" if isinstance(error, requests.ConnectionError) else type(error).__name__
    )


class ChainClient:
    """web3 (`w3`) and raw JSON-RPC (`rpc`) to the chain of the settings. Nothing is asked before the first
    use."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.url = settings.chain_rpc_url
        self.reverts = RevertDecoder()
        self.provider = RpcProvider(self.url, settings.chain_rpc_timeout_s, self.reverts)
        self.w3 = Web3(self.provider)

    def rpc(self, method: str, *params: Any) -> Any:
        """The raw `result` of one call. Raises ChainUnavailable, ContractReverted or RpcError."""
        return self.provider.make_request(RPCEndpoint(method), list(params)).get("result")

    @cached_property
    def chain_id(self) -> int:
        return int(self.rpc("eth_chainId"), 16)

    @cached_property
    def is_development(self) -> bool:
        """Whether the node is a development chain whose clock and balances can be set."""
        version = str(self.rpc("web3_clientVersion")).lower()
        return any(version.startswith(name) for name in DEVELOPMENT_CLIENTS)

    def block(self, which: int | str = "latest") -> dict[str, Any] | None:
        """The raw header of a block by number, tag or hash; None when the chain has no such block."""
        if isinstance(which, str) and len(which) == 66:
            return self.rpc("eth_getBlockByHash", which, False)
        return self.rpc("eth_getBlockByNumber", hex(which) if isinstance(which, int) else which, False)

    def now(self) -> int:
        """The chain's time: the timestamp of its latest block, in seconds."""
        latest = self.block()
        if latest is None:
            raise ChainUnavailable(f"The chain at {self.url} has no block yet.")
        return int(latest["timestamp"], 16)

    def block_number(self) -> int:
        return int(self.rpc("eth_blockNumber"), 16)

    def balance(self, address: str) -> int:
        """Native coin of an address, in wei."""
        return int(self.rpc("eth_getBalance", address, "latest"), 16)

    def advance_time(self, seconds: int) -> int:
        """Development chains: moves the clock forward and mines a block there; returns the new time."""
        if seconds < 0:
            raise ValueError(f"time moves forward only, not by {seconds} s")
        self._development("evm_increaseTime", int(seconds))
        self._development("evm_mine")
        return self.now()

    def fund(self, address: str, wei: int = FUND_WEI) -> None:
        """Development chains: sets an address's native coin."""
        self._development("anvil_setBalance", to_checksum_address(address), hex(wei))

    def _development(self, method: str, *params: Any) -> Any:
        try:
            return self.rpc(method, *params)
        except RpcError as error:
            if error.number != METHOD_NOT_FOUND:
                raise
            if method.startswith("anvil_"):
                return self._development(method.replace("anvil_", "hardhat_", 1), *params)
            raise NotADevelopmentChain(f"The chain at {self.url} does not know {method}.") from error
