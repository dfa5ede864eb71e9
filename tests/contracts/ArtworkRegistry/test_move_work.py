"""moveWork and revokeWork: what a dispute does to a record.

moveWork, revokeWork
├── by anybody but the disputes' contract → NotDisputes (test_permissions)
└── unknown work → NotArtist
moveWork
└── artist changed, time kept, consent 0, a revocation lifted; WorkMoved
revokeWork
└── artist and time kept, consent 0; WorkRevoked
    ├── consent given → RevokedWork; withdrawn: goes through
    └── registered again by any way → AlreadyRegistered
"""

import brownie
import pytest

from tests.contracts.clock import DAY, forward
from tests.contracts.merkle import Tree
from tests.contracts.reverts import reverts
from tests.contracts.works import as_message, leaf, signed, work

CONTENT = work(1)[0]
NOBODY = "0x" + "00" * 20


@pytest.fixture
def disputes(system):
    return brownie.accounts.at(system.disputes.address, force=True)


@pytest.fixture
def since(system, who):
    system.registry.register([work(1), work(2)], {"from": who.artist})
    since = system.registry.recordOf(CONTENT)[1]
    forward(DAY)
    return since


def test_moved(system, who, disputes, since):
    tx = system.registry.moveWork(CONTENT, who.artist2, {"from": disputes})
    event = tx.events["WorkMoved"]
    assert (event["contentHash"], event["from"], event["to"]) == ("0x" + CONTENT.hex(), who.artist, who.artist2)
    assert system.registry.recordOf(CONTENT) == (who.artist2, since, 0, False)
    assert system.registry.recordOf(work(2)[0])[0] == who.artist
    with reverts("NotArtist", CONTENT, who.artist2, who.artist):
        system.registry.setConsent([CONTENT], 1, {"from": who.artist})
    system.registry.setConsent([CONTENT], 1, {"from": who.artist2})
    assert system.registry.recordOf(CONTENT)[2] == 1


def test_revoked(system, who, disputes, since):
    tx = system.registry.revokeWork(CONTENT, {"from": disputes})
    assert (tx.events["WorkRevoked"]["artist"], len(tx.events)) == (who.artist, 1)
    assert system.registry.recordOf(CONTENT) == (who.artist, since, 0, True)
    with reverts("RevokedWork", CONTENT):
        system.registry.setConsent([work(2)[0], CONTENT], 1, {"from": who.artist})
    signature = signed(system, who.artist, "SetConsent", contentHashes=[CONTENT], consent=1)
    with reverts("RevokedWork", CONTENT):
        system.registry.setConsentFor(who.artist, [CONTENT], 1, *signature, {"from": who.relayer})
    system.registry.setConsent([work(2)[0], CONTENT], 0, {"from": who.artist})
    assert system.registry.recordOf(CONTENT)[2:] == (0, True)


def test_revoked_then_moved(system, who, disputes, since):
    system.registry.revokeWork(CONTENT, {"from": disputes})
    system.registry.moveWork(CONTENT, who.artist2, {"from": disputes})
    assert system.registry.recordOf(CONTENT) == (who.artist2, since, 0, False)


def test_unknown_work(system, who, disputes):
    with reverts("NotArtist", CONTENT, NOBODY, system.disputes):
        system.registry.moveWork(CONTENT, who.artist, {"from": disputes})
    with reverts("NotArtist", CONTENT, NOBODY, system.disputes):
        system.registry.revokeWork(CONTENT, {"from": disputes})


@pytest.mark.parametrize("moved", [False, True])
def test_no_way_in_again(system, who, disputes, since, moved):
    """Directly, relayed, in a batch or out of a collection: the record stands for the file for ever."""
    system.registry.revokeWork(CONTENT, {"from": disputes})
    if moved:
        system.registry.moveWork(CONTENT, who.artist2, {"from": disputes})
    holder = who.artist2 if moved else who.artist
    tree = Tree([leaf(work(n)) for n in (1, 3)])
    system.registry.registerCollection(tree.root, 2, b"\x32" * 32, 1, {"from": who.artist})
    batch = [work(3), work(1)]
    relayed = signed(system, who.artist3, "RegisterWorks", works=as_message(batch))
    for way in (lambda: system.registry.register([work(1)], {"from": who.artist}),
                lambda: system.registry.register(batch, {"from": who.artist3}),
                lambda: system.registry.registerFor(who.artist3, batch, *relayed, {"from": who.relayer}),
                lambda: system.registry.proveWork(1, work(1), tree.proof(leaf(work(1))), {"from": who.other})):
        with reverts("AlreadyRegistered", CONTENT, holder, since):
            way()
