"""setCollectionConsent and setCollectionConsentFor: consent for those works of a collection that nobody has
proven yet.

setCollectionConsent
├── a collection of somebody else, or unknown → NotCollectionArtist
├── a bit without meaning → UnknownConsent
└── consent changed, CollectionConsentChanged; what the artist signed before and nobody sent is void
    ├── withdrawn → a work proven afterwards, by anybody, has no consent
    ├── given → a work proven afterwards has what its leaf consents to
    └── works proven before keep their own consent
setCollectionConsentFor
├── wrong, used or expired signature, another collection → BadSignature, SignatureExpired
└── as setCollectionConsent, for the artist
"""

from tests.contracts.clock import next_at
from tests.contracts.merkle import Tree
from tests.contracts.reverts import reverts
from tests.contracts.works import as_message, leaf, signed, work

WORKS = [work(1), work(2, consent=0), work(3)]
TREE = Tree([leaf(w) for w in WORKS])
NOBODY = "0x" + "00" * 20


def register(system, who, consent=1):
    system.registry.registerCollection(TREE.root, len(WORKS), b"\x32" * 32, consent, {"from": who.artist})


def proven_consent(system, who, a_work):
    system.registry.proveWork(1, a_work, TREE.proof(leaf(a_work)), {"from": who.other})
    return system.registry.recordOf(a_work[0])[2]


def test_withdrawn_before_anybody_proves_a_work(system, who):
    """Else a stranger could prove a work just before a training, and the artist could only answer after it."""
    register(system, who)
    assert proven_consent(system, who, WORKS[0]) == 1
    tx = system.registry.setCollectionConsent(1, 0, {"from": who.artist})
    assert (tx.events["CollectionConsentChanged"]["artist"], system.registry.collectionOf(1)[3]) == (who.artist, 0)
    assert proven_consent(system, who, WORKS[2]) == 0
    assert system.registry.recordOf(WORKS[0][0])[2] == 1


def test_given_later(system, who):
    register(system, who, consent=0)
    system.registry.setCollectionConsent(1, 1, {"from": who.artist})
    assert [proven_consent(system, who, w) for w in WORKS] == [1, 0, 1]


def test_not_the_artist(system, who):
    register(system, who)
    with reverts("NotCollectionArtist", 1, who.artist, who.other):
        system.registry.setCollectionConsent(1, 0, {"from": who.other})
    with reverts("NotCollectionArtist", 2, NOBODY, who.artist):
        system.registry.setCollectionConsent(2, 0, {"from": who.artist})


def test_unknown_consent(system, who):
    register(system, who)
    with reverts("UnknownConsent", 2, 1):
        system.registry.setCollectionConsent(1, 2, {"from": who.artist})


def test_voids_what_was_signed_before(system, who):
    register(system, who)
    held_back = signed(system, who.artist, "RegisterWorks", works=as_message([work(9)]))
    system.registry.setCollectionConsent(1, 0, {"from": who.artist})
    with reverts("BadSignature", who.artist):
        system.registry.registerFor(who.artist, [work(9)], *held_back, {"from": who.relayer})


def test_signed(system, who):
    register(system, who)
    register(system, who)
    deadline, signature = signed(system, who.artist, "SetCollectionConsent", collectionId=2, consent=0)
    for collection, consent in ((1, 0), (2, 1)):
        with reverts("BadSignature", who.artist):
            system.registry.setCollectionConsentFor(who.artist, collection, consent, deadline, signature,
                                                    {"from": who.relayer})
    tx = system.registry.setCollectionConsentFor(who.artist, 2, 0, deadline, signature, {"from": who.relayer})
    assert tx.events["CollectionConsentChanged"]["collectionId"] == 2
    assert [system.registry.collectionOf(i)[3] for i in (1, 2)] == [1, 0]
    with reverts("BadSignature", who.artist):
        system.registry.setCollectionConsentFor(who.artist, 2, 0, deadline, signature, {"from": who.relayer})


def test_signed_for_somebody_elses_collection(system, who):
    register(system, who)
    signature = signed(system, who.other, "SetCollectionConsent", collectionId=1, consent=0)
    with reverts("NotCollectionArtist", 1, who.artist, who.other):
        system.registry.setCollectionConsentFor(who.other, 1, 0, *signature, {"from": who.relayer})


def test_expired(system, who):
    register(system, who)
    deadline, signature = signed(system, who.artist, "SetCollectionConsent", collectionId=1, consent=0)
    next_at(deadline + 1)
    with reverts("SignatureExpired", deadline, deadline + 1):
        system.registry.setCollectionConsentFor(who.artist, 1, 0, deadline, signature, {"from": who.relayer})
