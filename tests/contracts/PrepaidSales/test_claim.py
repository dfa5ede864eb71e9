"""claim: an artist's credits of one period, by its Merkle root.

claim
├── proof malformed, or of another period, artist, amount or root → NotCredited
├── nothing new → 0, nothing happens
├── more than the period has left (an operator that credited more than it set aside) → PeriodOverdrawn
├── payee is this contract → PayeeRefused; token refuses the payee → reverts, others are not held up
├── token calls back → ReentrancyGuardReentrantCall
└── what is not paid yet, to the artist's payee, by anyone, at any time
    ├── several settlements of one period → the same claim again pays what came since
    ├── root replaced by one that says less → nothing is taken back; that says more → up to what is left
    └── claimed sums of one period never touch another period, nor a buyer's balance
"""

import pytest

from tests.contracts.clock import WEEK, mine_at, now
from tests.contracts.orders import PRICE
from tests.contracts.prepaid import Credits, charge, kept, period_now, prepay, settled
from tests.contracts.reverts import reverts


@pytest.fixture(autouse=True)
def week(system):
    mine_at((now() // WEEK + 1) * WEEK)
    return period_now()


class Sales:
    """One buyer that buys ten generations at a time."""

    def __init__(self, system, who):
        self.system, self.who, self.spent = system, who, 0
        prepay(system, who.buyer, 1_000 * PRICE)

    def settle(self, credits, attributed=None, at=None):
        signed = charge(self.system, self.who.buyer, self.spent, self.spent + 10 * PRICE)
        self.spent += 10 * PRICE
        return settled(self.system, self.who, [signed], credits, attributed, at)


@pytest.fixture
def sales(system, who):
    return Sales(system, who)


def claim(system, who, credits, artist):
    return system.prepaid.claim(*credits.claim(artist), {"from": who.relayer})


def test_pays_whoever_asks_and_once(system, who, sales, week):
    credits = Credits(week, (who.artist, 70), (who.artist2, 30))
    sales.settle(credits)
    tx = claim(system, who, credits, who.artist)
    assert tx.return_value == 70 == system.token.balanceOf(who.artist)
    event = tx.events["CreditsClaimed"]
    assert [event[n] for n in ("period", "artist", "payee", "amount")] == [week, who.artist, who.artist, 70]
    tx = claim(system, who, credits, who.artist)
    assert tx.return_value == 0 and not tx.events
    assert system.token.balanceOf(who.artist) == 70 == system.prepaid.claimedOf(week, who.artist)
    assert system.prepaid.periods(week)[1:] == (100, 70)
    assert kept(system, [who.buyer], [week]) == 990 * PRICE + 30


def test_one_artist_alone_in_the_tree(system, who, sales, week):
    credits = Credits(week, (who.artist, 70))
    sales.settle(credits)
    assert credits.claim(who.artist)[3] == []
    assert claim(system, who, credits, who.artist).return_value == 70


def test_after_many_settlements_of_one_period(system, who, sales, week):
    paid = 0
    for n in range(1, 6):
        credits = Credits(week, (who.artist, 100 * n), (who.artist2, 11 * n))
        sales.settle(credits, attributed=111)
        if n % 2:
            paid += claim(system, who, credits, who.artist).return_value
            assert paid == 100 * n == system.token.balanceOf(who.artist)
    assert claim(system, who, credits, who.artist2).return_value == 55
    assert system.prepaid.periods(week)[1:] == (555, 555)


def test_long_after_the_period(system, who, sales, week):
    credits = Credits(week, (who.artist, 70), (who.artist2, 30))
    sales.settle(credits)
    mine_at((week + 520) * WEEK)
    later = Credits(week + 520, (who.artist, 5))
    sales.settle(later)
    assert claim(system, who, credits, who.artist).return_value == 70
    assert claim(system, who, later, who.artist).return_value == 5
    assert claim(system, who, credits, who.artist2).return_value == 30


def test_superseded_proof(system, who, sales, week):
    """Of a root that the same period has replaced: the artist fetches the newer file, and gets it all."""
    first = Credits(week, (who.artist, 70), (who.artist2, 30))
    sales.settle(first)
    second = Credits(week, (who.artist, 170), (who.artist2, 30))
    sales.settle(second, attributed=100)
    with reverts("NotCredited", week, who.artist, 70):
        claim(system, who, first, who.artist)
    assert claim(system, who, second, who.artist).return_value == 170


def test_proof_of_another_period(system, who, sales, week):
    first = Credits(week, (who.artist, 70), (who.artist2, 30))
    sales.settle(first)
    mine_at((week + 1) * WEEK)
    sales.settle(Credits(week + 1, (who.artist, 70), (who.artist2, 30)))
    period, artist, amount, proof = first.claim(who.artist)
    with reverts("NotCredited", week + 1, artist, amount):
        system.prepaid.claim(week + 1, artist, amount, proof, {"from": who.other})


def test_root_with_leaves_of_another_period(system, who, sales, week):
    """The root of an operator that mistook the week: its leaves prove nothing until a root fits."""
    sales.settle(Credits(week - 1, (who.artist, 70)), at=week * WEEK)
    for period in (week - 1, week):
        with reverts("NotCredited", period, who.artist, 70):
            system.prepaid.claim(period, who.artist, 70, [], {"from": who.other})
    mended = Credits(week, (who.artist, 71))
    sales.settle(mended, attributed=1)
    assert claim(system, who, mended, who.artist).return_value == 71


def test_malformed_proofs(system, who, sales, week):
    credits = Credits(week, (who.artist, 70), (who.artist2, 30), (who.artist3, 5))
    sales.settle(credits)
    period, artist, amount, proof = credits.claim(who.artist)
    wrong = [[], proof[:-1], [*proof, b"\0" * 32], proof[::-1] if len(proof) > 1 else [proof[0][::-1]],
             [b"\x01" * 32, *proof[1:]], [credits.root], [b"\0" * 32] * 200]
    for path in wrong:
        with reverts("NotCredited", period, artist, amount):
            system.prepaid.claim(period, artist, amount, path, {"from": who.other})
    for change in [(period, artist, amount + 1), (period, who.other, amount), (period + 1, artist, amount),
                   (period, artist, 2**256 - 1), (2**256 - 1, artist, amount)]:
        with reverts("NotCredited", *change):
            system.prepaid.claim(*change, proof, {"from": who.other})


def test_period_without_a_root(system, who):
    """No root is the root of nothing, not of everything."""
    for path in ([], [b"\0" * 32]):
        with reverts("NotCredited", 5, who.artist, 1):
            system.prepaid.claim(5, who.artist, 1, path, {"from": who.other})


def test_root_that_pays_less_takes_nothing_back(system, who, sales, week):
    first = Credits(week, (who.artist, 70), (who.artist2, 30))
    sales.settle(first)
    claim(system, who, first, who.artist)
    second = Credits(week, (who.artist, 10), (who.artist2, 40))
    sales.settle(second, attributed=1)
    assert claim(system, who, second, who.artist).return_value == 0
    assert system.token.balanceOf(who.artist) == 70
    with reverts("PeriodOverdrawn", week, 40, 31):
        claim(system, who, second, who.artist2)
    kept(system, [who.buyer], [week])


def test_root_that_pays_less_than_was_attributed(system, who, sales, week):
    """The rest waits, and a later root of the same period can give it out."""
    first = Credits(week, (who.artist, 70))
    sales.settle(first, attributed=100)
    claim(system, who, first, who.artist)
    assert system.prepaid.periods(week)[1:] == (100, 70)
    second = Credits(week, (who.artist, 70), (who.artist2, 31))
    sales.settle(second, attributed=1)
    assert claim(system, who, second, who.artist2).return_value == 31
    assert system.prepaid.periods(week)[1:] == (101, 101)


def test_operator_over_credits(system, who, sales, week):
    """First come, first served, and never out of another period or a buyer's balance."""
    sales.settle(Credits(week, (who.artist3, 1_000)))
    mine_at((week + 1) * WEEK)
    credits = Credits(week + 1, (who.artist, 80), (who.artist2, 70), (who.other, 2**128))
    sales.settle(credits, attributed=100)
    assert claim(system, who, credits, who.artist).return_value == 80
    with reverts("PeriodOverdrawn", week + 1, 70, 20):
        claim(system, who, credits, who.artist2)
    with reverts("PeriodOverdrawn", week + 1, 2**128, 20):
        claim(system, who, credits, who.other)
    assert kept(system, [who.buyer], [week, week + 1]) == 980 * PRICE + 1_000 + 20
    sales.settle(credits, attributed=50)  # the operator makes good
    assert claim(system, who, credits, who.artist2).return_value == 70


def test_stolen_operator_key(system, who, sales, week):
    """At most what the present period has attributed and not paid: earlier periods' roots never change."""
    old = Credits(week, (who.artist, 500))
    sales.settle(old)
    mine_at((week + 1) * WEEK)
    present = Credits(week + 1, (who.artist, 300), (who.artist2, 100))
    sales.settle(present)
    claim(system, who, present, who.artist2)
    thief = who.operator
    loot = Credits(week + 1, (thief, 10**12))
    sales.settle(loot, attributed=1)
    with reverts("PeriodOverdrawn", week + 1, 10**12, 301):
        claim(system, who, loot, thief)
    loot = Credits(week + 1, (thief, 302))
    sales.settle(loot, attributed=1)
    assert claim(system, who, loot, thief).return_value == 302
    assert claim(system, who, old, who.artist).return_value == 500
    assert kept(system, [who.buyer], [week, week + 1]) == 960 * PRICE


def test_to_the_payee(hostile, who):
    sales, week = Sales(hostile, who), period_now()
    credits = Credits(week, (who.artist, 70), (who.artist2, 30))
    sales.settle(credits)
    hostile.registry.setPayee(who.other, {"from": who.artist})
    tx = claim(hostile, who, credits, who.artist)
    assert (tx.events["CreditsClaimed"]["payee"], tx.return_value) == (who.other, 70)
    assert hostile.token.balanceOf(who.other) == 70
    hostile.registry.setPayee(hostile.prepaid, {"from": who.artist2})
    with reverts("PayeeRefused", hostile.prepaid):
        claim(hostile, who, credits, who.artist2)
    hostile.registry.setPayee(who.artist2, {"from": who.artist2})
    assert claim(hostile, who, credits, who.artist2).return_value == 30


def test_refused_by_the_token(hostile, who):
    sales, week = Sales(hostile, who), period_now()
    credits = Credits(week, (who.artist, 70), (who.artist2, 30))
    sales.settle(credits)
    hostile.token.setBlacklisted(who.artist, True, {"from": who.other})
    with reverts("Blacklisted", who.artist):
        claim(hostile, who, credits, who.artist)
    assert claim(hostile, who, credits, who.artist2).return_value == 30
    hostile.token.setBlacklisted(who.artist, False, {"from": who.other})
    assert claim(hostile, who, credits, who.artist).return_value == 70


def test_reentrant_token(hostile, who):
    sales, week = Sales(hostile, who), period_now()
    credits = Credits(week, (who.artist, 70), (who.artist2, 30))
    sales.settle(credits)
    again = hostile.prepaid.claim.encode_input(*credits.claim(who.artist))
    hostile.token.callDuringTransfer(hostile.prepaid, again, {"from": who.other})
    with reverts("ReentrancyGuardReentrantCall"):
        claim(hostile, who, credits, who.artist)
    assert hostile.prepaid.claimedOf(week, who.artist) == 0
