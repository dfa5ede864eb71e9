"""pause and unpause: the guardian stops new orders and nothing else; guardian or timelock let them in."""

import pytest

from tests.contracts.orders import order, requested
from tests.contracts.reverts import reverts


def test_stops_every_way_to_pay(system, who):
    system.market.pause({"from": who.guardian})
    an_order, empty = order(who.buyer), b"\0" * 32
    with reverts("EnforcedPause"):
        system.market.request(an_order, {"from": who.buyer})
    with reverts("EnforcedPause"):
        system.market.requestWithPermit(an_order, 0, 27, empty, empty, b"", {"from": who.buyer})
    with reverts("EnforcedPause"):
        system.market.requestWithAuthorization(an_order, 0, 0, 27, empty, empty, {"from": who.buyer})


@pytest.mark.parametrize("by", ["guardian", "timelock"])
def test_unpause(system, who, timelock, by):
    system.market.pause({"from": who.guardian})
    system.market.unpause({"from": timelock if by == "timelock" else who.guardian})
    requested(system, who.buyer)
