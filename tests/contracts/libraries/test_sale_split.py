"""addTo: the parts sum to the price, for any price, any shares and any credits up to the ceiling.

addTo
├── credits above floor(price · artistsBps / 10,000) → CreditsExceedShare
└── credited + holders + platform + network + learning == price; rounding favours the holders
"""

import pytest
from hypothesis import example, settings
from hypothesis import strategies as st
from hypothesis.core import given  # brownie's own takes a snapshot before each example: slow, not needed

from tests.contracts.reverts import reverts

FIRST = (4_000, 1_500, 500, 500)
MOST = 2**128 - 1


def shares():
    """Artists, platform, network, learning; with the holders' they sum to 10,000."""
    cuts = st.lists(st.integers(0, 10_000), min_size=4, max_size=4)
    return cuts.map(lambda c: [b - a for a, b in zip([0, *sorted(c)], sorted(c))])


@settings(max_examples=150, deadline=None)
@given(price=st.one_of(st.integers(0, 20_000), st.integers(0, MOST)), bps=shares(),
       part=st.integers(0, 10**6))
@example(price=MOST, bps=[10_000, 0, 0, 0], part=10**6)
@example(price=MOST, bps=[0, 0, 0, 10_000], part=0)
@example(price=MOST, bps=[2_500, 2_500, 2_500, 2_500], part=10**6)
@example(price=MOST, bps=[0, 0, 0, 0], part=0)
def test_sums_to_the_price(libraries, price, bps, part):
    ceiling = price * bps[0] // 10_000
    credited = ceiling * part // 10**6
    holders, platform, network, learning = libraries.split(price, *bps, credited)
    assert credited + holders + platform + network + learning == price
    assert (platform, network, learning) == tuple(price * b // 10_000 for b in bps[1:])
    assert holders >= price * (10_000 - sum(bps)) // 10_000
    with reverts("CreditsExceedShare", ceiling + 1, ceiling):
        libraries.split(price, *bps, ceiling + 1)


@pytest.mark.parametrize("price", [0, 1, 2, 3, 9_999, 10_001])
def test_small_prices(libraries, price):
    holders, *funds = libraries.split(price, *FIRST, 0)
    assert funds == [price * bps // 10_000 for bps in FIRST[1:]]
    assert holders == price - sum(funds)


def test_above_the_ceiling(libraries):
    assert sum(libraries.split(10**6, *FIRST, 400_000)) == 600_000
    with reverts("CreditsExceedShare", 400_001, 400_000):
        libraries.split(10**6, *FIRST, 400_001)
