"""What strangers and artists write into the registry is no fault of the platform's until it trains on it."""

from __future__ import annotations

import hashlib

from backend.storage.cid import digest_of
from backend.verify.checks import Findings
from backend.verify.facts import read_facts
from backend.verify.works import check_works
from backend.works import registration
from backend.works.catalogue import works_of
from tests.backend.sales_world import World, quiet

BYTES = "Every work's file and metadata on IPFS are what the chain names"


def checked(world: World) -> dict[str, tuple[bool, str]]:
    findings = Findings()
    check_works(read_facts(world.ctx), findings, False, quiet)
    return {check.name: (check.ok, check.detail) for check in findings.checks}


def test_a_strangers_registration_of_nothing_is_no_finding(forgotten: World) -> None:
    """Without consent no dataset ever names it, nor leaves it out."""
    ctx, stranger = forgotten.ctx, forgotten.buyer(48)
    assert "2 that are not what they should be" in checked(forgotten)[BYTES][1], "of the world's beginning"
    nonsense = bytes.fromhex(digest_of(ctx.ipfs.add(b"no picture"))[2:])
    work = (hashlib.sha256(b"another file").digest(), nonsense, nonsense, 0)
    ctx.sender(stranger).send(ctx.contracts.registry.functions.register([work]))
    ok, detail = checked(forgotten)[BYTES]
    assert ok and "3 that are not what they should be" in detail


def test_what_an_artist_writes_after_the_round_is_no_finding(forgotten: World) -> None:
    ctx, artist = forgotten.ctx, forgotten.artist("Ada")
    work = works_of(ctx, artist.address)[0]
    registration.set_metadata(ctx, artist, {work: ctx.ipfs.add(b"no description")})
    assert checked(forgotten)[BYTES][0]


def test_a_trained_work_whose_description_is_gone_is_one(forgotten: World, monkeypatch) -> None:
    facts = read_facts(forgotten.ctx)
    real = type(facts).document

    def damaged(self, cid: str, schema: str) -> dict:
        return {**real(self, cid, schema), **({"file": {}} if schema == "meltingpot/work@1" else {})}

    monkeypatch.setattr(type(facts), "document", damaged)
    assert not checked(forgotten)[BYTES][0]
