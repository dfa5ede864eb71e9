"""setMetadata and setMetadataFor: new descriptions of works, by their artist.

setMetadata
├── lists of different lengths → LengthsDiffer
├── a work of somebody else, or unknown → NotArtist
└── MetadataChanged for each; the record stays; what the artist signed before and nobody sent is void
setMetadataFor
├── wrong, used or expired signature, other works or other digests → BadSignature, SignatureExpired
└── as setMetadata, for the artist
"""

from tests.contracts.clock import next_at
from tests.contracts.reverts import reverts
from tests.contracts.works import signed, work

HASHES = [work(1)[0], work(2)[0]]
DIGESTS = [b"\x41" * 32, b"\x42" * 32]
NOBODY = "0x" + "00" * 20


def register(system, who):
    system.registry.register([work(1), work(2)], {"from": who.artist})


def test_changed(system, who):
    register(system, who)
    before = [system.registry.recordOf(h) for h in HASHES]
    events = system.registry.setMetadata(HASHES, DIGESTS, {"from": who.artist}).events["MetadataChanged"]
    assert [str(e["metadataDigest"]) for e in events] == ["0x" + d.hex() for d in DIGESTS]
    assert {e["artist"] for e in events} == {who.artist}
    assert [system.registry.recordOf(h) for h in HASHES] == before


def test_lengths(system, who):
    register(system, who)
    with reverts("LengthsDiffer", 2, 1):
        system.registry.setMetadata(HASHES, DIGESTS[:1], {"from": who.artist})


def test_not_the_artist(system, who):
    with reverts("NotArtist", HASHES[0], NOBODY, who.artist):
        system.registry.setMetadata(HASHES, DIGESTS, {"from": who.artist})
    register(system, who)
    with reverts("NotArtist", HASHES[0], who.artist, who.other):
        system.registry.setMetadata(HASHES, DIGESTS, {"from": who.other})


def test_signed(system, who):
    register(system, who)
    content = {"contentHashes": HASHES, "metadataDigests": DIGESTS}
    signature = signed(system, who.artist, "SetMetadata", **content)
    for hashes, digests in [(HASHES[:1], DIGESTS), (HASHES, DIGESTS[::-1]), (DIGESTS, HASHES)]:
        with reverts("BadSignature", who.artist):
            system.registry.setMetadataFor(who.artist, hashes, digests, *signature, {"from": who.relayer})
    tx = system.registry.setMetadataFor(who.artist, HASHES, DIGESTS, *signature, {"from": who.relayer})
    assert len(tx.events["MetadataChanged"]) == 2
    with reverts("BadSignature", who.artist):
        system.registry.setMetadataFor(who.artist, HASHES, DIGESTS, *signature, {"from": who.relayer})


def test_expired(system, who):
    register(system, who)
    content = {"contentHashes": HASHES, "metadataDigests": DIGESTS}
    deadline, signature = signed(system, who.artist, "SetMetadata", **content)
    next_at(deadline + 1)
    with reverts("SignatureExpired", deadline, deadline + 1):
        system.registry.setMetadataFor(who.artist, HASHES, DIGESTS, deadline, signature, {"from": who.relayer})


def test_direct_change_voids_what_was_signed_before(system, who):
    """Else whoever holds an older description back could put it over a newer one."""
    register(system, who)
    content = {"contentHashes": HASHES, "metadataDigests": DIGESTS}
    held_back = signed(system, who.artist, "SetMetadata", **content)
    system.registry.setMetadata(HASHES, DIGESTS[::-1], {"from": who.artist})
    with reverts("BadSignature", who.artist):
        system.registry.setMetadataFor(who.artist, HASHES, DIGESTS, *held_back, {"from": who.relayer})
