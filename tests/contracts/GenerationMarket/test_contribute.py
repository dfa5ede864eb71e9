"""contribute: money for holders and funds otherwise than by an order.

contribute
├── no allowance → the token reverts; token delivers less → PaidTooLittle
├── a part beyond 64 bits → SafeCastOverflowedUintDowncast; the sum beyond 256 → overflow
├── token calls back → ReentrancyGuardReentrantCall
└── the funds' parts owed to their payees, the holders' part in their stream, by anyone, also while stopped
    └── nothing for the holders → the pool hears nothing
"""

import brownie
import pytest

from tests.contracts.orders import pay, totals
from tests.contracts.reverts import reverts


def test_is_divided_as_told(system, who):
    system.market.pause({"from": who.guardian})
    pay(system, who.other, 10)
    tx = system.market.contribute(4, 3, 2, 1, {"from": who.other})
    event = tx.events["SharesContributed"]
    assert event["contributor"] == who.other
    assert [event[n] for n in ("holders", "platform", "network", "learning")] == [4, 3, 2, 1]
    assert system.pool.deposited() == system.pool.pending() == 4
    assert [system.market.owed(a) for a in (who.platform, who.network, who.learning)] == [3, 2, 1]
    sums = totals(system)
    assert [sums[n] for n in ("holders", "platform", "network", "learning", "attributed")] == [4, 3, 2, 1, 0]
    assert system.token.balanceOf(who.other) == 0


def test_nothing_for_the_holders(system, who):
    pay(system, who.other, 3)
    assert "RevenueDeposited" not in system.market.contribute(0, 3, 0, 0, {"from": who.other}).events
    system.market.contribute(0, 0, 0, 0, {"from": who.other})
    assert system.pool.streamState()["length"] == 0
    assert totals(system)["platform"] == 3


def test_money_must_come(system, hostile, who):
    with reverts("ERC20InsufficientAllowance", system.market, 0, 10):
        system.market.contribute(4, 3, 2, 1, {"from": who.other})
    hostile.token.setFee(100, {"from": who.other})
    pay(hostile, who.other, 1_000)
    with reverts("PaidTooLittle", 990, 1_000):
        hostile.market.contribute(1_000, 0, 0, 0, {"from": who.other})
    assert hostile.pool.deposited() == 0


@pytest.mark.parametrize("position", range(4))
def test_part_too_large(system, who, position):
    parts = [0] * 4
    parts[position] = 2**64
    pay(system, who.other, 2**64)
    with reverts("SafeCastOverflowedUintDowncast", 64, 2**64):
        system.market.contribute(*parts, {"from": who.other})


def test_sums_too_large(system, who):
    pay(system, who.other, 2**64)
    system.market.contribute(2**64 - 1, 0, 0, 0, {"from": who.other})
    with brownie.reverts():
        system.market.contribute(1, 0, 0, 0, {"from": who.other})
    with brownie.reverts():
        system.market.contribute(2**255, 2**255, 0, 0, {"from": who.other})


def test_reentrant_token(hostile, who):
    pay(hostile, who.other, 10)
    again = hostile.market.contribute.encode_input(0, 0, 0, 0)
    hostile.token.callDuringTransfer(hostile.market, again, {"from": who.other})
    with reverts("ReentrancyGuardReentrantCall"):
        hostile.market.contribute(10, 0, 0, 0, {"from": who.other})
