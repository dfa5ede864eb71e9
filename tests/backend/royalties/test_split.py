"""The split is conserved for every price and every rules, and equal to what the contract did."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.generations.attribution import ALLOCATION_TOTAL, allocations_of, credits_of
from backend.governance.rules import Rules
from backend.royalties.split import attributed_ceiling, split

FIRST = Rules(4000, 3500, 1500, 500, 500, 500, 16, 259_200, 604_800, 604_800, 86_400, 10**6, 10**8, 10**8, 10**23)


@st.composite
def rules(draw) -> Rules:
    cuts = sorted(draw(st.lists(st.integers(0, 10_000), min_size=4, max_size=4)))
    shares = [b - a for a, b in zip([0, *cuts], [*cuts, 10_000], strict=True)]
    return Rules(*shares, *FIRST.to_chain()[5:])


@st.composite
def allocations(draw) -> list[dict]:
    weights = draw(st.lists(st.integers(1, 10**6), min_size=0, max_size=16))
    given = [ALLOCATION_TOTAL * weight // sum(weights) for weight in weights]
    if given:
        given[0] += ALLOCATION_TOTAL - sum(given)
    return [{"artist": "0x" + f"{i + 1:040x}", "allocation": amount} for i, amount in enumerate(given)]


prices = st.one_of(st.integers(0, 50), st.integers(0, 2**128 - 1))


@settings(deadline=None)
@given(rules(), prices, st.data())
def test_parts_sum_to_the_price(rules: Rules, price: int, data) -> None:
    credited = data.draw(st.integers(0, attributed_ceiling(price, rules)))
    found = split(price, rules, credited)
    assert found.total == price
    assert min(found.holders, found.platform, found.network, found.learning) >= 0
    assert found.holders >= price * rules.holders_bps // 10_000


@settings(deadline=None)
@given(rules(), prices, allocations(), st.integers(0, 10_000))
def test_credits_stay_under_the_ceiling_and_are_never_zero(
    rules: Rules, price: int, allocations, w_bps: int
) -> None:
    credits = credits_of({"w_bps": w_bps, "allocations": allocations}, rules, price)
    assert all(amount > 0 for _, amount in credits)
    assert sum(amount for _, amount in credits) <= attributed_ceiling(price, rules) * w_bps // 10_000
    assert len({artist for artist, _ in credits}) == len(credits)
    assert credits == sorted(credits, key=lambda credit: (-credit[1], credit[0].lower()))
    split(price, rules, sum(amount for _, amount in credits))


def test_more_than_the_ceiling_is_refused() -> None:
    with pytest.raises(ValueError, match="400001"):
        split(10**6, FIRST, 400_001)


def test_weak_attribution_pays_the_holders() -> None:
    record = {"w_bps": 2_500, "allocations": [{"artist": "0x" + "ab" * 20, "allocation": ALLOCATION_TOTAL}]}
    ((_, amount),) = credits_of(record, FIRST, 10**6)
    assert amount == 100_000
    assert split(10**6, FIRST, amount).holders == 650_000


def test_nobody_above_the_threshold_means_no_credits() -> None:
    assert allocations_of({"0x" + "ab" * 20: 5}, 5, 1, 16) == {}
    assert allocations_of({"0x" + "ab" * 20: 11, "0x" + "cd" * 20: 10}, 5, 2, 16) == {
        "0x" + "ab" * 20: ALLOCATION_TOTAL
    }
    assert allocations_of({"0x" + "ab" * 20: 9}, 0, 1, 0) == {}
