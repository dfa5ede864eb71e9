"""setConsent and setConsentFor: given and withdrawn by the artist, at any time.

setConsent
├── a work of somebody else, or unknown → NotArtist
├── a bit without meaning → UnknownConsent
└── consent changed, ConsentChanged; what the artist signed before and nobody sent is void
setConsentFor
├── wrong, used or expired signature → BadSignature, SignatureExpired
└── as setConsent, for the artist
"""

from tests.contracts.clock import next_at
from tests.contracts.reverts import reverts
from tests.contracts.works import as_message, signed, work

HASHES = [work(1)[0], work(2)[0]]
NOBODY = "0x" + "00" * 20


def test_withdraw_and_give_again(system, who):
    system.registry.register([work(1), work(2)], {"from": who.artist})
    tx = system.registry.setConsent(HASHES, 0, {"from": who.artist})
    assert [system.registry.recordOf(h)[2] for h in HASHES] == [0, 0]
    assert [e["consent"] for e in tx.events["ConsentChanged"]] == [0, 0]
    system.registry.setConsent(HASHES[:1], 1, {"from": who.artist})
    assert [system.registry.recordOf(h)[2] for h in HASHES] == [1, 0]


def test_not_the_artist(system, who):
    system.registry.register([work(1)], {"from": who.artist})
    with reverts("NotArtist", HASHES[0], who.artist, who.other):
        system.registry.setConsent(HASHES[:1], 0, {"from": who.other})
    with reverts("NotArtist", HASHES[1], NOBODY, who.artist):
        system.registry.setConsent(HASHES, 0, {"from": who.artist})


def test_unknown_consent(system, who):
    with reverts("UnknownConsent", 3, 1):
        system.registry.setConsent([], 3, {"from": who.artist})


def test_signed(system, who):
    system.registry.register([work(1), work(2)], {"from": who.artist})
    signature = signed(system, who.artist, "SetConsent", contentHashes=HASHES, consent=0)
    system.registry.setConsentFor(who.artist, HASHES, 0, *signature, {"from": who.relayer})
    assert [system.registry.recordOf(h)[2] for h in HASHES] == [0, 0]


def test_old_signature_cannot_undo_a_withdrawal(system, who):
    system.registry.register([work(1), work(2)], {"from": who.artist})
    give = signed(system, who.artist, "SetConsent", contentHashes=HASHES, consent=1)
    system.registry.setConsentFor(who.artist, HASHES, 1, *give, {"from": who.relayer})
    system.registry.setConsent(HASHES, 0, {"from": who.artist})
    with reverts("BadSignature", who.artist):
        system.registry.setConsentFor(who.artist, HASHES, 1, *give, {"from": who.relayer})


def test_withdrawal_voids_what_was_signed_before(system, who):
    """A relayer must not hold back a consent and give it again after the artist withdrew it."""
    system.registry.register([work(1), work(2)], {"from": who.artist})
    held_back = signed(system, who.artist, "SetConsent", contentHashes=HASHES, consent=1)
    system.registry.setConsent(HASHES, 0, {"from": who.artist})
    with reverts("BadSignature", who.artist):
        system.registry.setConsentFor(who.artist, HASHES, 1, *held_back, {"from": who.relayer})
    assert system.registry.recordOf(HASHES[0])[2] == 0


def test_registration_on_its_way_can_be_called_back(system, who):
    """Nothing is registered yet, so there is no consent to withdraw: an empty list voids the signature."""
    held_back = signed(system, who.artist, "RegisterWorks", works=as_message([work(1)]))
    system.registry.setConsent([], 0, {"from": who.artist})
    with reverts("BadSignature", who.artist):
        system.registry.registerFor(who.artist, [work(1)], *held_back, {"from": who.relayer})


def test_wrong_signer_and_other_content(system, who):
    system.registry.register([work(1), work(2)], {"from": who.artist})
    wrong = signed(system, who.artist, "SetConsent", signer=who.other, contentHashes=HASHES, consent=0)
    with reverts("BadSignature", who.artist):
        system.registry.setConsentFor(who.artist, HASHES, 0, *wrong, {"from": who.relayer})
    part = signed(system, who.artist, "SetConsent", contentHashes=HASHES[:1], consent=0)
    with reverts("BadSignature", who.artist):
        system.registry.setConsentFor(who.artist, HASHES, 0, *part, {"from": who.relayer})


def test_expired(system, who):
    deadline, signature = signed(system, who.artist, "SetConsent", contentHashes=[], consent=0)
    next_at(deadline + 1)
    with reverts("SignatureExpired", deadline, deadline + 1):
        system.registry.setConsentFor(who.artist, [], 0, deadline, signature, {"from": who.relayer})
