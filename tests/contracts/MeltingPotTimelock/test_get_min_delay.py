"""getMinDelay: how long everything waits between queueing and execution.

getMinDelay
├── updateDelay set less than the deployment's → the deployment's: no vote shortens it
└── updateDelay set more → that
"""

import pytest
from eth_utils import keccak

from tests.contracts.clock import DAY, forward
from tests.contracts.reverts import reverts
from tests.contracts.stake import TOKEN, mint
from tests.contracts.votes import actions, executed, final, passed


@pytest.fixture(autouse=True)
def holders(system, who, isolation):
    mint(system, who, [(who.artist, 90_000 * TOKEN)])
    forward(1)


def delay(system, seconds):
    return actions((system.timelock, system.timelock.updateDelay.encode_input(seconds)))


def test_no_vote_shortens_it(system, who):
    executed(system, who.artist, delay(system, 0), "No time to see it coming")
    assert system.timelock.getMinDelay() == 2 * DAY == system.timelock.leastDelay()
    text, next_one = "At once", delay(system, 5)
    passed(system, who.artist, next_one, text)
    system.governor.queue(*final(next_one, text), {"from": who.artist})
    forward(2 * DAY - 10)
    with pytest.raises(Exception, match="TimelockUnexpectedOperationState"):
        system.governor.execute(*final(next_one, text), {"from": who.artist})


def test_nor_a_proposer_of_its_own(system, who):
    """A vote may let somebody schedule without a vote; not without the delay."""
    role = system.timelock.PROPOSER_ROLE()
    grant = (system.timelock, system.timelock.grantRole.encode_input(role, who.other))
    executed(system, who.artist, actions(grant, (system.timelock, delay(system, 0)[2][0])), "Handed over")
    call = (system.market, 0, "0x", b"\0" * 32, keccak(text="salt"))
    with reverts("TimelockInsufficientDelay", 0, 2 * DAY):
        system.timelock.schedule(*call, 0, {"from": who.other})


def test_a_vote_can_lengthen_it(system, who):
    executed(system, who.artist, delay(system, 5 * DAY), "Slower")
    assert system.timelock.getMinDelay() == 5 * DAY
    executed_again = delay(system, 3 * DAY)
    passed(system, who.artist, executed_again, "Faster again")
    system.governor.queue(*final(executed_again, "Faster again"), {"from": who.artist})
    forward(5 * DAY)
    system.governor.execute(*final(executed_again, "Faster again"), {"from": who.artist})
    assert system.timelock.getMinDelay() == 3 * DAY
