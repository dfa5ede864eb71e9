"""deposit: the holders' part of a sale, from the market only.

deposit
├── caller is not the market → NotMarket (test_permissions)
├── token delivers less → only what arrived is counted
└── counted, pending, RevenueDeposited
"""

from tests.contracts.pool import assert_conserved, deposit


def test_counted(system):
    tx = deposit(system, 1_000)
    assert system.pool.totals() == (1_000, 0)
    assert system.pool.pending() == 1_000
    assert tx.events["RevenueDeposited"]["amount"] == 1_000


def test_fee_on_transfer(hostile, who):
    hostile.token.setFee(100, {"from": who.other})
    deposit(hostile, 1_000)
    assert hostile.pool.totals()[0] == hostile.pool.pending() == 990
    assert_conserved(hostile, [])


def test_donations_are_not_counted(system, who):
    system.token.mint(system.pool, 5, {"from": who.other})
    deposit(system, 1_000)
    assert system.pool.totals()[0] == 1_000
    assert_conserved(system, [])
