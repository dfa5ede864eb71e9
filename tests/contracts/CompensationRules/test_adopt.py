"""adopt: the next version, in force after the notice period.

adopt
├── caller is not the timelock (test_permissions)
├── a version waits → VersionWaiting
├── shares do not sum to 10,000 → SharesSum
├── beyond an absolute limit, or too far from the last version → OutOfBounds
└── version numbered, in force NOTICE_PERIOD later; older versions stay as they were
"""

import brownie
import pytest

from tests.contracts.clock import DAY, forward, mine_at, next_at, now
from tests.contracts.reverts import reverts
from tests.contracts.rules import FIRST, changed

NOTICE_S = 2 * DAY


def test_first_version_is_in_force_at_once(system):
    assert system.rules.currentVersion() == system.rules.latestVersion() == 1
    assert system.rules.rulesOf(1) == system.rules.current() == FIRST
    assert system.rules.effectiveFrom(1) <= now()


def test_comes_into_force_after_the_notice(system, timelock):
    at = now() + 50
    next_at(at)
    tx = system.rules.adopt(changed(maxCredits=8), {"from": timelock})
    assert tx.return_value == 2
    event = tx.events["RulesAdopted"]
    assert (event["version"], event["effectiveFrom"]) == (2, at + NOTICE_S)
    assert system.rules.latestVersion() == 2 and system.rules.currentVersion() == 1
    mine_at(at + NOTICE_S - 1)
    assert system.rules.currentVersion() == 1
    mine_at(at + NOTICE_S)
    assert system.rules.currentVersion() == 2
    assert system.rules.current() == changed(maxCredits=8)
    assert system.rules.rulesOf(1) == FIRST


def test_one_waits_at_a_time(system, timelock):
    system.rules.adopt(FIRST, {"from": timelock})
    waiting_until = now() + NOTICE_S
    next_at(waiting_until - 1)
    with reverts("VersionWaiting", 2, waiting_until):
        system.rules.adopt(FIRST, {"from": timelock})
    next_at(waiting_until)
    assert system.rules.adopt(FIRST, {"from": timelock}).return_value == 3


@pytest.mark.parametrize("version", [0, 2])
def test_unknown_version(system, version):
    with reverts("UnknownVersion", version, 1):
        system.rules.rulesOf(version)
    with reverts("UnknownVersion", version, 1):
        system.rules.effectiveFrom(version)


def test_shares_sum(system, timelock):
    with reverts("SharesSum", 10_001, 10_000):
        system.rules.adopt(changed(artistsBps=4_001), {"from": timelock})


@pytest.mark.parametrize("changes, field, value, least, most", [
    ({"artistsBps": 5_001, "holdersBps": 2_499}, "artistsBps", 5_001, 3_000, 5_000),
    ({"artistsBps": 2_999, "holdersBps": 4_501}, "artistsBps", 2_999, 3_000, 5_000),
    ({"platformBps": 2_501, "holdersBps": 2_499}, "holdersBps", 2_499, 2_500, 4_500),
    ({"learningMintBps": 1_501}, "learningMintBps", 1_501, 0, 1_500),
    ({"learningMintBps": 5_001}, "learningMintBps", 5_001, 0, 5_000),
    ({"maxCredits": 0}, "maxCredits", 0, 1, 64),
    ({"maxCredits": 65}, "maxCredits", 65, 1, 64),
    ({"challengeWindow": DAY - 1}, "challengeWindow", DAY - 1, DAY, 30 * DAY),
    ({"streamPeriod": 90 * DAY + 1}, "streamPeriod", 90 * DAY + 1, DAY, 90 * DAY),
    ({"maxOrderWindow": 3_599}, "maxOrderWindow", 3_599, 3_600, 30 * DAY),
    ({"mintInterval": 3_599}, "mintInterval", 3_599, 3_600, 365 * DAY),
    ({"mintInterval": 365 * DAY + 1}, "mintInterval", 365 * DAY + 1, 3_600, 365 * DAY),
    ({"pricePerGeneration": 0}, "pricePerGeneration", 0, 1, 2**96 - 1),
    ({"pricePerGeneration": 2**96}, "pricePerGeneration", 2**96, 1, 2**96 - 1),
    ({"pricePerGeneration": 2_000_001}, "pricePerGeneration", 2_000_001, 500_000, 2_000_000),
    ({"proposalBond": 49_999_999}, "proposalBond", 49_999_999, 50_000_000, 200_000_000),
    ({"challengeBond": 0}, "challengeBond", 0, 1, 2**128 - 1),
    ({"mintPerRound": 200_001 * 10**18}, "mintPerRound", 200_001 * 10**18, 50_000 * 10**18, 200_000 * 10**18),
])
def test_limits(system, timelock, changes, field, value, least, most):
    with reverts("OutOfBounds", field, value, least, most):
        system.rules.adopt(changed(**changes), {"from": timelock})


def test_floors_that_no_vote_can_lift(system, who, timelock):
    """Step by step down to the artists' floor, and no further."""
    for artists, platform in [(3_000, 2_500), (2_000, 3_000)]:
        system.rules.adopt(changed(artistsBps=artists, platformBps=platform,
                                   holdersBps=9_000 - artists - platform), {"from": timelock})
        forward(NOTICE_S)
    with reverts("OutOfBounds", "artistsBps", 1_999, 2_000, 10_000):
        system.rules.adopt(changed(artistsBps=1_999, platformBps=3_000, holdersBps=4_001), {"from": timelock})
    with reverts("OutOfBounds", "artistsBps+holdersBps", 5_999, 6_000, 10_000):
        system.rules.adopt(changed(artistsBps=2_000, platformBps=3_001, holdersBps=3_999), {"from": timelock})


def test_first_version_has_limits_too(system, who):
    with brownie.reverts("OutOfBounds: artistsBps, 1999, 2000, 10000"):
        who.deployer.deploy(system.project.CompensationRules, system.timelock,
                            changed(artistsBps=1_999, holdersBps=5_501))


def test_version_at_any_time(system, timelock):
    since = [system.rules.effectiveFrom(1)]
    for days in (10, 20, 30, 40):
        system.rules.adopt(changed(streamPeriod=days * DAY), {"from": timelock})
        since.append(now() + NOTICE_S)
        forward(3 * DAY)
    for index, time in enumerate(since):
        assert system.rules.versionAt(time) == index + 1
        assert system.rules.versionAt(time - 1) == max(index, 1)
        assert system.rules.streamPeriodAt(time) == (7, 10, 20, 30, 40)[index] * DAY
    assert system.rules.versionAt(2**64) == 5
