"""saleTerms and saleTermsOf: of each version what a sale needs, and nothing else than its rules say.

saleTermsOf
├── unknown version → UnknownVersion
└── the version's, in force or not

saleTerms: the version in force now; the one before while the newest waits
"""

import pytest

from tests.contracts.clock import DAY, mine_at, next_at, now
from tests.contracts.reverts import reverts
from tests.contracts.rules import changed

NOTICE_S = 2 * DAY
SAME = ("maxOrderWindow", "artistsBps", "platformBps", "networkBps", "learningBps", "maxCredits")


def assert_says_what_the_rules_say(system, version):
    terms, rules = system.rules.saleTermsOf(version).dict(), system.rules.rulesOf(version).dict()
    assert terms["unitPrice"] == rules["pricePerGeneration"]
    assert terms["effectiveFrom"] == system.rules.effectiveFrom(version)
    assert {n: terms[n] for n in SAME} == {n: rules[n] for n in SAME}


@pytest.mark.parametrize("version", [0, 2])
def test_unknown_version(system, version):
    with reverts("UnknownVersion", version, 1):
        system.rules.saleTermsOf(version)


def test_of_the_version_in_force(system, timelock):
    assert_says_what_the_rules_say(system, 1)
    at = now() + 50
    next_at(at)
    second = changed(artistsBps=3_000, holdersBps=3_600, platformBps=1_600, networkBps=800, learningBps=1_000,
                     maxCredits=64, maxOrderWindow=30 * DAY, pricePerGeneration=2_000_000)
    system.rules.adopt(second, {"from": timelock})
    assert_says_what_the_rules_say(system, 2)
    for time, version in [(at + NOTICE_S - 1, 1), (at + NOTICE_S, 2), (at + 50 * NOTICE_S, 2)]:
        mine_at(time)
        assert system.rules.saleTerms() == (version, system.rules.saleTermsOf(version))
        assert system.rules.currentVersion() == version


def test_largest_price_of_all(system, who):
    """What no vote may pass is also what fits: 96 bits."""
    dear = changed(pricePerGeneration=2**96 - 1, maxCredits=64)
    rules = who.deployer.deploy(system.project.CompensationRules, system.timelock, dear)
    terms = rules.saleTermsOf(1).dict()
    assert (terms["unitPrice"], terms["maxCredits"]) == (2**96 - 1, 64)
    with reverts("OutOfBounds", "pricePerGeneration", 2**96, 1, 2**96 - 1):
        dearer = changed(pricePerGeneration=2**96)
        who.deployer.deploy(system.project.CompensationRules, system.timelock, dearer)
