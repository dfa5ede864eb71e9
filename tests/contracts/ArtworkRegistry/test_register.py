"""register: works of the caller.

register
├── a file that is registered, by anybody, or twice in this call → AlreadyRegistered, naming the first
├── no content hash or no digest → EmptyHash
├── a consent bit without meaning → UnknownConsent
└── each work recorded with artist, time, consent; WorkRegistered; a failing work undoes the whole call
"""

import pytest

from tests.contracts.clock import next_at, now
from tests.contracts.reverts import reverts
from tests.contracts.works import work


def test_records_each_work(system, who):
    at = now() + 50
    next_at(at)
    tx = system.registry.register([work(1), work(2, consent=0)], {"from": who.artist})
    assert system.registry.recordOf(work(1)[0]) == (who.artist, at, 1, False)
    assert system.registry.recordOf(work(2)[0]) == (who.artist, at, 0, False)
    assert [str(e["ipfsDigest"]) for e in tx.events["WorkRegistered"]] == [
        "0x" + work(n)[1].hex() for n in (1, 2)]


def test_unknown_work(system):
    assert system.registry.recordOf(work(1)[0]) == ("0x" + "00" * 20, 0, 0, False)


@pytest.mark.parametrize("by", ["artist", "artist2"])
def test_exact_copy(system, who, by):
    system.registry.register([work(1)], {"from": who.artist})
    at = now()
    copy = (work(1)[0], work(2)[1], work(2)[2], 0)
    with reverts("AlreadyRegistered", work(1)[0], who.artist, at):
        system.registry.register([work(2), copy], {"from": getattr(who, by)})
    assert system.registry.recordOf(work(2)[0])[1] == 0


def test_twice_in_one_call(system, who):
    at = now() + 50
    next_at(at)
    with reverts("AlreadyRegistered", work(1)[0], who.artist, at):
        system.registry.register([work(1), work(1)], {"from": who.artist})


@pytest.mark.parametrize("position", [0, 1])
def test_empty_hash(system, who, position):
    empty = list(work(1))
    empty[position] = b"\0" * 32
    with reverts("EmptyHash"):
        system.registry.register([empty], {"from": who.artist})


def test_unknown_consent(system, who):
    with reverts("UnknownConsent", 2, 1):
        system.registry.register([work(1, consent=2)], {"from": who.artist})
