"""split: the parts sum to the price, for any price, any shares and any credits up to the ceiling."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.core import given  # brownie's own takes a snapshot before each example: slow, not needed

from tests.contracts.reverts import reverts
from tests.contracts.rules import FIRST, changed


@pytest.fixture(scope="module")
def library(system, who):
    return who.deployer.deploy(system.project.SaleSplitMock)


def shares():
    """Five shares that sum to 10,000."""
    cuts = st.lists(st.integers(0, 10_000), min_size=4, max_size=4)
    return cuts.map(lambda c: [b - a for a, b in zip([0, *sorted(c)], [*sorted(c), 10_000])])


@settings(max_examples=60, deadline=None)
@given(price=st.integers(0, 2**160), bps=shares(), part=st.integers(0, 10**6))
def test_sums_to_the_price(library, price, bps, part):
    names = ("artistsBps", "holdersBps", "platformBps", "networkBps", "learningBps")
    rules = changed(**dict(zip(names, bps)))
    ceiling = price * bps[0] // 10_000
    credited = ceiling * part // 10**6
    holders, platform, network, learning = library.split(price, rules, credited)
    assert credited + holders + platform + network + learning == price
    assert (platform, network, learning) == tuple(price * b // 10_000 for b in bps[2:])
    assert holders >= price * bps[1] // 10_000  # rounding favours the holders
    assert library.attributedCeiling(price, rules) == ceiling


@pytest.mark.parametrize("price", [0, 1, 2, 3, 9_999, 10_001])
def test_small_prices(library, price):
    holders, platform, network, learning = library.split(price, FIRST, 0)
    assert holders + platform + network + learning == price


def test_above_the_ceiling(library):
    with reverts("CreditsExceedShare", 400_001, 400_000):
        library.split(10**6, FIRST, 400_001)
