"""Prepaid sales: buyers' balances and vouchers, the operator's settlements, the artists' credits.

All money is in the settlement token's smallest unit, times are the chain's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from eth_account.signers.local import LocalAccount
from sqlalchemy import select

from backend.generations.orders import Order
from backend.generations.service import rules_of
from backend.prepaid import settlements, vouchers
from backend.prepaid.errors import BalanceTooSmall, NothingPrepaid, SettlementRefused
from backend.prepaid.settlements import Receipt
from backend.prepaid.tables import Charge, CreditPeriod, Settlement
from backend.prepaid.vouchers import SignedVoucher, Voucher
from backend.royalties.split import attributed_ceiling
from backend.storage.cid import cid_of_digest, digest_of

if TYPE_CHECKING:
    from backend.context import Context

VOUCHER_LIFE_S = 24 * 3600
# A settlement names its period and is refused in any other: none is sent so close to a period's end that it
# may be mined in the next.
PERIOD_MARGIN_S = 600


@dataclass(frozen=True)
class Balance:
    """A buyer's money: `available` is what no announced withdrawal can take."""

    buyer: str
    amount: int
    spent: int
    available: int
    announced: int
    available_from: int


# ---- the buyer ---------------------------------------------------------------------------------------------


def balance_of(ctx: Context, buyer: str) -> Balance:
    """As the contract has it now."""
    views = ctx.contracts.prepaid.functions
    amount, spent = views.balanceOf(buyer).call()
    announced, available_from = views.withdrawalOf(buyer).call()
    return Balance(buyer, amount, spent, views.available(buyer).call(), announced, available_from)


def deposit(ctx: Context, account: LocalAccount, amount: int) -> None:
    """The buyer approves and deposits `amount`, with transactions of its own."""
    token, prepaid, sender = ctx.contracts.token, ctx.contracts.prepaid, ctx.sender(account)
    if token.functions.allowance(account.address, prepaid.address).call() < amount:
        sender.send(token.functions.approve(prepaid.address, amount))
    sender.send(prepaid.functions.deposit(account.address, amount))


def announce_withdrawal(ctx: Context, account: LocalAccount, amount: int) -> int:
    """The buyer says what it will take back; returns from when it can (0 when `amount` is 0: none)."""
    prepaid = ctx.contracts.prepaid.functions
    ctx.sender(account).send(prepaid.announceWithdrawal(amount))
    return prepaid.withdrawalOf(account.address).call()[1]


def withdraw(ctx: Context, buyer: str) -> int:
    """Pays the buyer the announced withdrawal; the relayer pays the gas. Returns what was paid. Raises
    NothingPrepaid when it is not announced or not available yet."""
    found, now = balance_of(ctx, buyer), ctx.client.now()
    if found.available_from == 0:
        raise NothingPrepaid(f"{buyer} has announced no withdrawal.", "Name an amount to announce one.")
    if now < found.available_from:
        raise NothingPrepaid(
            f"The withdrawal is available in {found.available_from - now} seconds.",
            f"Ask again at {found.available_from} in the chain's time.",
        )
    ctx.sender("relayer").send(ctx.contracts.prepaid.functions.withdraw(buyer))
    return min(found.announced, found.amount)


def sign_voucher(
    ctx: Context, account: LocalAccount, orders: Sequence[Order], spent_from: int | None = None
) -> SignedVoucher:
    """The buyer's voucher for orders of its own. `spent_from`: what its earlier vouchers pay for, settled or
    not; without it what is settled. Raises BalanceTooSmall, ValueError without orders."""
    found, version = balance_of(ctx, account.address), orders[0].rules_version
    start = found.spent if spent_from is None else spent_from
    price = rules_of(ctx, version).price_per_generation * sum(order.quantity for order in orders)
    if start + price - found.spent > found.available:
        raise BalanceTooSmall(
            f"{account.address} has {found.available} available, vouchers need {start + price - found.spent}."
        )
    chain_id, prepaid = _domain(ctx)
    ids = [vouchers.order_id_of(order, chain_id, prepaid) for order in orders]
    deadline = ctx.client.now() + VOUCHER_LIFE_S
    root = vouchers.orders_root(ids)
    voucher = Voucher(account.address, start, start + price, version, root, deadline)
    return vouchers.sign(account, voucher, orders, chain_id, prepaid)


# ---- the operator ------------------------------------------------------------------------------------------


def receipts_for(
    ctx: Context, signed: Sequence[SignedVoucher], delivered: Sequence[Mapping[str, Any]]
) -> list[Receipt]:
    """Receipts of the vouchers' orders that `delivered` names: order_id, output_hash, output_cid,
    attribution_cid, credits [{artist, amount}]. Raises SettlementRefused."""
    chain_id, prepaid = _domain(ctx)
    orders = {
        vouchers.order_id_of(order, chain_id, prepaid): order for each in signed for order in each.orders
    }
    found = []
    if not isinstance(delivered, Sequence) or not all(isinstance(entry, Mapping) for entry in delivered):
        raise SettlementRefused("The receipts are no list of objects.")
    for entry in delivered:
        order = orders.get(str(entry.get("order_id")).lower())
        if order is None:
            raise SettlementRefused(f"{entry.get('order_id')} is no order of these vouchers.")
        price = rules_of(ctx, order.rules_version).price_per_generation * order.quantity
        try:
            found.append(Receipt.from_json({**entry, "order": order.to_json(), "price": price}))
        except (KeyError, TypeError, ValueError) as error:
            raise SettlementRefused(f"A receipt is malformed: {type(error).__name__}: {error}.") from error
    return found


