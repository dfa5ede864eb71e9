"""Sending transactions: one queue per key, the revert reason before anything is sent, a receipt at the
end."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from eth_account.signers.local import LocalAccount
from web3.contract.contract import ContractFunction
from web3.exceptions import TransactionNotFound
from web3.types import TxReceipt

from backend.chain.client import ChainClient, RpcError
from backend.errors import ChainError, ContractReverted, MeltingPotError, TransactionNotMined

# What is not used is not paid. A call can cost more in its block than at the estimate: votes are written once
# a second, revenue by periods, and the first write of either is some 22,000 gas a slot dearer than the next.
GAS_MARGIN_PERCENT, GAS_MARGIN = 120, 100_000
REPLACE_AFTER_S = 45.0  # an unmined transaction is sent again with a higher fee after this long
FEE_RAISE_PERCENT = 125  # nodes ask for at least 10 % more to replace a transaction
NONCE_ATTEMPTS = 5
NONCE_TAKEN = ("nonce too low", "already known", "already imported", "replacement transaction underpriced")


class NotEnoughCoin(ChainError):
    """The sender cannot pay the gas; nothing was sent."""

    code, title = "not_enough_coin", "Not enough coin for gas"
    advice = "Send coin to this address; on a development chain use ChainClient.fund."


@dataclass
class _Queue:
    """The nonces of one key in this process; `next` is known only while transactions are under way."""

    lock: threading.RLock = field(default_factory=threading.RLock)
    next: int | None = None
    under_way: int = 0


_queues: dict[tuple[str, str], _Queue] = defaultdict(_Queue)


@dataclass
class _Sent:
    """A transaction under way, with the hashes of it and of its replacements."""

    transaction: dict[str, Any]
    function: str
    hashes: list[str]
    sent_at: float


class Sender:
    """Sends calls signed by one account. Safe to use from several threads, and beside other processes with
    the same key."""

    def __init__(self, client: ChainClient, account: LocalAccount) -> None:
        self.client = client
        self.account = account
        self._queue = _queues[(client.url, account.address)]

    @property
    def address(self) -> str:
        return self.account.address

    def send(self, call: ContractFunction, value: int = 0) -> TxReceipt:
        """Sends one call and waits for its receipt. Raises ContractReverted (nothing sent),
        TransactionNotMined."""
        return self._finish(self._start(call, value))

    def send_many(self, calls: Iterable[ContractFunction]) -> list[TxReceipt]:
        """Sends the calls one after the other without waiting between, then collects all receipts in order.

        Where blocks take time, a call must not depend on an earlier one of the list: each is estimated on the
        latest block. When one would revert, or a mined one failed, all that were sent are awaited and the
        first error is raised; its `details` say how many were sent before one that was not.
        """
        started: list[_Sent] = []
        failure: MeltingPotError | None = None
        for call in calls:
            try:
                started.append(self._start(call, 0))
            except MeltingPotError as error:
                error.details["sent_before"] = len(started)
                failure = error
                break
        receipts: list[TxReceipt] = []
        for sent in started:  # each of them, or the count of those under way would never come back to 0
            try:
                receipts.append(self._finish(sent))
            except MeltingPotError as error:
                failure = failure or error
        if failure is not None:
            raise failure
        return receipts

    # -- before the receipt ----------------------------------------------------------------------------------

    def _start(self, call: ContractFunction, value: int) -> _Sent:
        name = call.fn_name
        request = {
            "from": self.address,
            "to": call.address,
            "data": call._encode_transaction_data(),
            "value": hex(value),
        }
        try:
            estimate = int(self.client.rpc("eth_estimateGas", request), 16)
        except ContractReverted as error:
            error.function = error.details["function"] = name
            raise
        except RpcError as error:
            raise self._refused(error) from error
        transaction = {
            "type": 2,
            "chainId": self.client.chain_id,
            "to": call.address,
            "data": request["data"],
            "value": value,
            **self._fees_and_gas(estimate),
        }
        with self._queue.lock:
            tx_hash = self._sign_and_send(transaction)
            self._queue.under_way += 1
        return _Sent(transaction, name, [tx_hash], time.monotonic())

    def _fees_and_gas(self, estimate: int) -> dict[str, int]:
        header = self.client.block()
        assert header is not None
        base = int(header.get("baseFeePerGas") or "0x0", 16)
        # A development chain with a base fee of 0 asks for nothing: wallets without coin can send there.
        free = base == 0 and self.client.is_development
        tip = 0 if free else int(self.client.rpc("eth_maxPriorityFeePerGas"), 16)
        gas = min(estimate * GAS_MARGIN_PERCENT // 100 + GAS_MARGIN, int(header["gasLimit"], 16))
        return {"gas": max(gas, estimate), "maxFeePerGas": 2 * base + tip, "maxPriorityFeePerGas": tip}

    def _sign_and_send(self, transaction: dict[str, Any]) -> str:
        """Gives the transaction its nonce; when another process took that nonce meanwhile, the next one."""
        for attempt in range(NONCE_ATTEMPTS):
            transaction["nonce"] = self._next_nonce()
            try:
                tx_hash = self._broadcast(transaction)
            except RpcError as error:
                self._queue.next = None
                if attempt == NONCE_ATTEMPTS - 1 or not any(
                    text in error.reason.lower() for text in NONCE_TAKEN
                ):
                    raise self._refused(error) from error
                time.sleep(self.client.settings.chain_poll_latency_s * (attempt + 1))
            else:
                self._queue.next = transaction["nonce"] + 1
                return tx_hash
        raise AssertionError("unreachable")

    def _next_nonce(self) -> int:
        pending = int(self.client.rpc("eth_getTransactionCount", self.address, "pending"), 16)
        return max(pending, self._queue.next or 0)

    def _broadcast(self, transaction: dict[str, Any]) -> str:
        signed = self.account.sign_transaction(transaction)
        return self.client.rpc(
            "eth_sendRawTransaction", "0x" + signed.raw_transaction.hex().removeprefix("0x")
        )

    def _refused(self, error: RpcError) -> ChainError:
        if "insufficient funds" in error.reason.lower():
            return NotEnoughCoin(f"{self.address} has not enough native coin to pay for the transaction.")
        return error

    # -- after it was sent -----------------------------------------------------------------------------------

    def _finish(self, sent: _Sent) -> TxReceipt:
        try:
            receipt = self._wait(sent)
        finally:
            with self._queue.lock:
                self._queue.under_way -= 1
                if self._queue.under_way == 0:
                    self._queue.next = None  # the chain's own count is right again
        if receipt["status"] != 1:
            raise self._why_reverted(sent, receipt)
        return receipt

    def _wait(self, sent: _Sent) -> TxReceipt:
        settings = self.client.settings
        give_up = time.monotonic() + settings.transaction_timeout_s
        while True:
            for tx_hash in sent.hashes:
                raw = self.client.rpc("eth_getTransactionReceipt", tx_hash)
                if raw is not None and self._deep_enough(int(raw["blockNumber"], 16)):
                    with suppress(TransactionNotFound):  # the block was taken back between the two questions
                        return self.client.w3.eth.get_transaction_receipt(tx_hash)
            if time.monotonic() > give_up:
                raise TransactionNotMined(
                    f"Transaction {sent.hashes[-1]} ({sent.function}) of {self.address} has no receipt after "
                    f"{settings.transaction_timeout_s:.0f} s.",
                    tx_hashes=sent.hashes,
                )
            if time.monotonic() - sent.sent_at > REPLACE_AFTER_S:
                self._replace(sent)
            time.sleep(settings.chain_poll_latency_s)

    def _deep_enough(self, block_number: int) -> bool:
        depth = self.client.settings.confirmations
        return depth == 1 or self.client.block_number() - block_number + 1 >= depth

    def _replace(self, sent: _Sent) -> None:
        """Sends the same transaction again with higher fees; a refusal means that it is mined or well under
        way."""
        for name in ("maxFeePerGas", "maxPriorityFeePerGas"):
            sent.transaction[name] = sent.transaction[name] * FEE_RAISE_PERCENT // 100 + 1
        sent.sent_at = time.monotonic()
        try:
            sent.hashes.append(self._broadcast(sent.transaction))
        except RpcError:
            return

    def _why_reverted(self, sent: _Sent, receipt: TxReceipt) -> ChainError:
        """Asks the chain again for the reason of a transaction that was mined and failed."""
        request = {
            "from": self.address,
            "to": sent.transaction["to"],
            "data": sent.transaction["data"],
            "value": hex(sent.transaction["value"]),
            "gas": hex(sent.transaction["gas"]),
        }
        try:
            self.client.rpc("eth_call", request, hex(receipt["blockNumber"]))
        except ContractReverted as error:
            error.function = error.details["function"] = sent.function
            return error
        except ChainError:
            pass
        if receipt["gasUsed"] * 100 >= sent.transaction["gas"] * 97:
            return ChainError(
                f"Transaction {sent.hashes[-1]} ({sent.function}) ran out of gas ({receipt['gasUsed']:,}).",
                "It cost more than at the estimate a moment before: try again.",
            )
        return ChainError(
            f"Transaction {sent.hashes[-1]} ({sent.function}) was mined and failed.",
            "Its state changed between estimate and block: read the state and try again.",
        )
