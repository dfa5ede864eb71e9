"""notify: the holders' part of a sale, on the market's word (the money lies there).

notify
├── caller is not the market → NotMarket (test_permissions)
├── beyond 128 bits in all → reverts
├── no period runs: the first ever, or after idle periods → one begins now
├── within a period → only counted: the stream is not moved on, and nothing is lost by that
├── in a period's last second → of this period; in the second of its end → of the next, which begins there
├── more than one period after → all has flowed, one begins now
└── without stake → the clock stands still; the money waits
"""

import brownie
import pytest

from tests.contracts.clock import DAY, WEEK, mine_at, next_at, now
from tests.contracts.pool import assert_conserved, deposit
from tests.contracts.reverts import reverts
from tests.contracts.stake import TOKEN, mint

MONEY = 604_800_000  # a thousand units for each second of a week


def state(system):
    return system.pool.streamState().dict()


@pytest.fixture
def holder(system, who):
    mint(system, who, [(who.artist, TOKEN)])
    return who.artist


def test_first_ever(system):
    at = now() + 100
    tx = deposit(system, 1_000, at=at)
    assert (system.pool.deposited(), system.pool.claimed(), system.pool.pending()) == (1_000, 0, 1_000)
    assert tx.events["RevenueDeposited"]["amount"] == 1_000
    assert state(system) == {"deposited": 1_000, "start": at, "length": WEEK, "updatedAt": at, "streaming": 0,
                             "remainder": 0, "depositedAtStart": 0}


def test_nothing_ever(system, holder):
    mine_at(now() + 100 * WEEK)
    assert system.pool.pending() == system.pool.claimable(holder) == 0
    assert state(system)["length"] == 0
    assert_conserved(system, [holder])


def test_within_a_period_does_not_move_the_stream_on(system, holder):
    start = now() + 100
    deposit(system, MONEY, at=start)
    deposit(system, MONEY, at=start + WEEK + 5)  # begins the second period
    for seconds in (100, 200, 300):
        deposit(system, 7, at=start + WEEK + seconds)
        assert MONEY - 1_000 * seconds == system.pool.pending() - MONEY - 7 * seconds // 100
        assert system.pool.claimable(holder) in (1_000 * seconds, 1_000 * seconds - 1)
        assert_conserved(system, [holder])
    mine_at(start + 2 * WEEK)
    assert system.pool.pending() == MONEY + 21
    mine_at(start + 3 * WEEK)
    assert system.pool.pending() == 0
    assert_conserved(system, [holder])


def test_cost_within_a_period_is_one_slot(system, who, holder):
    """Nothing but `deposited` is written: the slot of the stream's amounts stays as it was."""
    start = now() + 100
    deposit(system, MONEY, at=start)
    market = brownie.accounts.at(system.market.address, force=True)
    next_at(start + 50)
    before = [brownie.web3.eth.get_storage_at(system.pool.address, slot) for slot in range(6)]
    system.pool.notify(5, {"from": market})
    after = [brownie.web3.eth.get_storage_at(system.pool.address, slot) for slot in range(6)]
    assert sum(a != b for a, b in zip(before, after)) == 1


@pytest.mark.parametrize("offset, start_of_its_period", [(-1, 0), (0, WEEK), (1, WEEK)])
def test_at_a_periods_end(system, holder, offset, start_of_its_period):
    start = now() + 100
    deposit(system, MONEY, at=start)
    deposit(system, 2 * MONEY, at=start + WEEK + offset)
    assert state(system)["start"] == start + start_of_its_period
    streams_second = 3 * MONEY if offset < 0 else MONEY
    mine_at(start + WEEK + 100)
    assert system.pool.pending() == 3 * MONEY - 100 * streams_second // WEEK
    mine_at(start + 2 * WEEK)
    assert system.pool.pending() == 3 * MONEY - streams_second
    mine_at(start + 3 * WEEK)
    assert system.pool.pending() == 0
    assert_conserved(system, [holder])


@pytest.mark.parametrize("periods", [2, 3, 50])
@pytest.mark.parametrize("offset", [-1, 0, 1])
def test_after_idle_periods(system, holder, periods, offset):
    """Up to the end of the period that streams it goes on; from there on a new one begins."""
    start = now() + 100
    deposit(system, MONEY, at=start)
    at = start + periods * WEEK + offset
    deposit(system, 5, at=at)
    running = at < start + 2 * WEEK
    assert state(system)["start"] == (start + WEEK if running else at)
    assert system.pool.pending() == 5 + (1_000 if running else 0)
    assert_conserved(system, [holder])
    mine_at(at + 2 * WEEK)
    assert system.pool.pending() == 0


def test_without_stake_the_clock_stands_still(system, who):
    start = now() + 100
    deposit(system, 1, at=start)
    deposit(system, 2, at=start + WEEK - 1)  # within, by a start that was not moved on
    deposit(system, 4, at=start + 3 * WEEK)  # moved on by all the time there was no stake
    assert state(system)["start"] == start + 3 * WEEK and system.pool.pending() == 7
    deposit(system, 8, at=start + 3 * WEEK + DAY)
    mint(system, who, [(who.artist, TOKEN)])
    minted = now()
    mine_at(minted + WEEK)
    assert system.pool.pending() == 15
    mine_at(minted + 2 * WEEK)
    assert system.pool.pending() == 0
    assert_conserved(system, [who.artist])


def test_more_than_128_bits(system):
    market = brownie.accounts.at(system.market.address, force=True)
    with reverts("SafeCastOverflowedUintDowncast", 128, 2**128):
        system.pool.notify(2**128, {"from": market})
    system.pool.notify(2**128 - 1, {"from": market})
    with brownie.reverts():
        system.pool.notify(1, {"from": market})


def test_nobody_elses_word(system, who, timelock):
    for caller in (who.operator, timelock):
        with reverts("NotMarket", caller):
            system.pool.notify(1, {"from": caller})


def test_donations_are_not_counted(system, who):
    system.token.mint(system.market, 5, {"from": who.other})
    system.token.mint(system.pool, 5, {"from": who.other})
    deposit(system, 1_000)
    assert system.pool.deposited() == 1_000
    assert_conserved(system, [])


def test_fee_on_transfer(hostile, who):
    """The market takes nothing that did not come in full, so the pool never hears of it."""
    hostile.token.setFee(100, {"from": who.other})
    with reverts("PaidTooLittle", 990, 1_000):
        deposit(hostile, 1_000)
    assert hostile.pool.deposited() == 0
