"""settle: many buyers' vouchers at once, divided as the rules that they were signed under say.

settle
├── caller is not the market's operator → NotOperator
├── rules version unknown → UnknownVersion; not in force yet → RulesNotInForce; superseded → RulesSuperseded
├── no charges (zero sales), no receipts' root or digest → EmptySettlement
├── a charge is refused → all are (test_vouchers)
├── another period than the present one → WrongPeriod
├── attributed above the artists' share of all sales → CreditsExceedShare
├── attributed without a root or digest of the artists' credits → EmptySettlement
├── a fund's part beyond 64 bits → SafeCastOverflowedUintDowncast
├── token delivers less to the market → PaidTooLittle; calls back → ReentrancyGuardReentrantCall
└── charged, divided: holders and funds in the market at once, artists in the present period
    ├── attributed 0 → no root is touched
    └── within one period → the root is replaced, the sum grows; in the next → a period of its own
"""

import pytest

from scripts.deployment import FIRST_RULES
from tests.contracts.clock import DAY, WEEK, forward, mine_at, next_at, now
from tests.contracts.orders import PRICE, expected, totals
from tests.contracts.prepaid import (
    EMPTY,
    FILE,
    RECEIPTS,
    Credits,
    charge,
    kept,
    period_now,
    prepay,
    settled,
    settlement,
)
from tests.contracts.reverts import reverts
from tests.contracts.rules import changed


