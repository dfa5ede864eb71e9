"""What the events of sales change: orders and their money, prepaid sales, tokens of generations."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.chain.abi import ZERO_ADDRESS
from backend.chain.dispatch import handles
from backend.chain.events import Event
from backend.generations.tables import Delivery, Order, Token
from backend.governance.rules import Rules
from backend.governance.tables import RulesVersion
from backend.prepaid.tables import (
    Charge,
    CreditPeriod,
    PrepaidBalance,
    PrepaidDeposit,
    Settlement,
    Withdrawal,
)
from backend.royalties.split import split
from backend.royalties.tables import (
    Claim,
    Contribution,
    Credit,
    DeferredRefund,
    Payees,
    Refund,
    RefundClaim,
    RevenueDeposit,
    SaleSplit,
    Tip,
)

# ---- orders and their money --------------------------------------------------------------------------------


@handles("GenerationMarket", "OrderRequested")
def order_requested(session: Session, event: Event) -> None:
    o = event.args["order"]
    session.add(Order(
        order_id=event.args["orderId"], buyer=event.args["buyer"], price=event.uint("price"),
        max_price=int(o["maxPrice"]), quantity=int(o["quantity"]), prompt_hash=o["promptHash"],
        model_digest=o["modelDigest"], rules_version=int(o["rulesVersion"]), deadline=int(o["deadline"]),
        salt=int(o["salt"]), state="requested", delivered=0, requested_at=event.block_time,
        block_number=event.block_number, tx_hash=event.tx_hash))


@handles("GenerationMarket", "OrderFulfilled")
def order_fulfilled(session: Session, event: Event) -> None:
    """Some or all of an order's generations. The last of them fulfils it."""
    order, o = session.get_one(Order, event.args["orderId"]), event.args["output"]
    quantity = int(o["quantity"])
    order.delivered += quantity
    order.output_hash, order.output_digest = o["outputHash"], o["outputDigest"]
    order.attribution_digest, order.fulfilled_tx_hash = o["attributionDigest"], event.tx_hash
    if order.delivered == order.quantity:
        order.state, order.fulfilled_at = "fulfilled", event.block_time
    session.add(Delivery(
        **event.key, order_id=order.order_id, quantity=quantity, output_hash=o["outputHash"],
        output_digest=o["outputDigest"], attribution_digest=o["attributionDigest"],
        delivered_at=event.block_time, tx_hash=event.tx_hash))
    rules = Rules.from_chain(session.get_one(RulesVersion, order.rules_version).rules)
    parts = split(order.price // order.quantity * quantity, rules, _credited(session, event))
    session.add(SaleSplit(**event.key, order_id=order.order_id, **vars(parts)))


def _credited(session: Session, event: Event) -> int:
    """The artists' part of a delivery: the order's credits since the delivery before it, if that is in the
    same block. One call delivers one after the other, each after its own credits."""
    here = SaleSplit.block_hash == event.block_hash
    before = session.scalar(select(func.max(SaleSplit.log_index)).where(here))
    credits = select(Credit.amount).where(
        Credit.block_hash == event.block_hash, Credit.order_id == event.args["orderId"],
        Credit.log_index > (-1 if before is None else before))
    return sum(session.scalars(credits))


@handles("GenerationMarket", "ArtistCredited")
def artist_credited(session: Session, event: Event) -> None:
    session.add(Credit(**event.key, order_id=event.args["orderId"], artist=event.args["artist"],
                       amount=event.uint("amount")))


@handles("GenerationMarket", "ArtistTipped")
def artist_tipped(session: Session, event: Event) -> None:
    a = event.args
    session.add(Tip(**event.key, order_id=a["orderId"], artist=a["artist"], tipper=a["tipper"],
                    amount=event.uint("amount")))


@handles("GenerationMarket", "SharesContributed")
def shares_contributed(session: Session, event: Event) -> None:
    shares = {name: event.uint(name) for name in ("holders", "platform", "network", "learning")}
    session.add(Contribution(**event.key, contributor=event.args["contributor"], **shares))


@handles("GenerationMarket", "OrderRefunded")
def order_refunded(session: Session, event: Event) -> None:
    order = session.get_one(Order, event.args["orderId"])
    order.state, order.refunded_at = "refunded", event.block_time
    session.add(Refund(order_id=order.order_id, buyer=event.args["buyer"], amount=event.uint("amount"),
                       block_number=event.block_number))


@handles("GenerationMarket", "RefundDeferred")
def refund_deferred(session: Session, event: Event) -> None:
    session.add(DeferredRefund(order_id=event.args["orderId"], buyer=event.args["buyer"],
                               amount=event.uint("amount"), block_number=event.block_number))


@handles("GenerationMarket", "RefundClaimed")
def refund_claimed(session: Session, event: Event) -> None:
    session.add(RefundClaim(**event.key, buyer=event.args["buyer"], amount=event.uint("amount")))


@handles("GenerationMarket", "OwedClaimed")
def owed_claimed(session: Session, event: Event) -> None:
    _claim(session, event, "market", event.args["account"], event.args["payee"])


@handles("RevenuePool", "RevenueClaimed")
def revenue_claimed(session: Session, event: Event) -> None:
    _claim(session, event, "pool", event.args["account"], event.args["account"])


def _claim(session: Session, event: Event, source: str, account: str, payee: str) -> None:
    session.add(Claim(**event.key, source=source, account=account, payee=payee, amount=event.uint("amount"),
                      claimed_at=event.block_time, tx_hash=event.tx_hash))


@handles("RevenuePool", "RevenueDeposited")
def revenue_deposited(session: Session, event: Event) -> None:
    session.add(RevenueDeposit(**event.key, amount=event.uint("amount"), deposited_at=event.block_time))


@handles("GenerationMarket", "PayeesChanged")
def payees_changed(session: Session, event: Event) -> None:
    a = event.args
    session.add(Payees(**event.key, platform=a["platform"], network=a["network"], learning=a["learning"]))


# ---- prepaid sales -----------------------------------------------------------------------------------------


def _balance(session: Session, buyer: str) -> PrepaidBalance:
    row = session.get(PrepaidBalance, buyer)
    if row is None:
        row = PrepaidBalance(buyer=buyer, amount=0, spent=0, announced=0, available_from=0)
        session.add(row)
    return row


@handles("PrepaidSales", "Deposited")
def prepaid_deposited(session: Session, event: Event) -> None:
    _balance(session, event.args["buyer"]).amount += event.uint("amount")
    session.add(PrepaidDeposit(**event.key, buyer=event.args["buyer"], payer=event.args["payer"],
                               amount=event.uint("amount")))


@handles("PrepaidSales", "WithdrawalAnnounced")
def withdrawal_announced(session: Session, event: Event) -> None:
    row = _balance(session, event.args["buyer"])
    row.announced, row.available_from = event.uint("amount"), event.uint("availableFrom")


@handles("PrepaidSales", "Withdrawn")
def withdrawn(session: Session, event: Event) -> None:
    row = _balance(session, event.args["buyer"])
    row.amount -= event.uint("amount")
    row.announced = row.available_from = 0
    session.add(Withdrawal(**event.key, buyer=row.buyer, amount=event.uint("amount")))


@handles("PrepaidSales", "Charged")
def charged(session: Session, event: Event) -> None:
    row = _balance(session, event.args["buyer"])
    row.amount -= event.uint("amount")
    row.spent = event.uint("spent")
    session.add(Charge(**event.key, buyer=row.buyer, amount=event.uint("amount"), spent=row.spent,
                       orders_root=event.args["ordersRoot"], tx_hash=event.tx_hash))


@handles("PrepaidSales", "Settled")
def settled(session: Session, event: Event) -> None:
    s, number = event.args["settlement"], event.uint("period")
    attributed = int(s["attributed"])
    session.add(Settlement(
        settlement_id=event.uint("settlementId"), period=number, sales=event.uint("sales"),
        price=event.uint("price"), rules_version=int(s["rulesVersion"]), receipts_root=s["receiptsRoot"],
        receipts_digest=s["receiptsDigest"], attributed=attributed, artists_root=s["artistsRoot"],
        artists_digest=s["artistsDigest"], settled_at=event.block_time, block_number=event.block_number,
        tx_hash=event.tx_hash))
    if attributed == 0:  # the contract leaves the period's root as it is
        return
    period = session.get(CreditPeriod, number)
    if period is None:
        period = CreditPeriod(period=number, attributed=0, claimed=0)
        session.add(period)
    period.attributed += attributed
    period.artists_root, period.artists_digest = s["artistsRoot"], s["artistsDigest"]


@handles("PrepaidSales", "CreditsClaimed")
def credits_claimed(session: Session, event: Event) -> None:
    session.get_one(CreditPeriod, event.uint("period")).claimed += event.uint("amount")
    _claim(session, event, "prepaid", event.args["artist"], event.args["payee"])


# ---- tokens of generations ---------------------------------------------------------------------------------


@handles("GenerationToken", "GenerationMinted")
def generation_minted(session: Session, event: Event) -> None:
    session.add(Token(token_id=event.uint("tokenId"), order_id=event.args["orderId"],
                      index=event.uint("index"), owner=event.args["buyer"], minted_at=event.block_time,
                      block_number=event.block_number))


@handles("GenerationToken", "Transfer")
def generation_moved(session: Session, event: Event) -> None:
    if event.args["from"] != ZERO_ADDRESS:  # GenerationMinted, which comes after, tells a mint
        session.get_one(Token, event.uint("tokenId")).owner = event.args["to"]
