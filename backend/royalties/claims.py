"""Paying accounts what they are owed, by sales and as holders; whoever sends, the money goes to the owner or
to the payee that an artist chose in the registry."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from eth_utils import to_checksum_address
from sqlalchemy import select

from backend.chain.batch import call_many
from backend.errors import ContractReverted
from backend.royalties.tables import Credit, Payees, Tip
from backend.stake.tables import StakeBalance

if TYPE_CHECKING:
    from backend.chain.transactions import Sender
    from backend.context import Context

CLAIM_BATCH = 40  # accounts a transaction: some 50,000 gas each


@dataclass(frozen=True)
class Claimed:
    """What one account was paid by `claim_all`, in the settlement token's smallest unit."""

    account: str
    market: int
    pool: int

    @property
    def total(self) -> int:
        """market + pool."""
        return self.market + self.pool


def earning_accounts(ctx: Context) -> list[str]:
    """Every account that sales or stake can have made money for: artists, holders and the funds' payees."""
    with ctx.sessions() as session:
        accounts = set(session.scalars(select(Credit.artist).distinct()))
        accounts |= set(session.scalars(select(Tip.artist).distinct()))
        accounts |= set(session.scalars(select(StakeBalance.account)))
        for payees in session.scalars(select(Payees)):
            accounts |= {payees.platform, payees.network, payees.learning}
    return sorted(accounts, key=str.lower)


def claim_all(
    ctx: Context,
    accounts: Iterable[str] | None = None,
    refused: Callable[[str, ContractReverted], None] | None = None,
) -> list[Claimed]:
    """Pays what `accounts` (all known ones without) are owed, in batches, the relayer paying the gas.

    The money goes to the accounts or their payees whoever sends. Accounts with nothing due are left out. One
    that the token refuses to pay (it may block accounts) keeps nobody else waiting: `refused` is told, its
    money stays owed; without `refused` the error is raised once all others are paid.
    """
    names = earning_accounts(ctx) if accounts is None else sorted({to_checksum_address(a) for a in accounts})
    market, pool = ctx.contracts.market, ctx.contracts.pool
    owed = _positive(names, call_many(ctx.client, [market.functions.owed(name) for name in names]))
    claimable = _positive(names, call_many(ctx.client, [pool.functions.claimable(name) for name in names]))
    sender = ctx.sender("relayer")
    paid_market: dict[str, int] = {}
    paid_pool: dict[str, int] = {}
    failures: dict[str, ContractReverted] = {}
    for batch in _batches(list(owed)):
        paid_market |= _pay(sender, market.functions, market.events.OwedClaimed, batch, failures)
    for batch in _batches(list(claimable)):
        paid_pool |= _pay(sender, pool.functions, pool.events.RevenueClaimed, batch, failures)
    for account, error in failures.items():
        if refused is None:
            raise error
        refused(account, error)
    return [
        Claimed(name, paid_market.get(name, 0), paid_pool.get(name, 0))
        for name in names
        if name in paid_market or name in paid_pool
    ]


def _positive(names: Sequence[str], amounts: Sequence[int]) -> dict[str, int]:
    return {name: amount for name, amount in zip(names, amounts, strict=True) if amount > 0}


def _batches(names: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(names), CLAIM_BATCH):
        yield names[start : start + CLAIM_BATCH]


def _pay(
    sender: Sender, functions: Any, event: type, names: list[str], failures: dict[str, ContractReverted]
) -> dict[str, int]:
    """Account → amount paid. A batch leaves out whom the token refuses; tried alone, the refusal says why."""
    paid = _paid(event, sender.send(functions.claimMany(names)))
    for name in names:
        if name not in paid:
            try:
                paid |= _paid(event, sender.send(functions.claim(name)))
            except ContractReverted as error:
                failures[name] = error
    return paid


def _paid(event: type, receipt: object) -> dict[str, int]:
    """Account → amount by the events of a receipt: what was paid, not what was expected (the pool streams
    on).
    """
    from web3.logs import DISCARD

    return {
        log["args"]["account"]: log["args"]["amount"]
        for log in event().process_receipt(receipt, errors=DISCARD)
    }
