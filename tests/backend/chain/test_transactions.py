"""Sending: receipts, nonces under threads and rivals, reverts before anything is sent, replacement of stuck
ones."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from eth_account import Account

from backend.chain import transactions
from backend.chain.client import ChainClient
from backend.chain.transactions import Sender
from backend.context import Context
from backend.errors import ChainError, ContractReverted, TransactionNotMined
from tests.backend.chain.conftest import Deployed
from tests.backend.chain.reading import send_unlocked

FRIEND = Account.create().address


@pytest.fixture
def sender(context: Context) -> Sender:
    """A key that no other test uses, without any coin: the development chain asks for no fee."""
    return Sender(context.client, Account.create())


def mint(context: Context, to: str, amount: int = 1):
    return context.contracts.token.functions.mint(to, amount)


def nonce_of(sender: Sender) -> int:
    return int(sender.client.rpc("eth_getTransactionCount", sender.address, "latest"), 16)


def test_send_waits_for_the_receipt(context: Context, sender: Sender) -> None:
    receipt = sender.send(mint(context, sender.address, 7))
    assert receipt["status"] == 1
    assert context.contracts.token.functions.balanceOf(sender.address).call() == 7
    transfer = context.contracts.token.events.Transfer().process_receipt(receipt)[0]
    assert transfer["args"]["value"] == 7


def test_a_revert_is_told_before_anything_is_sent(context: Context, sender: Sender) -> None:
    with pytest.raises(ContractReverted) as caught:
        sender.send(context.contracts.token.functions.transfer(context.wallets.address("operator"), 5))
    assert caught.value.name == "ERC20InsufficientBalance"
    assert caught.value.function == "transfer"
    assert caught.value.message == f"{sender.address} has 0 of the token; 5 are needed."
    assert nonce_of(sender) == 0


def test_many_in_order(context: Context, sender: Sender) -> None:
    receipts = sender.send_many(mint(context, sender.address, i) for i in range(1, 11))
    blocks = [receipt["blockNumber"] for receipt in receipts]
    assert blocks == sorted(blocks) and nonce_of(sender) == 10
    assert context.contracts.token.functions.balanceOf(sender.address).call() == 55


def test_many_with_a_revert_tell_how_many_went_before(context: Context, sender: Sender) -> None:
    calls = [
        mint(context, sender.address),
        context.contracts.market.functions.pause(),
        mint(context, sender.address),
    ]
    with pytest.raises(ContractReverted) as caught:
        sender.send_many(calls)
    assert caught.value.details["sent_before"] == 1
    assert nonce_of(sender) == 1


def test_threads_share_one_count_of_nonces(context: Context, sender: Sender) -> None:
    failures: list[Exception] = []

    def send() -> None:
        try:
            for _ in range(5):
                Sender(context.client, sender.account).send(mint(context, sender.address))
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == [] and nonce_of(sender) == 20


def test_a_nonce_that_another_process_took(
    context: Context, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender.send(mint(context, sender.address))
    real, late = Sender._next_nonce, [0]
    monkeypatch.setattr(Sender, "_next_nonce", lambda self: late.pop() if late else real(self))
    assert sender.send(mint(context, sender.address))["status"] == 1
    assert nonce_of(sender) == 2


def test_value_without_coin(context: Context, sender: Sender) -> None:
    with pytest.raises(ChainError, match="not enough native coin"):
        sender.send(mint(context, sender.address), value=10**18)


class TestUnmined:
    """On a chain that mines only when told."""

    @pytest.fixture(autouse=True)
    def _no_mining(self, context: Context):
        context.client.rpc("evm_setAutomine", False)
        yield
        context.client.rpc("evm_setAutomine", True)
        context.client.rpc("evm_mine")

    def test_gives_up_with_the_hash(self, deployed: Deployed, tmp_path: Path) -> None:
        context = Context(deployed.settings(tmp_path, transaction_timeout_s=0.3))
        sender = Sender(context.client, Account.create())
        with pytest.raises(TransactionNotMined) as caught:
            sender.send(mint(context, sender.address))
        assert len(caught.value.details["tx_hashes"]) == 1

    def test_is_replaced_with_a_higher_fee(
        self, context: Context, sender: Sender, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(transactions, "REPLACE_AFTER_S", 0.2)
        broadcasts: list[dict] = []
        real = Sender._broadcast

        def note(self: Sender, transaction: dict) -> str:
            broadcasts.append(dict(transaction))
            if len(broadcasts) == 2:
                threading.Timer(0.1, lambda: context.client.rpc("evm_mine")).start()
            return real(self, transaction)

        monkeypatch.setattr(Sender, "_broadcast", note)
        context.client.fund(sender.address)
        assert sender.send(mint(context, sender.address))["status"] == 1
        assert broadcasts[0]["nonce"] == broadcasts[1]["nonce"]
        assert broadcasts[0]["maxFeePerGas"] < broadcasts[1]["maxFeePerGas"]

    @pytest.fixture
    def blind(self, context: Context, sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
        """Estimates see nothing coming (anvil's look at the pool, other nodes' do not); blocks come once
        everything is sent. The sender has 5 tokens."""
        context.client.rpc("evm_setAutomine", True)
        sender.send(mint(context, sender.address, 5))
        context.client.rpc("evm_setAutomine", False)
        rpc, finish = ChainClient.rpc, Sender._finish

        def estimate(self: ChainClient, method: str, *params: object) -> object:
            return hex(100_000) if method == "eth_estimateGas" else rpc(self, method, *params)

        def mine_first(self: Sender, sent: transactions._Sent) -> dict:
            context.client.rpc("evm_mine")
            return finish(self, sent)

        monkeypatch.setattr(ChainClient, "rpc", estimate)
        monkeypatch.setattr(Sender, "_finish", mine_first)

    def test_failure_after_the_estimate_is_explained(
        self, context: Context, sender: Sender, blind: None
    ) -> None:
        """Both transfers pass their estimate; only one can pass in the block."""
        transfer = context.contracts.token.functions.transfer(context.wallets.address("operator"), 5)
        with pytest.raises(ContractReverted) as caught:
            sender.send_many([transfer, transfer])
        assert caught.value.name == "ERC20InsufficientBalance"
        assert nonce_of(sender) == 3

    def test_each_of_many_is_awaited_also_when_one_fails(
        self, context: Context, sender: Sender, blind: None
    ) -> None:
        """Or the queue of this key would count the others as under way for ever."""
        transfer = context.contracts.token.functions.transfer(context.wallets.address("operator"), 5)
        with pytest.raises(ContractReverted):
            sender.send_many([transfer, transfer, mint(context, sender.address, 1)])
        assert nonce_of(sender) == 4
        assert (sender._queue.under_way, sender._queue.next) == (0, None)

    @pytest.fixture
    def holder(self, context: Context, sender: Sender) -> Iterator[Sender]:
        """A sender with stake; undone afterwards, for the chain is shared."""
        rpc, stake = context.client.rpc, context.contracts.stake
        snapshot, rounds = rpc("evm_snapshot"), context.contracts.rounds.address
        rpc("evm_setAutomine", True)
        rpc("anvil_impersonateAccount", rounds)
        context.client.fund(rounds)
        send_unlocked(context, rounds, stake.functions.mint(sender.address, 10**18))
        rpc("anvil_stopImpersonatingAccount", rounds)
        sender.send(stake.functions.transfer(FRIEND, 1))
        rpc("evm_setAutomine", False)
        yield sender
        rpc("evm_revert", snapshot)

    def test_what_costs_more_in_its_block_than_at_the_estimate_goes_through(
        self, context: Context, holder: Sender, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Votes are written once a second: a transfer that is estimated in the second of another one writes
        over its checkpoints, and is mined a second later, when it must add its own."""
        rpc, stake = context.client.rpc, context.contracts.stake
        real, finish = Sender._sign_and_send, Sender._finish

        def a_second_later(self: Sender, transaction: dict) -> str:
            rpc("evm_mine")
            rpc("evm_increaseTime", 10)
            return real(self, transaction)

        def mine_first(self: Sender, sent: transactions._Sent) -> dict:
            rpc("evm_mine")
            return finish(self, sent)

        transfer = stake.functions.transfer(FRIEND, 1)
        first = {"type": 2, "chainId": 31337, "to": stake.address, "value": 0, "gas": 500_000}
        first |= {"data": transfer._encode_transaction_data(), "nonce": nonce_of(holder)}
        holder._broadcast(first | {"maxFeePerGas": 0, "maxPriorityFeePerGas": 0})  # waits in the pool
        monkeypatch.setattr(Sender, "_sign_and_send", a_second_later)
        monkeypatch.setattr(Sender, "_finish", mine_first)
        assert holder.send(transfer)["status"] == 1
        assert stake.functions.balanceOf(FRIEND).call() == 3

    def test_confirmations_are_awaited(
        self, deployed: Deployed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        context = Context(deployed.settings(tmp_path, confirmations=3))
        sender = Sender(context.client, Account.create())
        mined: list[int] = []

        def mine() -> None:
            for _ in range(3):
                context.client.rpc("evm_mine")
                mined.append(context.client.block_number())

        real = Sender._wait

        def mine_meanwhile(self: Sender, sent: transactions._Sent) -> dict:
            threading.Timer(0.1, mine).start()  # not before the transaction is sent
            return real(self, sent)

        monkeypatch.setattr(Sender, "_wait", mine_meanwhile)
        receipt = sender.send(mint(context, sender.address))
        assert context.client.block_number() - receipt["blockNumber"] == 2 and len(mined) >= 3
