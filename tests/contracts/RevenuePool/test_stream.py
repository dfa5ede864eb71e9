"""How deposits reach the holders: collected during one period, streamed evenly over the next.

stream
├── no period runs → a deposit begins one
├── within a period → deposits collect, the last period's stream flows in proportion to time and stake
├── one, two or many periods without a touch → everything has flowed, in constant work
├── no stake → the clock stands still; goes on where it stood with the first stake
├── rules change → the period that runs keeps its length, the next takes the new one
└── stake bought just before a sale and sold just after → earns for the time held only
"""

import brownie
import pytest

from tests.contracts.clock import DAY, WEEK, mine_at, next_at, now
from tests.contracts.pool import assert_conserved, deposit, giver
from tests.contracts.rules import changed
from tests.contracts.stake import TOKEN, mint

MONEY = 604_800_000  # a thousand units for each second of a week


def near(value, exact):
    """Equal but for the one unit of which a fraction is not yet divided."""
    return exact - 1 <= value <= exact


def period(system):
    state = system.pool.streamState().dict()
    return state["start"], state["length"]


@pytest.fixture
def holders(system, who):
    """60 % and 40 % of the stake."""
    mint(system, who, [(who.artist, 60 * TOKEN), (who.artist2, 40 * TOKEN)])
    return [who.artist, who.artist2]


