"""proveWork: writes the record of one work of a collection.

proveWork
├── no such collection → UnknownCollection
├── proof for another work, changed fields, or an inner node passed off as a work → NotInCollection
├── the file is registered, by whichever way → AlreadyRegistered
└── artist and time of the collection; consent that both the leaf and the collection give
"""

import pytest

from tests.contracts.clock import DAY, forward, now
from tests.contracts.merkle import Tree
from tests.contracts.reverts import reverts
from tests.contracts.works import leaf, work

WORKS = [work(n, consent=n % 2) for n in range(1, 8)]
TREE = Tree([leaf(w) for w in WORKS])


@pytest.fixture
def registered_at(system, who):
    system.registry.registerCollection(TREE.root, len(WORKS), b"\x32" * 32, 1, {"from": who.artist})
    at = now()
    forward(DAY)
    return at


def prove(system, who, a_work, collection=1, proof=None):
    proof = TREE.proof(leaf(a_work)) if proof is None else proof
    return system.registry.proveWork(collection, a_work, proof, {"from": who.relayer})


def test_every_work(system, who, registered_at):
    for a_work in WORKS:
        prove(system, who, a_work)
        assert system.registry.recordOf(a_work[0]) == (who.artist, registered_at, a_work[3], False)


def test_collection_without_consent(system, who):
    system.registry.registerCollection(TREE.root, len(WORKS), b"\x32" * 32, 0, {"from": who.artist})
    tx = prove(system, who, WORKS[0])
    assert tx.events["WorkRegistered"]["consent"] == 0


@pytest.mark.parametrize("collection", [0, 2])
def test_unknown_collection(system, who, registered_at, collection):
    with reverts("UnknownCollection", collection, 1):
        prove(system, who, WORKS[0], collection=collection)


def test_what_is_not_in_it(system, who, registered_at):
    proof = TREE.proof(leaf(WORKS[0]))
    consenting = WORKS[1][:3] + (1,)
    for a_work, path in [(work(99), proof), (WORKS[1], proof), (WORKS[0], proof[:-1]), (WORKS[0], []),
                         (consenting, TREE.proof(leaf(WORKS[1])))]:
        with reverts("NotInCollection", 1, a_work[0]):
            prove(system, who, a_work, proof=path)


def test_exact_copies(system, who, registered_at):
    prove(system, who, WORKS[0])
    with reverts("AlreadyRegistered", WORKS[0][0], who.artist, registered_at):
        prove(system, who, WORKS[0])
    with reverts("AlreadyRegistered", WORKS[0][0], who.artist, registered_at):
        system.registry.register([WORKS[0]], {"from": who.artist2})
    system.registry.register([WORKS[1]], {"from": who.artist2})
    with reverts("AlreadyRegistered", WORKS[1][0], who.artist2, now()):
        prove(system, who, WORKS[1])


def test_event_says_since_when(system, who, registered_at):
    """The earliest registration leads its cluster: a stranger must learn the time from the events alone."""
    event = prove(system, who, WORKS[0]).events["WorkRegistered"]
    assert event["registeredAt"] == registered_at == system.registry.recordOf(WORKS[0][0])[1] < now()