def settle(ctx: Context, signed: Sequence[SignedVoucher], receipts: Sequence[Receipt]) -> int:
    """Settles vouchers of many buyers with the receipts of all sales in them; returns the settlement's id.

    Publishes both files first. Raises VoucherRefused, SettlementRefused before any gas is spent.
    """
    chain_id, prepaid = _domain(ctx)
    version = _check(ctx, signed, receipts)
    attributed = settlements.attributed_of(receipts)
    document = settlements.receipts_document(chain_id, prepaid, signed, receipts)
    period = _present_period(ctx)
    artists_root = artists_digest = bytes(32)
    if attributed:
        credits = settlements.with_receipts(credits_in(ctx, period), receipts)
        published = settlements.artists_document(chain_id, prepaid, period, credits)
        artists_root = bytes.fromhex(published["root"][2:])
        artists_digest = bytes.fromhex(digest_of(ctx.documents.put(published))[2:])
    settlement = (
        version,
        period,
        bytes.fromhex(document["root"][2:]),
        bytes.fromhex(digest_of(ctx.documents.put(document))[2:]),
        attributed,
        artists_root,
        artists_digest,
    )
    functions = ctx.contracts.prepaid.functions
    receipt = ctx.sender("operator").send(functions.settle(settlement, [each.to_chain() for each in signed]))
    return functions.settlementCount().call(block_identifier=receipt["blockNumber"])


def _check(ctx: Context, signed: Sequence[SignedVoucher], receipts: Sequence[Receipt]) -> int:
    """The one rules version of all vouchers, once vouchers and receipts are seen to fit."""
    versions = {each.voucher.rules_version for each in signed}
    if len(versions) != 1 or len({each.voucher.buyer for each in signed}) != len(signed):
        raise SettlementRefused("A settlement takes one voucher a buyer, all under the same rules.")
    rules = rules_of(ctx, versions.pop())
    chain_id, prepaid = _domain(ctx)
    for each in signed:
        vouchers.check(each, rules.price_per_generation, chain_id, prepaid)
    if not receipts:
        raise SettlementRefused("There is no receipt: nothing is to be settled.")
    if len({receipt.order_id for receipt in receipts}) != len(receipts):
        raise SettlementRefused("An order stands twice among the receipts.")
    price_of = {each.voucher.buyer: 0 for each in signed}  # of its receipts
    for receipt in receipts:
        price_of[receipt.order.buyer] += receipt.price
        credited = sum(amount for _, amount in receipt.credits)
        if credited > attributed_ceiling(receipt.price, rules) or len(receipt.credits) > rules.max_credits:
            raise SettlementRefused(f"The credits of {receipt.order_id} are above what the rules allow.")
    settled = _settled_orders(ctx, set(price_of)) & {receipt.order_id for receipt in receipts}
    if settled:
        raise SettlementRefused(
            f"{min(settled)} was settled before.", "Have the buyer sign a voucher without it."
        )
    for each in signed:
        charge = each.voucher.spent_to - balance_of(ctx, each.voucher.buyer).spent
        if price_of[each.voucher.buyer] != charge:
            raise SettlementRefused(
                f"The voucher of {each.voucher.buyer} charges {charge}, its receipts come to "
                f"{price_of[each.voucher.buyer]}.",
                "Give a receipt for every order of the voucher that is not settled yet.",
            )
    return signed[0].voucher.rules_version


def _settled_orders(ctx: Context, buyers: set[str]) -> set[str]:
    """Orders of these buyers that have a receipt, from the files of all settlements that charged them. A
    stranger would find one that is settled twice, and a buyer can sign for one twice."""
    charged = select(Charge.tx_hash).where(Charge.buyer.in_(buyers))
    with ctx.sessions() as session:
        digests = session.scalars(select(Settlement.receipts_digest).where(Settlement.tx_hash.in_(charged)))
        cids = [cid_of_digest(digest) for digest in digests]
    documents = [ctx.documents.get(cid, settlements.RECEIPTS_SCHEMA) for cid in cids]
    return {receipt.order_id for each in documents for receipt in settlements.receipts_of(each)}


def _present_period(ctx: Context) -> int:
    length, now = ctx.contracts.prepaid.functions.CREDIT_PERIOD().call(), ctx.client.now()
    if length - now % length < PERIOD_MARGIN_S:
        raise SettlementRefused(
            "The week of credits ends in a moment: in the next, this settlement would be refused.",
            f"Settle again in {length - now % length} seconds.",
        )
    return now // length


# ---- the artists (claims: claims.py) -----------------------------------------------------------------------


def credits_in(ctx: Context, period: int) -> dict[str, int]:
    """Artist → credits of a period so far, from the file of its latest settlement; {} when none credited
    it."""
    with ctx.sessions() as session:
        row = session.get(CreditPeriod, period)
        newest = session.scalar(select(Settlement.settlement_id).order_by(Settlement.settlement_id.desc()))
    if (newest or 0) != ctx.contracts.prepaid.functions.settlementCount().call():
        raise SettlementRefused(
            "The tables lack the latest settlement.", "Wait for the indexer, then try again."
        )
    if row is None:
        return {}
    document = ctx.documents.get(cid_of_digest(row.artists_digest), settlements.ARTISTS_SCHEMA)
    credits = settlements.credits_of(document)
    if settlements.artists_root(period, credits) != row.artists_root:
        raise SettlementRefused(f"The file of period {period} is not what its root was made from.")
    return credits


def _domain(ctx: Context) -> tuple[int, str]:
    return ctx.client.chain_id, ctx.contracts.prepaid.address
