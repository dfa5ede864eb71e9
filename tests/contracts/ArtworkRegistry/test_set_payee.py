"""setPayee and setPayeeFor: who is paid what sales owe to an artist.

setPayee
├── the artist itself or 0 → nobody else any more
└── any other address; PayeeChanged; what the artist signed before and nobody sent is void
setPayeeFor
├── wrong, used or expired signature, another payee, another chain → BadSignature, SignatureExpired
└── as setPayee, for the artist
"""

import pytest

from tests.contracts.clock import next_at
from tests.contracts.reverts import reverts
from tests.contracts.signing import key_of
from tests.contracts.works import signed

NOBODY = "0x" + "00" * 20


def test_itself_unless_named(system, who):
    assert system.registry.payeeOf(who.artist) == who.artist


def test_named(system, who):
    tx = system.registry.setPayee(who.other, {"from": who.artist})
    assert (tx.events["PayeeChanged"]["artist"], tx.events["PayeeChanged"]["payee"]) == (who.artist, who.other)
    assert system.registry.payeeOf(who.artist) == who.other
    assert system.registry.payeeOf(who.artist2) == who.artist2


@pytest.mark.parametrize("cleared", [NOBODY, "artist"])
def test_cleared(system, who, cleared):
    system.registry.setPayee(who.other, {"from": who.artist})
    payee = who.artist.address if cleared == "artist" else cleared
    tx = system.registry.setPayee(payee, {"from": who.artist})
    assert system.registry.payeeOf(who.artist) == tx.events["PayeeChanged"]["payee"] == who.artist


def test_signed(system, who):
    deadline, signature = signed(system, who.artist, "SetPayee", payee=who.other.address)
    with reverts("BadSignature", who.artist):
        system.registry.setPayeeFor(who.artist, who.relayer, deadline, signature, {"from": who.relayer})
    system.registry.setPayeeFor(who.artist, who.other, deadline, signature, {"from": who.relayer})
    assert system.registry.payeeOf(who.artist) == who.other
    with reverts("BadSignature", who.artist):
        system.registry.setPayeeFor(who.artist, who.other, deadline, signature, {"from": who.relayer})


@pytest.mark.parametrize("changes", [{"chain_id": 1}, {"nonce": 1}, {"signer": "other"}])
def test_signatures_that_do_not_fit(system, who, changes):
    if "signer" in changes:
        changes = {"signer": key_of(who.other).address}
    wrong = signed(system, who.artist, "SetPayee", payee=who.other.address, **changes)
    with reverts("BadSignature", who.artist):
        system.registry.setPayeeFor(who.artist, who.other, *wrong, {"from": who.relayer})


def test_expired(system, who):
    deadline, signature = signed(system, who.artist, "SetPayee", payee=who.other.address)
    next_at(deadline + 1)
    with reverts("SignatureExpired", deadline, deadline + 1):
        system.registry.setPayeeFor(who.artist, who.other, deadline, signature, {"from": who.relayer})


def test_old_payee_cannot_come_back(system, who):
    """Signed for a payee, held back, and the artist named another one meanwhile."""
    held_back = signed(system, who.artist, "SetPayee", payee=who.other.address)
    system.registry.setPayee(NOBODY, {"from": who.artist})
    with reverts("BadSignature", who.artist):
        system.registry.setPayeeFor(who.artist, who.other, *held_back, {"from": who.relayer})


def test_message_of_one_kind_is_none_of_another(system, who):
    """A consent and a payee both carry an artist, a nonce and a deadline: the type's hash tells them apart."""
    wrong = signed(system, who.artist, "SetConsent", contentHashes=[], consent=1)
    with reverts("BadSignature", who.artist):
        system.registry.setPayeeFor(who.artist, who.other, *wrong, {"from": who.relayer})
