"""deposit: anyone's money into a buyer's balance.

deposit
├── market is paused → NewDepositsPaused
├── no allowance → the token reverts
├── beyond 128 bits → SafeCastOverflowedUintDowncast
├── token delivers less → what arrived is credited
├── token calls back → ReentrancyGuardReentrantCall
└── credited to the buyer named, whoever pays
"""

import pytest

from tests.contracts.orders import pay
from tests.contracts.prepaid import kept, prepay
from tests.contracts.reverts import reverts


def test_credits_the_buyer_whoever_pays(system, who):
    pay(system, who.other, 150, system.prepaid)
    tx = system.prepaid.deposit(who.buyer, 100, {"from": who.other})
    system.prepaid.deposit(who.other, 50, {"from": who.other})
    assert system.prepaid.balanceOf(who.buyer) == (100, 0) and system.prepaid.balanceOf(who.other) == (50, 0)
    assert system.prepaid.available(who.buyer) == 100
    event = tx.events["Deposited"]
    assert (event["buyer"], event["payer"], event["amount"]) == (who.buyer, who.other, 100)
    assert kept(system, [who.buyer, who.other], []) == 150


def test_adds_up(system, who):
    for amount in (1, 20, 300):
        prepay(system, who.buyer, amount)
    assert system.prepaid.balanceOf(who.buyer)["amount"] == 321


def test_stopped_with_the_market(system, who):
    pay(system, who.buyer, 100, system.prepaid)
    system.market.pause({"from": who.guardian})
    with reverts("NewDepositsPaused"):
        system.prepaid.deposit(who.buyer, 100, {"from": who.buyer})
    system.market.unpause({"from": who.guardian})
    system.prepaid.deposit(who.buyer, 100, {"from": who.buyer})


def test_nobodys_balance(system, who):
    """Money that nobody could ever take back is refused."""
    with reverts("BuyerRefused", "0x" + "00" * 20):
        system.prepaid.deposit("0x" + "00" * 20, 0, {"from": who.buyer})


def test_no_allowance(system, who):
    system.token.mint(who.buyer, 100, {"from": who.buyer})
    with reverts("ERC20InsufficientAllowance", system.prepaid, 0, 100):
        system.prepaid.deposit(who.buyer, 100, {"from": who.buyer})


def test_too_much(system, who):
    pay(system, who.buyer, 2**128, system.prepaid)
    with reverts("SafeCastOverflowedUintDowncast", 128, 2**128):
        system.prepaid.deposit(who.buyer, 2**128, {"from": who.buyer})


def test_fee_on_transfer_credits_what_came(hostile, who):
    hostile.token.setFee(100, {"from": who.other})
    prepay(hostile, who.buyer, 1_000)
    assert hostile.prepaid.balanceOf(who.buyer)["amount"] == 990 == kept(hostile, [who.buyer], [])


def test_donations_are_nobodys(system, who):
    system.token.mint(system.prepaid, 5, {"from": who.other})
    prepay(system, who.buyer, 100)
    assert system.prepaid.balanceOf(who.buyer)["amount"] == 100


@pytest.mark.parametrize("function", ["deposit", "withdraw"])
def test_reentrant_token(hostile, who, function):
    """A deposit within a deposit would be measured twice."""
    pay(hostile, who.buyer, 100, hostile.prepaid)
    arguments = (who.buyer, 1) if function == "deposit" else (who.buyer,)
    again = getattr(hostile.prepaid, function).encode_input(*arguments)
    hostile.token.callDuringTransfer(hostile.prepaid, again, {"from": who.other})
    with reverts("ReentrancyGuardReentrantCall"):
        hostile.prepaid.deposit(who.buyer, 100, {"from": who.buyer})
