"""setRoyalty and royaltyInfo (ERC-2981): the same for every token, paid to the contract, which passes it on.

setRoyalty
├── caller is not the timelock → OwnableUnauthorizedAccount (test_permissions)
├── above MAX_ROYALTY_BPS → RoyaltyTooHigh, also in the constructor
└── counts from now on, for tokens minted and not
"""

import pytest

from tests.contracts.reverts import reverts


@pytest.mark.parametrize("price", [0, 1, 19, 20, 10_000, 10**18 + 1, 2**200])
def test_at_the_beginning(system, price):
    assert system.generation_token.royaltyInfo(7, price) == (system.generation_token, price * 500 // 10_000)


@pytest.mark.parametrize("bps", [0, 1, 1_000])
def test_set(system, timelock, bps):
    tx = system.generation_token.setRoyalty(bps, {"from": timelock})
    assert tx.events["RoyaltyChanged"]["royaltyBps"] == bps
    assert system.generation_token.royaltyInfo(1, 12_345) == (system.generation_token, 12_345 * bps // 10_000)


def test_too_high(system, who, timelock):
    assert system.generation_token.MAX_ROYALTY_BPS() == 1_000
    with reverts("RoyaltyTooHigh", 1_001, 1_000):
        system.generation_token.setRoyalty(1_001, {"from": timelock})
    with reverts("RoyaltyTooHigh", 1_001, 1_000):
        who.deployer.deploy(system.project.GenerationToken, system.market, system.timelock, 1_001)


def test_nobody_else(system, who):
    with reverts("OwnableUnauthorizedAccount", who.operator):
        system.generation_token.setRoyalty(1, {"from": who.operator})
