"""Quote and the three ways to pay; every refusal comes before gas is spent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backend.errors import ContractReverted
from backend.generations import service
from backend.generations.errors import (
    BuyerCannotPay,
    DeadlineRefused,
    NotRefundable,
    PromptRefused,
    QuantityRefused,
    WrongSignature,
)
from backend.generations.orders import Order, prompt_hash_of
from backend.generations.prompts import prompts_of, tell_prompt
from tests.backend.sales_world import World


def test_the_id_is_the_contracts_own(world: World) -> None:
    order = world.quote(world.buyer(1))
    assert (
        service.order_id(world.ctx, order)
        == "0x" + world.ctx.contracts.market.functions.orderId(order.to_chain()).call().hex()
    )


@pytest.mark.parametrize(
    "pay", [service.request_by_approve, service.request_by_permit, service.request_by_authorization]
)
def test_each_way_of_paying_escrows_exactly_the_price(world: World, pay) -> None:
    account = world.buyer(2)
    market, token = world.ctx.contracts.market, world.ctx.contracts.token
    order = world.quote(account, quantity=2)
    before = (
        token.functions.balanceOf(account.address).call(),
        token.functions.balanceOf(market.address).call(),
    )
    order_id = pay(world.ctx, account, order, "a red circle")
    world.index()
    price = service.price_of(world.ctx, order)
    assert price == 2 * 10**6
    assert token.functions.balanceOf(account.address).call() == before[0] - price
    assert token.functions.balanceOf(market.address).call() == before[1] + price
    assert service.state_on_chain(world.ctx, order_id) == "requested"
    assert Order.from_row(service.find_order(world.ctx, order_id)) == order


def test_the_same_order_is_never_paid_twice(world: World) -> None:
    account = world.buyer(1)
    order = world.quote(account)
    service.request_by_authorization(world.ctx, account, order, "a red circle")
    with pytest.raises(ContractReverted):
        service.request_by_authorization(world.ctx, account, order, "a red circle")


def test_the_prompt_is_known_by_its_hash(world: World) -> None:
    order = world.quote(world.buyer(1), "  ein Fuchs, Öl auf Leinwand 🦊 ")
    assert prompts_of(world.ctx, [order.prompt_hash]) == {
        order.prompt_hash: "  ein Fuchs, Öl auf Leinwand 🦊 "
    }
    assert tell_prompt(world.ctx, "  ein Fuchs, Öl auf Leinwand 🦊 ", order.prompt_hash) == order.prompt_hash


@pytest.mark.parametrize("prompt", ["", "   \n", "x" * 1001, "é" * 501, "a\x00b", "\ud800"])
def test_prompts_that_are_refused(world: World, prompt: str) -> None:
    with pytest.raises(PromptRefused):
        tell_prompt(world.ctx, prompt)


def test_another_prompt_than_the_orders_is_refused(world: World) -> None:
    account = world.buyer(1)
    with pytest.raises(PromptRefused, match="hashes to"):
        service.request_by_authorization(world.ctx, account, world.quote(account), "a red circle ")


@pytest.mark.parametrize("quantity", [0, -1, 9])
def test_quantities_that_are_refused(world: World, quantity: int) -> None:
    with pytest.raises(QuantityRefused):
        world.quote(world.buyer(1), quantity=quantity)


def test_a_buyer_without_money_is_told_before_signing(world: World) -> None:
    account = world.ctx.wallets.account("buyer:999")
    with pytest.raises(BuyerCannotPay) as caught:
        service.request_by_permit(world.ctx, account, world.quote(account), "a red circle")
    assert caught.value.details["price"] == 10**6


def test_signatures_of_others_and_over_other_values_are_refused(world: World) -> None:
    ctx, buyer, thief = world.ctx, world.buyer(1), world.buyer(3)
    order = world.quote(buyer)
    by_thief = service.sign(thief, service.authorization_message(ctx, order, 10**6))
    with pytest.raises(WrongSignature, match=thief.address):
        service.relay_authorization(ctx, order, by_thief, "a red circle")
    good = service.sign(buyer, service.authorization_message(ctx, order, 10**6))
    with pytest.raises(WrongSignature):
        service.relay_authorization(ctx, replace(order, salt=order.salt ^ 1), good, "a red circle")
    other = tell_prompt(ctx, "something else")
    with pytest.raises(WrongSignature):
        service.relay_authorization(ctx, replace(order, prompt_hash=other), good, "something else")
    with pytest.raises(WrongSignature, match="65 bytes"):
        service.Signature.of("0x1234")


def test_a_permit_without_the_orders_own_signature_pays_nothing(world: World) -> None:
    buyer, thief = world.buyer(1), world.buyer(3)
    order = world.quote(buyer)
    permit = service.sign(buyer, service.permit_message(world.ctx, order, 10**6))
    with pytest.raises(WrongSignature):
        service.relay_permit(
            world.ctx,
            order,
            permit,
            service.sign(thief, service.order_message(world.ctx, order)),
            "a red circle",
        )


def test_an_order_for_other_rules_or_out_of_time_is_refused_by_the_contract(world: World) -> None:
    account = world.buyer(1)
    order = world.quote(account)
    now = world.ctx.client.now()
    for wrong in (
        replace(order, deadline=now - 1),
        replace(order, deadline=now + 30 * 86_400),
        replace(order, max_price=1),
    ):
        with pytest.raises(ContractReverted):
            service.request_by_authorization(world.ctx, account, wrong, "a red circle")


def test_money_comes_back_after_the_deadline_and_only_then(world: World) -> None:
    ctx, account = world.ctx, world.buyer(4)
    token = ctx.contracts.token
    before = token.functions.balanceOf(account.address).call()
    order = world.quote(account, deadline=ctx.client.now() + 100)
    order_id = service.request_by_permit(ctx, account, order, "a red circle")
    world.index()
    with pytest.raises(NotRefundable, match="seconds"):
        service.refund_expired(ctx, order_id)
    ctx.client.advance_time(101)
    assert order_id in service.refund_expired(ctx)
    world.index()
    assert token.functions.balanceOf(account.address).call() == before
    assert service.find_order(ctx, order_id).state == "refunded"
    with pytest.raises(NotRefundable, match="refunded"):
        service.refund_expired(ctx, order_id)
    assert order_id not in service.refund_expired(ctx)


def test_prompt_hash_is_keccak_of_utf8() -> None:
    assert prompt_hash_of("") == "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"


def test_a_deadline_that_the_market_would_refuse_is_not_quoted(world: World) -> None:
    account, now = world.buyer(1), world.ctx.client.now()
    window = service.rules_of(world.ctx, 1).max_order_window
    for deadline in (0, now, now - 1, now + window + 60, 2**64):
        with pytest.raises(DeadlineRefused, match=str(deadline)):
            world.quote(account, deadline=deadline)
    assert world.quote(account, deadline=now + window).deadline == now + window


def test_a_signature_that_came_too_late_is_refused_without_gas(world: World) -> None:
    account = world.buyer(1)
    order = world.quote(account, deadline=world.ctx.client.now() + 60)
    message = service.authorization_message(world.ctx, order, 10**6)
    signature = service.sign(account, message)
    world.ctx.client.advance_time(61)
    relayer = world.ctx.wallets.address("relayer")
    nonce = world.ctx.client.w3.eth.get_transaction_count(relayer)
    with pytest.raises(ContractReverted, match=str(order.deadline)):
        service.relay_authorization(world.ctx, order, signature, "a red circle")
    assert world.ctx.client.w3.eth.get_transaction_count(relayer) == nonce
