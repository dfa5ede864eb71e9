"""The one tree of errors: each knows its HTTP status, its exit code and what a person should do next.

The API turns any `MeltingPotError` into problem details (RFC 9457) and the command line turns it into two
lines and an exit code, so no caller needs a second table of messages.

Exit codes: 1 other, 2 wrong usage or settings, 3 not found or refused input, 4 a service is unavailable, 5
the chain reverted.
"""

from __future__ import annotations

from typing import Any, ClassVar


class MeltingPotError(Exception):
    """Base of every error that a person may see: `message` says what happened, `what_to_do` what to do
    next."""

    code: ClassVar[str] = "internal_error"
    title: ClassVar[str] = "Internal error"
    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1
    advice: ClassVar[str] = ""

    def __init__(self, message: str, what_to_do: str | None = None, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.what_to_do = self.advice if what_to_do is None else what_to_do
        self.details = details

    def problem(self, instance: str | None = None) -> dict[str, Any]:
        """RFC 9457 problem details; `details` come as extension members, integers above 2**53 as strings."""
        body: dict[str, Any] = {
            "type": f"urn:meltingpot:error:{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.message,
            "code": self.code,
            "what_to_do": self.what_to_do,
        }
        if instance is not None:
            body["instance"] = instance
        body.update({key: _json_safe(value) for key, value in self.details.items() if key not in body})
        return body

    def __str__(self) -> str:
        return f"{self.message} {self.what_to_do}".strip()


def _json_safe(value: Any) -> Any:
    if isinstance(value, bool) or value is None or isinstance(value, str | float):
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**53 else str(value)
    if isinstance(value, dict):
        return {str(key): _json_safe(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_json_safe(item) for item in value]
    return str(value)


# ---- wrong usage -------------------------------------------------------------------------------------------


class UsageError(MeltingPotError):
    """The command or call cannot be understood as given."""

    code, title, status, exit_code = "usage_error", "Wrong usage", 400, 2


class ConfigurationError(MeltingPotError):
    """A setting is missing or does not fit the others."""

    code, title, status, exit_code = "configuration_error", "Wrong settings", 500, 2
    advice = "Compare your settings with .env.example."


# ---- input -------------------------------------------------------------------------------------------------


class InputRefused(MeltingPotError):
    """The request is understood, its content is refused."""

    code, title, status, exit_code = "input_refused", "Input refused", 422, 3


class NotFound(MeltingPotError):
    """What was asked for is not known here."""

    code, title, status, exit_code = "not_found", "Not found", 404, 3


class Conflict(MeltingPotError):
    """The request does not fit the present state."""

    code, title, status, exit_code = "conflict", "Conflict", 409, 3


class Unauthorised(MeltingPotError):
    """Nobody is signed in, or the signature is wrong."""

    code, title, status, exit_code = "unauthorised", "Not signed in", 401, 3


class Forbidden(MeltingPotError):
    """The wallet that asks does not own the thing."""

    code, title, status, exit_code = "forbidden", "Not allowed", 403, 3


class TooLarge(InputRefused):
    """More bytes or pixels than the limit."""

    code, title, status = "too_large", "Too large", 413


class TooManyRequests(MeltingPotError):
    """The rate limit is reached."""

    code, title, status, exit_code = "too_many_requests", "Too many requests", 429, 4


# ---- services ----------------------------------------------------------------------------------------------


class ServiceUnavailable(MeltingPotError):
    """Something this process depends on does not answer."""

    code, title, status, exit_code = "service_unavailable", "Service unavailable", 503, 4


class ChainUnavailable(ServiceUnavailable):
    """The chain's RPC does not answer, or answers something that is no RPC answer."""

    code, title = "chain_unavailable", "Chain unavailable"
    advice = "Start a chain (`make up` starts everything) or set MELTINGPOT_CHAIN_RPC_URL to one that runs."


class WrongChain(ConfigurationError):
    """The chain that answers is not the one that the deployment file was written for."""

    code, title = "wrong_chain", "Wrong chain"
    advice = (
        "Set MELTINGPOT_CHAIN_RPC_URL to the right chain, or deploy to this one with "
        "`python scripts/deploy.py`."
    )


class NotDeployed(ConfigurationError):
    """No deployment file, or no ABIs."""

    code, title = "not_deployed", "Contracts not deployed"
    advice = (
        "Run `make compile` and `python scripts/deploy.py`, or set MELTINGPOT_DEPLOYMENT to the "
        "deployment file."
    )


class IpfsUnavailable(ServiceUnavailable):
    """The IPFS API does not answer."""

    code, title = "ipfs_unavailable", "IPFS unavailable"
    advice = "Start an IPFS node (`make up` starts everything) or set MELTINGPOT_IPFS_API to one that runs."


class CidMismatch(MeltingPotError):
    """Bytes or a CID that came from the IPFS node are not what this machine computes."""

    code, title, status = "cid_mismatch", "Content does not match its CID", 502
    advice = "Do not trust this IPFS node: set MELTINGPOT_IPFS_API to another one and try again."


class IndexerBehind(ServiceUnavailable):
    """The indexer has not reached a block in time."""

    code, title = "indexer_behind", "Indexer behind"
    advice = "Check that `python -m backend.chain.indexer` runs and reads the same database and chain."


class IndexerHalted(MeltingPotError):
    """The chain under the indexer changed further back than it may rewind by itself."""

    code, title, status, exit_code = "indexer_halted", "Indexer halted", 503, 1


# ---- chain -------------------------------------------------------------------------------------------------


class ChainError(MeltingPotError):
    """The chain answered, and refused."""

    code, title, status, exit_code = "chain_error", "Chain error", 502, 5


class ContractReverted(ChainError):
    """A contract reverted with the error `name` and the named `arguments`; nothing was written."""

    code, title, status = "contract_reverted", "The contract refused", 409

    def __init__(
        self,
        name: str,
        arguments: dict[str, Any],
        sentence: str,
        what_to_do: str = "",
        function: str | None = None,
    ) -> None:
        super().__init__(sentence, what_to_do, error=name, arguments=arguments, function=function)
        self.name = name
        self.arguments = arguments
        self.function = function


class TransactionNotMined(ChainError):
    """A sent transaction has no receipt within the time allowed."""

    code, title, status, exit_code = "transaction_not_mined", "Transaction not mined", 504, 4
    advice = "Look for the transaction on the chain before sending anything again: it may still be mined."


class NotADevelopmentChain(UsageError):
    """Moving time and giving out coin work on development chains only."""

    code, title = "not_a_development_chain", "Not a development chain"
    advice = "Use a chain such as anvil, or wait for real time to pass."


# ---- wallets -----------------------------------------------------------------------------------------------


class WalletUnavailable(ConfigurationError):
    """No key for this wallet name."""

    code, title = "wallet_unavailable", "Wallet unavailable"
