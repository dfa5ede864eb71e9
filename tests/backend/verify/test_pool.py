"""The simulated pool by itself: no unit appears or is lost, nobody gets more than their time with stake is
worth.

The simulation against the contract is in test_verify.py, where every claim of a real chain is compared.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from backend.verify.pool import SCALE, ZERO_ADDRESS, PoolSimulation

PERIOD_S = 100
ACCOUNTS = ("a", "b", "c")
ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.integers(0, 3 * PERIOD_S), st.just(0)),
        st.tuples(st.just("deposit"), st.integers(1, 10**12), st.just(0)),
        st.tuples(st.just("mint"), st.integers(1, 10**24), st.integers(0, 2)),
        st.tuples(st.just("move"), st.integers(0, 100), st.integers(0, 2)),
        st.tuples(st.just("claim"), st.just(0), st.integers(0, 2)),
    ),
    max_size=40,
)


def play(actions) -> tuple[PoolSimulation, int, int]:
    pool, time, deposited, claimed = PoolSimulation([(0, PERIOD_S)]), 0, 0, 0
    for action, amount, number in actions:
        account, other = ACCOUNTS[number], ACCOUNTS[(number + 1) % 3]
        time += amount if action == "wait" else 0
        pool.advance(time)
        if action == "deposit":
            pool.deposit(amount)
            deposited += amount
        elif action == "mint":
            pool.move(ZERO_ADDRESS, account, amount)
        elif action == "move":
            pool.move(account, other, pool.balances[account] * amount // 100)
        elif action == "claim":
            claimed += pool.claim(account)
    return pool, deposited, claimed


@settings(max_examples=150, deadline=None)
@given(ACTIONS)
def test_every_fraction_is_somewhere(actions):
    pool, deposited, claimed = play(actions)
    fractions = sum(
        pool.accrued[a] + pool.balances[a] * (pool.per_token - pool.paid_until[a]) for a in ACCOUNTS
    )
    assert deposited * SCALE == (claimed + pool.pending) * SCALE + fractions + pool.remainder
    assert 0 <= deposited - claimed - pool.pending - sum(map(pool.claimable, ACCOUNTS)) <= len(ACCOUNTS)


def test_money_streams_over_the_period_after_the_one_it_came_in():
    pool = PoolSimulation([(0, PERIOD_S)])
    pool.move(ZERO_ADDRESS, "a", 10)
    pool.deposit(1000)
    for time, earned in ((50, 0), (100, 0), (150, 500), (200, 1000), (500, 1000)):
        pool.advance(time)
        assert (pool.claimable("a"), pool.pending) == (earned, 1000 - earned)


def test_stake_bought_for_a_moment_earns_for_that_moment():
    pool = PoolSimulation([(0, PERIOD_S)])
    pool.move(ZERO_ADDRESS, "a", 8)
    pool.deposit(1000)
    pool.advance(120)
    pool.move(ZERO_ADDRESS, "b", 8)
    pool.advance(121)
    assert (pool.claimable("a"), pool.claimable("b")) == (205, 5)


def test_money_waits_while_there_is_no_stake():
    pool = PoolSimulation([(0, PERIOD_S)])
    pool.deposit(1000)
    pool.advance(10_000)
    assert pool.pending == 1000
    pool.move(ZERO_ADDRESS, "a", 1)
    pool.advance(10_200)
    assert pool.claimable("a") == 1000


def test_a_new_period_length_counts_from_the_next_period_on():
    pool = PoolSimulation([(0, 100), (50, 200)])
    pool.move(ZERO_ADDRESS, "a", 10)
    pool.deposit(1000)
    pool.advance(200)
    assert pool.claimable("a") == 500