@pytest.fixture
def week(system):
    """The beginning of a period, so that none ends within a test; its number."""
    mine_at((now() // WEEK + 1) * WEEK)
    return period_now()


def test_divides_many_sales(system, who, week):
    buyers = [who.buyer, who.other, who.relayer]
    for buyer in buyers:
        prepay(system, buyer)
    charges = [charge(system, buyer, 0, (i + 1) * PRICE) for i, buyer in enumerate(buyers)]
    credits = Credits(week, (who.artist, 1_000_000), (who.artist2, 123_457))
    tx = settled(system, who, charges, credits)
    sums = totals(system)
    assert {n: sums[n] for n in expected(1)} == {**expected(6 * PRICE, 1_123_457), "attributed": 0}
    assert system.pool.deposited() == sums["holders"]
    assert [system.prepaid.balanceOf(b) for b in buyers] == [(9 * PRICE, PRICE), (8 * PRICE, 2 * PRICE),
                                                            (7 * PRICE, 3 * PRICE)]
    assert system.prepaid.periods(week) == ("0x" + credits.root.hex(), 1_123_457, 0)
    assert kept(system, buyers, [week]) == 24 * PRICE + 1_123_457
    event = tx.events["Settled"]
    assert (event["settlementId"], event["period"], event["sales"], event["price"]) == (1, week, 6, 6 * PRICE)
    assert [(e["buyer"], e["amount"], e["spent"]) for e in tx.events["Charged"]] == [
        (b, (i + 1) * PRICE, (i + 1) * PRICE) for i, b in enumerate(buyers)]
    contributed = tx.events["SharesContributed"]
    assert contributed["contributor"] == system.prepaid and contributed["holders"] == sums["holders"]
    assert system.prepaid.settlementCount() == 1


def test_only_the_operator(system, who, timelock):
    prepay(system, who.buyer)
    signed = [charge(system, who.buyer, 0, PRICE)]
    for caller in (who.buyer, who.guardian, timelock):
        with reverts("NotOperator", caller):
            system.prepaid.settle(settlement(), signed, {"from": caller})
    system.market.revokeRole(system.market.OPERATOR_ROLE(), who.operator, {"from": timelock})
    with reverts("NotOperator", who.operator):
        system.prepaid.settle(settlement(), signed, {"from": who.operator})


def test_nothing_to_settle(system, who):
    with reverts("EmptySettlement"):
        system.prepaid.settle(settlement(), [], {"from": who.operator})
    prepay(system, who.buyer)
    signed = [charge(system, who.buyer, 0, PRICE)]
    for missing in ({"receiptsRoot": EMPTY}, {"receiptsDigest": EMPTY}, {"attributed": 1},
                    
                    {"attributed": 1, "artistsRoot": RECEIPTS, "artistsDigest": EMPTY}):
        with reverts("EmptySettlement"):
            system.prepaid.settle(settlement(**{"attributed": 0, **missing}), signed, {"from": who.operator})
    assert system.prepaid.balanceOf(who.buyer) == (10 * PRICE, 0) and system.prepaid.settlementCount() == 0


def test_all_or_none(system, who):
    prepay(system, who.buyer)
    prepay(system, who.other, PRICE)
    with reverts("BalanceTooLow", who.other, PRICE, 2 * PRICE):
        settled(system, who, [charge(system, who.buyer, 0, PRICE), charge(system, who.other, 0, 2 * PRICE)])
    assert system.prepaid.balanceOf(who.buyer) == (10 * PRICE, 0)


def test_no_more_than_the_artists_share(system, who, week):
    prepay(system, who.buyer)
    signed = [charge(system, who.buyer, 0, 3 * PRICE)]
    with reverts("CreditsExceedShare", 1_200_001, 1_200_000):
        settled(system, who, signed, Credits(week, (who.artist, 1_200_001)))
    settled(system, who, signed, Credits(week, (who.artist, 1_200_000)))
    assert system.prepaid.periods(week)["attributed"] == 1_200_000


def test_without_attribution_the_root_stays(system, who, week):
    prepay(system, who.buyer)
    settled(system, who, [charge(system, who.buyer, 0, PRICE)], Credits(week, (who.artist, 400_000)))
    before = system.prepaid.periods(week)
    system.prepaid.settle(settlement(0, b"\x66" * 32, artistsDigest=FILE),
                          [charge(system, who.buyer, PRICE, 2 * PRICE)], {"from": who.operator})
    assert system.prepaid.periods(week) == before
    assert totals(system)["holders"] == 350_000 + 750_000


def test_a_period_collects_and_the_next_begins_anew(system, who, week):
    prepay(system, who.buyer)
    first, second = Credits(week, (who.artist, 1)), Credits(week, (who.artist, 1), (who.artist2, 2))
    settled(system, who, [charge(system, who.buyer, 0, PRICE)], first)
    settled(system, who, [charge(system, who.buyer, PRICE, 2 * PRICE)], second, attributed=2)
    assert system.prepaid.periods(week) == ("0x" + second.root.hex(), 3, 0)
    next_at((week + 1) * WEEK)
    third = Credits(week + 1, (who.artist, 5))
    signed = charge(system, who.buyer, 2 * PRICE, 3 * PRICE, deadline=(week + 2) * WEEK)
    assert settled(system, who, [signed], third).events["Settled"]["period"] == week + 1 == period_now()
    assert system.prepaid.periods(week) == ("0x" + second.root.hex(), 3, 0)
    assert system.prepaid.periods(week + 1) == ("0x" + third.root.hex(), 5, 0)
    assert system.prepaid.currentPeriod() == week + 1
    assert kept(system, [who.buyer], [week, week + 1]) == 7 * PRICE + 8


def test_only_into_the_present_period(system, who, week):
    """A settlement that is mined a second after its week, or says another one, credits nothing: nobody could
    claim by leaves that name a period which is not that of their root."""
    prepay(system, who.buyer)
    signed = [charge(system, who.buyer, 0, PRICE, deadline=(week + 2) * WEEK)]
    for wrong in (week - 1, week + 1):
        with reverts("WrongPeriod", wrong, week):
            system.prepaid.settle(settlement(period=wrong), signed, {"from": who.operator})
    next_at((week + 1) * WEEK)
    with reverts("WrongPeriod", week, week + 1):
        system.prepaid.settle(settlement(period=week), signed, {"from": who.operator})
    assert system.prepaid.balanceOf(who.buyer) == (10 * PRICE, 0)


def test_last_second_of_a_period(system, who, week):
    prepay(system, who.buyer)
    signed = charge(system, who.buyer, 0, PRICE, deadline=(week + 2) * WEEK)
    next_at((week + 1) * WEEK - 1)
    assert settled(system, who, [signed], Credits(week, (who.artist, 5))).events["Settled"]["period"] == week


@pytest.mark.parametrize("version", [0, 2])
def test_unknown_rules(system, who, version):
    prepay(system, who.buyer)
    with reverts("UnknownVersion", version, 1):
        signed = charge(system, who.buyer, 0, PRICE, rulesVersion=version)
        system.prepaid.settle(settlement(rulesVersion=version), [signed], {"from": who.operator})


def test_rules_that_wait_out_their_notice(system, who, timelock):
    """Operator and buyer together cannot begin with them before everybody else."""
    prepay(system, who.buyer)
    system.rules.adopt(changed(artistsBps=3_000, holdersBps=3_000, platformBps=2_500, networkBps=1_000),
                       {"from": timelock})
    since = system.rules.effectiveFrom(2)
    signed = [charge(system, who.buyer, 0, PRICE, rulesVersion=2, deadline=since + DAY)]
    next_at(since - 1)
    with reverts("RulesNotInForce", 2, since):
        system.prepaid.settle(settlement(rulesVersion=2), signed, {"from": who.operator})
    next_at(since)
    told = settlement(rulesVersion=2, period=since // WEEK)
    system.prepaid.settle(told, signed, {"from": who.operator})
    assert totals(system)["platform"] == 250_000


def test_vouchers_under_older_rules_count_by_them(system, who, timelock):
    prepay(system, who.buyer)
    signed = charge(system, who.buyer, 0, PRICE, deadline=now() + 30 * DAY)
    system.rules.adopt(changed(artistsBps=3_000, holdersBps=4_500, pricePerGeneration=2 * PRICE),
                       {"from": timelock})
    forward(3 * DAY)
    with reverts("NotWholeGenerations", who.buyer, PRICE, 2 * PRICE):
        system.prepaid.settle(settlement(rulesVersion=2), [signed], {"from": who.operator})
    settled(system, who, [signed], Credits(period_now(), (who.artist, 400_000)))
    assert totals(system)["holders"] == 350_000


def test_rules_that_ended_an_order_window_ago(system, who, timelock):
    """Operator and buyer cannot keep to a price that the holders have voted away, whatever the buyer signed."""
    prepay(system, who.buyer)
    first, second = (charge(system, who.buyer, i * PRICE, (i + 1) * PRICE, deadline=now() + 99 * DAY)
                     for i in range(2))
    assert system.rules.endsAt(1) == 2**256 - 1
    system.rules.adopt(changed(pricePerGeneration=2 * PRICE), {"from": timelock})
    end = system.rules.effectiveFrom(2)
    assert (system.rules.endsAt(1), system.rules.endsAt(2)) == (end, 2**256 - 1)
    until = end + FIRST_RULES["maxOrderWindow"]
    next_at(until)
    settled(system, who, [first], at=until)
    with reverts("RulesSuperseded", 1, until, until + 1):
        next_at(until + 1)
        settled(system, who, [second], at=until + 1)
    assert kept(system, [who.buyer], []) == 9 * PRICE


def test_part_too_large_for_the_market(system, who):
    price = 2**66 // PRICE * PRICE
    prepay(system, who.buyer, price)
    with reverts("SafeCastOverflowedUintDowncast", 64, expected(price)["holders"]):
        settled(system, who, [charge(system, who.buyer, 0, price)])


def test_fee_on_transfer(hostile, who):
    prepay(hostile, who.buyer)
    hostile.token.setFee(100, {"from": who.other})
    with reverts("PaidTooLittle", PRICE * 99 // 100, PRICE):
        settled(hostile, who, [charge(hostile, who.buyer, 0, PRICE)])
    assert kept(hostile, [who.buyer], []) == 10 * PRICE


@pytest.mark.parametrize("refused", ["market", "prepaid"])
def test_blacklisted_contract(hostile, who, refused):
    """Nothing is charged then; the balance stays the buyer's, and is paid when the token relents."""
    prepay(hostile, who.buyer)
    hostile.token.setBlacklisted(getattr(hostile, refused), True, {"from": who.other})
    with reverts("Blacklisted", getattr(hostile, refused)):
        settled(hostile, who, [charge(hostile, who.buyer, 0, PRICE)])
    assert hostile.prepaid.balanceOf(who.buyer) == (10 * PRICE, 0)


@pytest.mark.parametrize("function", ["deposit", "withdraw", "claim"])
def test_reentrant_token(hostile, who, function):
    prepay(hostile, who.buyer)
    arguments = {"deposit": (who.buyer, 1), "withdraw": (who.buyer,), "claim": (1, who.artist, 1, [])}
    again = getattr(hostile.prepaid, function).encode_input(*arguments[function])
    hostile.token.callDuringTransfer(hostile.prepaid, again, {"from": who.other})
    with reverts("ReentrancyGuardReentrantCall"):
        settled(hostile, who, [charge(hostile, who.buyer, 0, PRICE)])
