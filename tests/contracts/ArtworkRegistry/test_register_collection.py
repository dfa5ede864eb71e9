"""registerCollection and registerCollectionFor: any number of works by one Merkle root.

registerCollection
├── no root or no works → EmptyHash
├── a bit without meaning → UnknownConsent
└── collection recorded, ids from 1, CollectionRegistered
registerCollectionFor
├── wrong or expired signature → BadSignature, SignatureExpired
└── as registerCollection, for the artist
"""

import pytest

from tests.contracts.clock import next_at, now
from tests.contracts.reverts import reverts
from tests.contracts.works import signed

ROOT, METADATA = b"\x31" * 32, b"\x32" * 32


def test_recorded(system, who):
    at = now() + 50
    next_at(at)
    tx = system.registry.registerCollection(ROOT, 3000, METADATA, 1, {"from": who.artist})
    assert tx.return_value == system.registry.collectionCount() == 1
    assert system.registry.collectionOf(1)[:4] == (who.artist, at, 3000, 1)
    assert tx.events["CollectionRegistered"]["count"] == 3000
    assert system.registry.registerCollection(ROOT, 1, METADATA, 0, {"from": who.artist2}).return_value == 2


@pytest.mark.parametrize("root, count", [(b"\0" * 32, 1), (ROOT, 0)])
def test_empty(system, who, root, count):
    with reverts("EmptyHash"):
        system.registry.registerCollection(root, count, METADATA, 1, {"from": who.artist})


def test_unknown_consent(system, who):
    with reverts("UnknownConsent", 128, 1):
        system.registry.registerCollection(ROOT, 1, METADATA, 128, {"from": who.artist})


def test_signed(system, who):
    content = {"root": ROOT, "count": 5, "metadataDigest": METADATA, "consent": 1}
    wrong = signed(system, who.artist, "RegisterCollection", **{**content, "count": 6})
    with reverts("BadSignature", who.artist):
        system.registry.registerCollectionFor(who.artist, *content.values(), *wrong, {"from": who.relayer})
    right = signed(system, who.artist, "RegisterCollection", **content)
    system.registry.registerCollectionFor(who.artist, *content.values(), *right, {"from": who.relayer})
    assert system.registry.collectionOf(1)[0] == who.artist
    with reverts("BadSignature", who.artist):
        system.registry.registerCollectionFor(who.artist, *content.values(), *right, {"from": who.relayer})


def test_expired(system, who):
    content = {"root": ROOT, "count": 5, "metadataDigest": METADATA, "consent": 1}
    deadline, signature = signed(system, who.artist, "RegisterCollection", **content)
    next_at(deadline + 1)
    with reverts("SignatureExpired", deadline, deadline + 1):
        system.registry.registerCollectionFor(who.artist, *content.values(), deadline, signature,
                                              {"from": who.relayer})
