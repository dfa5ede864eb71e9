"""setPayees: who gets the shares of later sales; earlier ones stay owed to the old payees."""

import pytest

from tests.contracts.orders import sold
from tests.contracts.reverts import reverts


def test_counts_for_later_sales(system, who, timelock):
    sold(system, who)
    tx = system.market.setPayees(who.artist, who.artist2, who.artist3, {"from": timelock})
    assert tx.events["PayeesChanged"]["platform"] == who.artist
    assert system.market.payees() == (who.artist, who.artist2, who.artist3)
    sold(system, who, salt=2)
    assert system.market.owed(who.platform) == system.market.owed(who.artist) == 150_000
    assert system.market.owed(who.artist2) == system.market.owed(who.artist3) == 50_000


@pytest.mark.parametrize("position", range(3))
def test_refuses_who_could_not_claim(system, who, timelock, position):
    payees = [who.platform.address, who.network.address, who.learning.address]
    for bad in ("0x" + "00" * 20, system.market.address, system.pool.address):
        payees[position] = bad
        with reverts("PayeeRefused", bad):
            system.market.setPayees(*payees, {"from": timelock})
