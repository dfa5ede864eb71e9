"""setPayees: who gets the shares of later sales; earlier ones stay owed to the old payees.

setPayees
├── caller is not the timelock → AccessControlUnauthorizedAccount (test_permissions)
├── a payee that could not claim: nobody, the market, the pool → PayeeRefused
└── shares so far owed to the old payees, whether settled or not; later ones to the new
    ├── one account may hold two or three funds
    ├── old and new payees may be the same, or swap
    └── an artist may be a payee and the other way round
"""

import pytest

from tests.contracts.orders import sold, totals
from tests.contracts.reverts import reverts


def owed(system, *accounts):
    return [system.market.owed(account) for account in accounts]


def test_counts_for_later_sales(system, who, timelock):
    sold(system, who)
    tx = system.market.setPayees(who.artist, who.artist2, who.artist3, {"from": timelock})
    event = tx.events["PayeesChanged"]
    assert [event[n] for n in ("platform", "network", "learning")] == [who.artist, who.artist2, who.artist3]
    assert system.market.payees() == (who.artist, who.artist2, who.artist3)
    assert owed(system, who.platform, who.network, who.learning) == [150_000, 50_000, 50_000]
    sold(system, who, salt=2)
    assert owed(system, who.platform, who.artist) == [150_000, 150_000]
    assert owed(system, who.artist2, who.artist3) == [50_000, 50_000]
    everybody = [who.platform, who.network, who.learning, who.artist, who.artist2, who.artist3]
    before = owed(system, *everybody)
    for account, amount in zip(everybody, before):
        assert system.market.claim(account, {"from": who.other}).return_value == amount
    sums = totals(system)
    assert sums["claimed"] == sums["platform"] + sums["network"] + sums["learning"] == 500_000


def test_one_account_for_two_funds_or_three(system, who, timelock):
    system.market.setPayees(who.other, who.other, who.learning, {"from": timelock})
    sold(system, who)
    assert owed(system, who.other, who.learning) == [200_000, 50_000]
    system.market.setPayees(who.other, who.other, who.other, {"from": timelock})
    sold(system, who, salt=2)
    assert owed(system, who.other, who.learning) == [450_000, 50_000]
    assert system.market.claim(who.other, {"from": who.relayer}).return_value == 450_000
    sold(system, who, salt=3)
    system.market.setPayees(who.platform, who.network, who.other, {"from": timelock})
    sold(system, who, salt=4)
    assert owed(system, who.platform, who.network, who.other) == [150_000, 50_000, 300_000]
    assert system.market.claim(who.other, {"from": who.relayer}).return_value == 300_000
    totals(system)


def test_swapped_in_the_middle_of_unsettled_shares(system, who, timelock):
    sold(system, who)
    system.market.setPayees(who.network, who.platform, who.learning, {"from": timelock})
    sold(system, who, salt=2)
    assert owed(system, who.platform, who.network, who.learning) == [200_000, 200_000, 100_000]
    system.market.claimMany([who.platform, who.network, who.learning], {"from": who.other})
    assert [system.token.balanceOf(a) for a in (who.platform, who.network, who.learning)] == [
        200_000, 200_000, 100_000]


def test_the_same_again_changes_nothing(system, who, timelock):
    sold(system, who)
    system.market.setPayees(*system.market.payees(), {"from": timelock})
    sold(system, who, salt=2)
    assert owed(system, who.platform, who.network, who.learning) == [300_000, 100_000, 100_000]


def test_an_artist_that_is_a_payee_for_a_while(system, who, timelock):
    sold(system, who, (who.artist, 5))
    system.market.setPayees(who.artist, who.network, who.learning, {"from": timelock})
    sold(system, who, (who.artist, 6), salt=2)
    assert owed(system, who.artist) == [150_011]
    system.market.setPayees(who.platform, who.network, who.learning, {"from": timelock})
    sold(system, who, (who.artist, 7), salt=3)
    assert owed(system, who.artist, who.platform) == [150_018, 300_000]
    assert system.market.claim(who.artist, {"from": who.other}).return_value == 150_018
    assert system.market.claim(who.platform, {"from": who.other}).return_value == 300_000
    totals(system)


@pytest.mark.parametrize("position", range(3))
def test_refuses_who_could_not_claim(system, who, timelock, position):
    payees = [who.platform.address, who.network.address, who.learning.address]
    for bad in ("0x" + "00" * 20, system.market.address, system.pool.address):
        payees[position] = bad
        with reverts("PayeeRefused", bad):
            system.market.setPayees(*payees, {"from": timelock})
    assert system.market.payees() == (who.platform, who.network, who.learning)
