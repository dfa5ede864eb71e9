"""announceWithdrawal and withdraw: a balance back, after the notice that lets vouchers be settled.

announceWithdrawal
├── above the balance → WithdrawalRefused
├── 0 → takes an earlier announcement back
└── announced; replaces an earlier one, and its notice begins anew

withdraw
├── none announced, or within the notice → WithdrawalNotAvailable
├── token refuses the buyer → reverts, the balance stays
├── token calls back → ReentrancyGuardReentrantCall
└── by anyone, also while stopped: the amount announced, or what is left of the balance if less; once

Races: whoever announces after signing cannot outrun a settlement within the notice; `available` tells the
operator from the announcement on what a withdrawal can no longer take.
"""

import pytest

from tests.contracts.clock import DAY, forward, next_at, now
from tests.contracts.orders import PRICE
from tests.contracts.prepaid import charge, kept, prepay, settled
from tests.contracts.reverts import reverts


def announced(system, who, amount, balance=10 * PRICE):
    prepay(system, who.buyer, balance)
    system.prepaid.announceWithdrawal(amount, {"from": who.buyer})
    return now() + DAY


def test_after_the_notice_by_anyone(system, who):
    available = announced(system, who, 4 * PRICE)
    assert system.prepaid.withdrawalOf(who.buyer) == (4 * PRICE, available)
    system.market.pause({"from": who.guardian})
    next_at(available)
    tx = system.prepaid.withdraw(who.buyer, {"from": who.other})
    assert tx.return_value == 4 * PRICE == system.token.balanceOf(who.buyer)
    assert (tx.events["Withdrawn"]["buyer"], tx.events["Withdrawn"]["amount"]) == (who.buyer, 4 * PRICE)
    assert system.prepaid.balanceOf(who.buyer) == (6 * PRICE, 0)
    assert kept(system, [who.buyer], []) == 6 * PRICE
    with reverts("WithdrawalNotAvailable", who.buyer, 0, available + 5):
        next_at(available + 5)
        system.prepaid.withdraw(who.buyer, {"from": who.buyer})


def test_not_before(system, who):
    available = announced(system, who, PRICE)
    next_at(available - 1)
    with reverts("WithdrawalNotAvailable", who.buyer, available, available - 1):
        system.prepaid.withdraw(who.buyer, {"from": who.buyer})


def test_none_announced(system, who):
    prepay(system, who.buyer)
    at = now() + 7
    next_at(at)
    with reverts("WithdrawalNotAvailable", who.buyer, 0, at):
        system.prepaid.withdraw(who.buyer, {"from": who.buyer})


def test_above_the_balance(system, who):
    prepay(system, who.buyer, 100)
    with reverts("WithdrawalRefused", 101, 100):
        system.prepaid.announceWithdrawal(101, {"from": who.buyer})
    with reverts("WithdrawalRefused", 1, 0):
        system.prepaid.announceWithdrawal(1, {"from": who.other})


def test_replaced_and_taken_back(system, who):
    first = announced(system, who, PRICE)
    next_at(first)  # available, but announced anew: the notice begins again
    tx = system.prepaid.announceWithdrawal(2 * PRICE, {"from": who.buyer})
    event = tx.events["WithdrawalAnnounced"]
    assert (event["buyer"], event["amount"], event["availableFrom"]) == (who.buyer, 2 * PRICE, first + DAY)
    next_at(first + 5)
    with reverts("WithdrawalNotAvailable", who.buyer, first + DAY, first + 5):
        system.prepaid.withdraw(who.buyer, {"from": who.buyer})
    assert system.prepaid.available(who.buyer) == 8 * PRICE
    system.prepaid.announceWithdrawal(0, {"from": who.buyer})
    assert system.prepaid.withdrawalOf(who.buyer) == (0, 0)
    assert system.prepaid.available(who.buyer) == 10 * PRICE
    forward(2 * DAY)
    at = now() + 5
    next_at(at)
    with reverts("WithdrawalNotAvailable", who.buyer, 0, at):
        system.prepaid.withdraw(who.buyer, {"from": who.buyer})


def test_buyer_races_the_settlement(system, who):
    """The voucher is out; the buyer announces all of the balance: within the notice the settlement wins."""
    available = announced(system, who, 10 * PRICE)
    signed = charge(system, who.buyer, 0, 7 * PRICE, deadline=available + DAY)
    assert system.prepaid.available(who.buyer) == 0
    next_at(available - 1)
    settled(system, who, [signed], at=available - 1)
    next_at(available)
    system.prepaid.withdraw(who.buyer, {"from": who.buyer})
    assert system.token.balanceOf(who.buyer) == 3 * PRICE
    assert system.prepaid.balanceOf(who.buyer) == (0, 7 * PRICE)
    assert kept(system, [who.buyer], []) == 0


def test_operator_that_sleeps_through_the_notice(system, who):
    """After it the buyer may be first; then the voucher is worth nothing, and no other buyer's is."""
    available = announced(system, who, 10 * PRICE)
    prepay(system, who.other)
    theirs = charge(system, who.buyer, 0, PRICE, deadline=available + DAY)
    others = charge(system, who.other, 0, PRICE, deadline=available + DAY)
    next_at(available)
    system.prepaid.withdraw(who.buyer, {"from": who.buyer})
    with reverts("BalanceTooLow", who.buyer, 0, PRICE):
        settled(system, who, [others, theirs])
    settled(system, who, [others])
    assert kept(system, [who.buyer, who.other], []) == 9 * PRICE


def test_available_counts_what_is_announced_for_as_long_as_it_stands(system, who):
    """Long available and never fetched: it still may be fetched any moment, so it still does not count."""
    available = announced(system, who, 4 * PRICE)
    forward(30 * DAY)
    assert now() > available and system.prepaid.available(who.buyer) == 6 * PRICE
    settled(system, who, [charge(system, who.buyer, 0, 8 * PRICE)])
    assert system.prepaid.available(who.buyer) == 0
    prepay(system, who.buyer, 5 * PRICE)
    assert system.prepaid.available(who.buyer) == 3 * PRICE
    assert system.prepaid.withdraw(who.buyer, {"from": who.buyer}).return_value == 4 * PRICE
    assert system.prepaid.available(who.buyer) == 3 * PRICE


def test_refused_by_the_token(hostile, who):
    available = announced(hostile, who, PRICE)
    hostile.token.setBlacklisted(who.buyer, True, {"from": who.other})
    next_at(available)
    with reverts("Blacklisted", who.buyer):
        hostile.prepaid.withdraw(who.buyer, {"from": who.other})
    assert hostile.prepaid.balanceOf(who.buyer)["amount"] == 10 * PRICE
    hostile.token.setBlacklisted(who.buyer, False, {"from": who.other})
    hostile.prepaid.withdraw(who.buyer, {"from": who.other})
    assert hostile.token.balanceOf(who.buyer) == PRICE


@pytest.mark.parametrize("function", ["withdraw", "announceWithdrawal"])
def test_reentrant_token(hostile, who, function):
    """What a call back could do: withdraw again is refused; an announcement finds the balance taken off."""
    available = announced(hostile, who, 10 * PRICE)
    arguments = (who.buyer,) if function == "withdraw" else (1,)
    again = getattr(hostile.prepaid, function).encode_input(*arguments)
    hostile.token.callDuringTransfer(hostile.prepaid, again, {"from": who.other})
    next_at(available)
    error = (("ReentrancyGuardReentrantCall",) if function == "withdraw" else ("WithdrawalRefused", 1, 0))
    with reverts(*error):
        hostile.prepaid.withdraw(who.buyer, {"from": who.buyer})
