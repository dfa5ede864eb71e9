"""mint, transfer, votes.

mint
├── caller is not TrainingRounds → NotRounds (test_permissions)
└── balance up; a first-time holder votes for themselves
transfer
├── to any contract of the deployment, even of 0 → HolderRefused
├── first-time holder → self-delegated; of 0 → nothing changes
└── holder who delegated → keeps the delegate
"""

import pytest

from scripts.export_abis import DEPLOYED_AS
from tests.contracts.clock import DAY, forward, now
from tests.contracts.reverts import reverts
from tests.contracts.signing import sign, vrs
from tests.contracts.stake import TOKEN, mint


@pytest.fixture(autouse=True)
def holders(system, who, isolation):
    mint(system, who, [(who.artist, 60 * TOKEN), (who.artist2, 40 * TOKEN)])


def test_identity(system):
    assert (system.stake.symbol(), system.stake.decimals()) == ("POT", 18)
    assert system.stake.CLOCK_MODE() == "mode=timestamp"
    assert system.stake.clock() == now()


def test_first_time_holder_votes_for_themselves(system, who):
    assert system.stake.delegates(who.artist) == who.artist
    system.stake.transfer(who.other, 10 * TOKEN, {"from": who.artist})
    assert system.stake.delegates(who.other) == who.other
    assert system.stake.getVotes(who.other) == 10 * TOKEN
    assert system.stake.getVotes(who.artist) == 50 * TOKEN


def test_transfer_of_nothing_delegates_nothing(system, who):
    system.stake.transfer(who.other, 0, {"from": who.artist})
    assert system.stake.delegates(who.other) == "0x" + "00" * 20


def test_delegate_is_kept(system, who):
    system.stake.delegate(who.artist3, {"from": who.artist2})
    system.stake.transfer(who.artist2, TOKEN, {"from": who.artist})
    assert system.stake.delegates(who.artist2) == who.artist3
    assert system.stake.getVotes(who.artist3) == 41 * TOKEN


def test_delegation_before_the_first_stake_is_kept(system, who):
    system.stake.delegate(who.artist3, {"from": who.other})
    system.stake.transfer(who.other, TOKEN, {"from": who.artist})
    assert system.stake.getVotes(who.artist3) == TOKEN


def test_delegation_by_signature(system, who):
    expiry = now() + DAY
    message = {"delegatee": who.artist3.address, "nonce": 0, "expiry": expiry}
    signed = sign(who.artist2, system.stake, "Delegation", message)
    system.stake.delegateBySig(who.artist3, 0, expiry, *vrs(signed), {"from": who.relayer})
    assert system.stake.getVotes(who.artist3) == 40 * TOKEN


def test_permit(system, who):
    deadline = now() + DAY
    message = {"owner": who.artist.address, "spender": who.other.address, "value": TOKEN, "nonce": 0,
               "deadline": deadline}
    signed = sign(who.artist, system.stake, "Permit", message)
    system.stake.permit(who.artist, who.other, TOKEN, deadline, *vrs(signed), {"from": who.relayer})
    system.stake.transferFrom(who.artist, who.artist3, TOKEN, {"from": who.other})
    assert system.stake.balanceOf(who.artist3) == TOKEN


def test_votes_of_the_past(system, who):
    then = now()
    forward(DAY)
    system.stake.transfer(who.other, 60 * TOKEN, {"from": who.artist})
    assert system.stake.getPastVotes(who.artist, then) == 60 * TOKEN
    assert system.stake.getPastTotalSupply(then) == 100 * TOKEN


@pytest.mark.parametrize("name", list(DEPLOYED_AS))
def test_the_projects_own_contracts_hold_nothing(system, who, name):
    contract = system.contracts[name]
    for amount in (TOKEN, 0):
        with reverts("HolderRefused", contract):
            system.stake.transfer(contract, amount, {"from": who.artist})


def test_gas_of_a_transfer(system, who):
    """Between holders the list costs nothing: whoever has stake is not on it."""
    system.stake.transfer(who.artist2, TOKEN, {"from": who.artist})
    forward(1)
    assert system.stake.transfer(who.artist2, TOKEN, {"from": who.artist}).gas_used < 145_000


def test_more_than_the_balance(system, who):
    with reverts("ERC20InsufficientBalance", who.artist, 60 * TOKEN, 61 * TOKEN):
        system.stake.transfer(who.other, 61 * TOKEN, {"from": who.artist})
