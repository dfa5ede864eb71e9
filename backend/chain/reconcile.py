"""Sums and balances of the tables compared with the contracts' views at the indexer's own block."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.chain.batch import call_many
from backend.chain.client import ChainClient
from backend.chain.contracts import Contracts
from backend.chain.ledger import cursor_of
from backend.errors import IndexerBehind
from backend.generations.tables import Order
from backend.prepaid.tables import CreditPeriod, PrepaidBalance
from backend.royalties.service import totals
from backend.royalties.tables import RevenueDeposit
from backend.stake.tables import StakeBalance, StakeClaim

# Name in GenerationMarket.Totals → name in royalties.service.totals.
MARKET_SUMS = {
    "attributed": "attributed",
    "tipped": "tipped",
    "holders": "holders",
    "platform": "platform",
    "network": "network",
    "learning": "learning",
    "claimed": "claimed",
    "holdersPaid": "holders_paid",
    "refundsOwed": "refunds_owed",
}


@dataclass(frozen=True)
class Mismatch:
    """One number that the tables and the chain tell differently, in the smallest unit."""

    what: str
    table: int
    chain: int


def reconcile(session: Session, client: ChainClient, contracts: Contracts) -> list[Mismatch]:
    """Every difference between tables and contract views at the cursor's block; empty when all agree.

    Needs a node that still has the state of that block. Raises IndexerBehind before the first block.
    """
    cursor = cursor_of(session)
    if cursor is None:
        raise IndexerBehind("Nothing is indexed yet.")
    compared = [*_stake(session), *_money(session)]
    views = [_view(what) for what, _ in compared]
    # Several of our numbers come from one view: each is asked once.
    unique = list(dict.fromkeys(views))
    calls = [getattr(getattr(contracts, role).functions, function)(*args) for role, function, args in unique]
    answers = dict(zip(unique, call_many(client, calls, cursor.block_number), strict=True))
    found = []
    for (what, ours), view in zip(compared, views, strict=True):
        chain = _number(contracts, view, what, answers[view])
        if ours != chain:
            found.append(Mismatch(what, ours, chain))
    holdings = _holdings(session, contracts)
    balance_of = contracts.token.functions.balanceOf
    held = call_many(client, [balance_of(address) for address in holdings], cursor.block_number)
    # More is possible: anybody can send tokens to a contract.
    found += [
        Mismatch(f"token.balanceOf {role}", must, holds)
        for (role, must), holds in zip(holdings.values(), held, strict=True)
        if holds < must
    ]
    return found


def _stake(session: Session) -> Iterator[tuple[str, int]]:
    balances = session.execute(select(StakeBalance.account, StakeBalance.balance)).all()
    for account, balance in balances:
        yield f"stake.balanceOf {account}", balance
    yield "stake.totalSupply", sum(balance for _, balance in balances)
    # Every stake token comes from a claim, and none is ever burned.
    yield "stake.totalSupply (claims)", sum(session.scalars(select(StakeClaim.amount)))


def _money(session: Session) -> Iterator[tuple[str, int]]:
    sums = totals(session)
    for name, ours in MARKET_SUMS.items():
        yield f"market.totals.{name}", sums[ours]
    deposits = sum(session.scalars(select(RevenueDeposit.amount)))
    yield "market.totals.holders (deposits)", deposits
    yield "pool.deposited", deposits
    yield "pool.claimed", sums["holders_paid"]
    for order in session.scalars(select(Order).where(Order.state == "requested")):
        yield f"market.termsOf.unitPrice {order.order_id}", order.price // order.quantity
        yield f"market.termsOf.quantity {order.order_id}", order.quantity - order.delivered
    for balance in session.scalars(select(PrepaidBalance)):
        yield f"prepaid.balanceOf.amount {balance.buyer}", balance.amount
        yield f"prepaid.balanceOf.spent {balance.buyer}", balance.spent
    for period in session.scalars(select(CreditPeriod)):
        yield f"prepaid.periods.attributed {period.period}", period.attributed
        yield f"prepaid.periods.claimed {period.period}", period.claimed


def _holdings(session: Session, contracts: Contracts) -> dict[str, tuple[str, int]]:
    """Contract → (its role, what it must hold of the settlement token at least)."""
    sums = totals(session)
    owed = sum(sums[part] for part in ("attributed", "tipped", "platform", "network", "learning"))
    market = owed - sums["claimed"] + sums["holders"] - sums["holders_paid"]
    balances = sum(session.scalars(select(PrepaidBalance.amount)))
    credits = sum(period.attributed - period.claimed for period in session.scalars(select(CreditPeriod)))
    return {
        contracts.market.address: ("market", market + sums["escrowed"] + sums["refunds_owed"]),
        contracts.prepaid.address: ("prepaid", balances + credits),
    }


def _view(what: str) -> tuple[str, str, tuple[Any, ...]]:
    """Role, function and arguments of a name such as `market.totals.tipped` or `stake.balanceOf 0x…`."""
    name, _, argument = what.partition(" ")
    role, function, *_ = name.split(".")
    if not argument or argument.startswith("("):  # in brackets: by what our number was made
        return role, function, ()
    if function == "termsOf":
        return role, function, (bytes.fromhex(argument[2:]),)
    return role, function, (int(argument) if function == "periods" else argument,)


def _number(contracts: Contracts, view: tuple[str, str, tuple[Any, ...]], what: str, answer: Any) -> int:
    """The number in a view's answer; of several, the one whose name ends `what`."""
    if isinstance(answer, int):
        return answer
    wanted = what.partition(" ")[0].rsplit(".", 1)[1]
    if isinstance(answer, dict):
        return answer[wanted]
    role, function, _ = view
    outputs = getattr(contracts, role).get_function_by_name(function).abi["outputs"]
    return answer[[output["name"] for output in outputs].index(wanted)]