def test_first_deposit_streams_over_the_second_week(system, holders):
    start = now() + 100
    deposit(system, MONEY, at=start)
    for seconds, released in [(WEEK, 0), (WEEK + 1, 1_000), (WEEK + WEEK // 2, MONEY // 2), (2 * WEEK, MONEY),
                              (9 * WEEK, MONEY)]:
        mine_at(start + seconds)
        for holder, tenths in zip(holders, (6, 4)):
            assert near(system.pool.claimable(holder), released * tenths // 10)
        assert system.pool.pending() == MONEY - released
        assert_conserved(system, holders)


def test_each_week_streams_what_the_last_collected(system, holders):
    start = now() + 100
    deposit(system, MONEY, at=start)
    deposit(system, MONEY, at=start + 3 * DAY)
    deposit(system, 3 * MONEY, at=start + WEEK + DAY)
    mine_at(start + WEEK + DAY)
    assert system.pool.pending() == 5 * MONEY - 2 * MONEY // 7
    mine_at(start + 2 * WEEK)
    assert system.pool.pending() == 3 * MONEY
    mine_at(start + 2 * WEEK + 7 * DAY // 3)
    assert system.pool.pending() == 2 * MONEY
    assert_conserved(system, holders)


def test_after_idle_periods_a_deposit_begins_a_new_one(system, who, holders):
    start = now() + 100
    deposit(system, MONEY, at=start)
    later = start + 50 * WEEK + 12_345
    deposit(system, MONEY, at=later)
    assert period(system) == (later, WEEK)
    mine_at(later + WEEK)
    assert system.pool.pending() == MONEY
    mine_at(later + 2 * WEEK)
    assert system.pool.pending() == 0
    assert_conserved(system, holders)


def test_constant_work_over_idle_periods(system, who, holders):
    deposit(system, MONEY)
    costs = []
    for weeks in (3, 300):
        next_at(now() + weeks * WEEK)
        costs.append(system.pool.claim(who.artist, {"from": who.other}).gas_used)
        deposit(system, MONEY)
    assert costs[1] <= costs[0]


def test_money_waits_for_stake(system, who):
    start = now() + 100
    deposit(system, MONEY, at=start)
    mine_at(start + 30 * WEEK)
    assert system.pool.pending() == MONEY
    mint(system, who, [(who.artist, TOKEN)])
    claimed_at = now()
    assert system.pool.claimable(who.artist) == 0
    mine_at(claimed_at + WEEK)  # the rest of the period that stood still: all of it
    assert system.pool.claimable(who.artist) == 0
    mine_at(claimed_at + WEEK + 10)
    assert near(system.pool.claimable(who.artist), 10_000)
    mine_at(claimed_at + 2 * WEEK)
    assert near(system.pool.claimable(who.artist), MONEY)
    assert_conserved(system, [who.artist])


def test_running_period_keeps_its_length(system, who, timelock, holders):
    start = now() + 100
    deposit(system, MONEY, at=start)
    system.rules.adopt(changed(streamPeriod=14 * DAY), {"from": timelock})
    deposit(system, 14 * MONEY, at=start + WEEK + DAY)  # the second period began under version 2
    assert period(system) == (start + WEEK, 14 * DAY)
    mine_at(start + WEEK + 14 * DAY)
    assert system.pool.pending() == 14 * MONEY
    mine_at(start + WEEK + 14 * DAY + DAY)
    assert system.pool.pending() == 13 * MONEY


def test_length_is_that_of_the_periods_beginning_however_late_the_touch(system, who, timelock, holders):
    start = now() + 100
    deposit(system, MONEY, at=start)
    next_at(start + 6 * DAY)
    system.rules.adopt(changed(streamPeriod=DAY), {"from": timelock})  # in force a day after the second began
    mine_at(start + WEEK + 4 * DAY)
    assert system.pool.pending() == MONEY - MONEY * 4 // 7


def test_just_in_time_stake_earns_for_the_time_held_only(system, who, holders):
    start = now() + 100
    deposit(system, MONEY, at=start)
    before = start + WEEK + DAY
    next_at(before)
    system.stake.transfer(who.other, 60 * TOKEN, {"from": who.artist})
    deposit(system, 1_000 * MONEY, at=before + 5)  # the sale it hoped to skim
    next_at(before + 10)
    system.stake.transfer(who.artist, 60 * TOKEN, {"from": who.other})
    mine_at(start + 9 * WEEK)
    assert near(system.pool.claimable(who.other), 10 * 1_000 * 6 // 10)
    assert_conserved(system, [*holders, who.other])


def test_stake_sold_in_the_same_second_earns_nothing(system, who, holders):
    deposit(system, MONEY)
    at = now() + WEEK + DAY
    next_at(at)
    system.stake.transfer(who.other, 60 * TOKEN, {"from": who.artist})
    next_at(at)
    system.stake.transfer(who.artist, 60 * TOKEN, {"from": who.other})
    assert system.pool.accruedScaled(who.other) == 0


@pytest.mark.parametrize("amount", [1, 2, 3, 7, 604_799])
def test_dust_is_not_lost(system, who, amount):
    mint(system, who, [(who.artist, 1), (who.artist2, 1), (who.artist3, 1)])
    everybody = [who.artist, who.artist2, who.artist3]
    start = now() + 100
    deposit(system, amount, at=start)
    for seconds in (WEEK + 1, WEEK + 12_345, 2 * WEEK - 1, 2 * WEEK):
        mine_at(start + seconds)
        assert_conserved(system, everybody)
    system.pool.claimMany(everybody, {"from": who.other})
    assert system.token.balanceOf(system.market) < 3
    assert_conserved(system, everybody)


def test_how_often_it_is_touched_changes_nothing(system, hostile, who, holders):
    """Idle periods and changes of their length, rolled over at once or day by day: the same stream."""
    mint(hostile, who, [(holder, system.stake.balanceOf(holder)) for holder in holders])
    both, begin = (system, hostile), now() + 100
    for each in both:
        giver(each)
    for day in range(40):
        at = begin + day * DAY
        if day in (0, 20):
            for each in both:
                deposit(each, MONEY, at=at)
        elif day in (2, 6):  # in force on days 4 and 8, within the first and the second period
            for each in both:
                next_at(at)
                owner = brownie.accounts.at(each.timelock.address, force=True)
                each.rules.adopt(changed(streamPeriod=(30 if day == 2 else 2) * DAY), {"from": owner})
        elif day % 3 == 0:
            next_at(at)
            system.stake.transfer(who.artist2, 0, {"from": who.artist})
    for later in (40, 43, 70):
        mine_at(begin + later * DAY)
        assert system.pool.streamState() == hostile.pool.streamState()
        for holder in holders:
            assert abs(system.pool.claimable(holder) - hostile.pool.claimable(holder)) <= 1
        for each in both:
            assert_conserved(each, holders)
