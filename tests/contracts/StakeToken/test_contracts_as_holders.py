"""Contracts hold stake like people do: multisigs and splitters that know nothing of the project.

holder is a contract
├── minted to, or transferred to → its own delegate, so its votes are there to be used
├── pool.claim by anyone → paid, without a call into it
│   └── a splitter then divides what came
└── a wallet that can call → delegates, transfers, claims by itself
"""

import pytest

from tests.contracts.clock import WEEK, mine_at, now
from tests.contracts.pool import assert_conserved, deposit
from tests.contracts.stake import TOKEN, mint

MONEY = 1_000_003  # no multiple of four: the fractions stay with the holders


@pytest.fixture
def wallet(system, who):
    return who.deployer.deploy(system.project.WalletMock, who.other)


@pytest.fixture
def splitter(system, who):
    return who.deployer.deploy(system.project.RevenueSplitterMock, system.token, who.artist2, who.artist3, 7_000)


@pytest.fixture
def earned(system, who, wallet, splitter):
    """A person, a multisig and a splitter with a quarter, a quarter and a half; money all streamed."""
    mint(system, who, [(who.artist, TOKEN), (wallet, TOKEN), (splitter, 2 * TOKEN)])
    deposit(system, MONEY)
    mine_at(now() + 3 * WEEK)
    return [who.artist, wallet, splitter]


def test_own_delegates(system, earned):
    for holder in earned:
        assert system.stake.delegates(holder) == holder
        assert system.stake.getVotes(holder) == system.stake.balanceOf(holder)


def test_paid_by_anyones_claim(system, who, earned):
    system.pool.claimMany(earned, {"from": who.relayer})
    assert [system.token.balanceOf(holder) for holder in earned] == [MONEY // 4, MONEY // 4, MONEY // 2]
    assert_conserved(system, earned)


def test_splitter_divides_what_was_claimed_for_it(system, who, splitter, earned):
    system.pool.claim(splitter, {"from": who.relayer})
    splitter.release({"from": who.other})
    assert system.token.balanceOf(who.artist2) == MONEY // 2 * 70 // 100
    assert system.token.balanceOf(who.artist3) == MONEY // 2 - MONEY // 2 * 70 // 100


def test_wallet_acts_by_itself(system, who, wallet, earned):
    def do(contract, call):
        wallet.execute(contract, call, {"from": who.other})

    do(system.pool, system.pool.claim.encode_input(wallet))
    assert system.token.balanceOf(wallet) == MONEY // 4
    do(system.stake, system.stake.delegate.encode_input(who.artist))
    assert system.stake.getVotes(who.artist) == 2 * TOKEN
    do(system.stake, system.stake.transfer.encode_input(who.buyer, TOKEN))
    assert system.stake.balanceOf(who.buyer) == system.stake.getVotes(who.buyer) == TOKEN


def test_stake_sent_to_a_contract_that_can_do_nothing(system, who, splitter):
    """It earns what anybody may claim for it, and its votes are its own: nobody else's."""
    mint(system, who, [(who.artist, TOKEN)])
    system.stake.transfer(splitter, TOKEN, {"from": who.artist})
    assert system.stake.delegates(splitter) == splitter
    assert system.stake.getVotes(who.artist) == 0
