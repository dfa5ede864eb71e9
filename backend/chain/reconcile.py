"""Sums and balances of the tables compared with the contracts' views at the indexer's own block."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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
from backend.royalties.tables import Claim, RevenueDeposit, SaleSplit
from backend.stake.tables import StakeBalance, StakeClaim

SHARES = ("attributed", "holders", "learning", "platform", "network")


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
    views = [_view(contracts, what) for what, _ in compared]
    # Several of our numbers come from one view: each is asked once.
    unique = list(dict.fromkeys(views))
    calls = [getattr(getattr(contracts, role).functions, function)(*args) for role, function, args in unique]
    answers = dict(zip(unique, call_many(client, calls, cursor.block_number), strict=True))
    found = []
    for (what, ours), view in zip(compared, views, strict=True):
        chain = _number(contracts, view, what, answers[view])
        if ours != chain:
            found.append(Mismatch(what, ours, chain))
    return found


def _stake(session: Session) -> Iterator[tuple[str, int]]:
    balances = session.execute(select(StakeBalance.account, StakeBalance.balance)).all()
    for account, balance in balances:
        yield f"stake.balanceOf {account}", balance
    yield "stake.totalSupply", sum(balance for _, balance in balances)
    # Every stake token comes from a claim, and none is ever burned.
    yield "stake.totalSupply (claims)", sum(session.scalars(select(StakeClaim.amount)))


def _money(session: Session) -> Iterator[tuple[str, int]]:
    orders = session.execute(select(Order.price, Order.state)).all()
    yield "market.totals.received", sum(price for price, _ in orders)
    yield "market.totals.escrowed", _sum_of(orders, "requested")
    yield "market.totals.refunded", _sum_of(orders, "refunded")
    splits = session.scalars(select(SaleSplit)).all()
    for share in SHARES:
        yield f"market.totals.{share}", sum(getattr(split, share) for split in splits)
    claims = session.execute(select(Claim.source, Claim.amount)).all()
    yield "market.totals.claimed", sum(amount for source, amount in claims if source == "market")
    yield "pool.totals.claimed", sum(amount for source, amount in claims if source == "pool")
    yield "pool.totals.deposited", sum(session.scalars(select(RevenueDeposit.amount)))


def _sum_of(orders: Iterable[Any], state: str) -> int:
    return sum(price for price, each in orders if each == state)


def _view(contracts: Contracts, what: str) -> tuple[str, str, tuple[str, ...]]:
    """Role, function and arguments of a name such as `market.totals.received` or `stake.balanceOf 0x…`."""
    name, _, argument = what.partition(" ")
    role, function, *_ = name.split(".")
    return role, function, (argument,) if function == "balanceOf" else ()


def _number(contracts: Contracts, view: tuple[str, str, tuple[str, ...]], what: str, answer: Any) -> int:
    """The number in a view's answer; of several, the one whose name ends `what`."""
    if isinstance(answer, int):
        return answer
    role, function, _ = view
    outputs = getattr(contracts, role).get_function_by_name(function).abi["outputs"]
    return answer[[output["name"] for output in outputs].index(what.rsplit(".", 1)[1])]
