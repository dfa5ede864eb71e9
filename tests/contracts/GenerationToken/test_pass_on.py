"""passOn and passOnNative: what marketplaces paid as royalty goes on, by anyone.

passOn
├── the settlement token → all of it to the holders of stake, by their stream
├── any other token → to the timelock; one that refuses → reverts
└── nothing there → nothing happens

passOnNative
├── the timelock, which can receive it
└── nothing there → nothing happens
"""

import brownie
import pytest

from tests.contracts.clock import WEEK, mine_at, now
from tests.contracts.orders import totals
from tests.contracts.pool import assert_conserved
from tests.contracts.reverts import reverts
from tests.contracts.stake import TOKEN, mint


def test_settlement_token_to_the_holders(system, who):
    mint(system, who, [(who.artist, TOKEN)])
    system.token.mint(system.generation_token, 1_000, {"from": who.other})
    tx = system.generation_token.passOn(system.token, {"from": who.other})
    event = tx.events["RoyaltiesPassedOn"]
    assert [event[n] for n in ("token", "to", "amount")] == [system.token, system.market, 1_000]
    sums = totals(system)
    assert [sums[n] for n in ("holders", "platform", "network", "learning")] == [1_000, 0, 0, 0]
    assert system.token.balanceOf(system.generation_token) == 0
    mine_at(now() + 2 * WEEK)
    assert system.pool.claim(who.artist, {"from": who.other}).return_value == 999  # and a fraction
    assert_conserved(system, [who.artist])


def test_other_token_to_the_timelock(system, hostile, who):
    hostile.token.mint(system.generation_token, 77, {"from": who.other})
    tx = system.generation_token.passOn(hostile.token, {"from": who.other})
    assert hostile.token.balanceOf(system.timelock) == 77
    assert tx.events["RoyaltiesPassedOn"]["to"] == system.timelock
    assert totals(system)["holders"] == 0


def test_token_that_refuses(system, hostile, who):
    hostile.token.mint(system.generation_token, 77, {"from": who.other})
    hostile.token.setBlacklisted(system.timelock, True, {"from": who.other})
    with reverts("Blacklisted", system.timelock):
        system.generation_token.passOn(hostile.token, {"from": who.other})


def test_fee_on_transfer(hostile, who):
    """Not passed on while the token takes a fee: the market credits nothing that does not come in full."""
    hostile.token.mint(hostile.generation_token, 1_000, {"from": who.other})
    hostile.token.setFee(100, {"from": who.other})
    with reverts("PaidTooLittle", 990, 1_000):
        hostile.generation_token.passOn(hostile.token, {"from": who.other})
    hostile.token.setFee(0, {"from": who.other})
    hostile.generation_token.passOn(hostile.token, {"from": who.other})
    assert totals(hostile)["holders"] == 1_000


def test_stake_does_not_get_here(system, who):
    """The timelock holds no stake, so what came here could never leave."""
    mint(system, who, [(who.artist, TOKEN)])
    with reverts("HolderRefused", system.generation_token):
        system.stake.transfer(system.generation_token, TOKEN, {"from": who.artist})


def test_native_currency_to_the_timelock(system, who):
    who.other.transfer(system.generation_token, 10**18)
    before = system.timelock.balance()
    tx = system.generation_token.passOnNative({"from": who.other})
    assert system.timelock.balance() - before == 10**18 and system.generation_token.balance() == 0
    event = tx.events["RoyaltiesPassedOn"]
    assert [event[n] for n in ("token", "to", "amount")] == ["0x" + "00" * 20, system.timelock, 10**18]


def test_nothing(system, hostile, who):
    for token in (system.token, hostile.token):
        system.generation_token.passOn(token, {"from": who.other})
    system.generation_token.passOnNative({"from": who.other})
    assert system.pool.deposited() == 0


@pytest.mark.parametrize("what", ["mint", "fallback"])
def test_calls_with_data_and_money_are_refused(system, who, what):
    data = "0x12345678" if what == "fallback" else "0x1249c58b"
    with brownie.reverts():
        who.other.transfer(system.generation_token, 1, data=data)
