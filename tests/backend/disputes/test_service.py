"""Disputes from bond to dataset: who has the work, who may train on it, what a stranger sees."""

from __future__ import annotations

import pytest

from backend.disputes import service
from backend.errors import ContractReverted, NotFound
from backend.royalties.service import earnings
from backend.stake.service import holder
from backend.storage.cid import cid_of_digest
from backend.storage.errors import NotOnIpfs
from backend.training import datasets
from backend.verify.checks import Findings
from backend.verify.disputes import check_disputes
from backend.verify.facts import read_facts
from backend.verify.works import check_works
from backend.works import registration
from backend.works.catalogue import find_work, works_of
from backend.works.descriptions import change_description
from tests.backend.disputes.conftest import DAY_S, as_timelock, opened, ruled
from tests.backend.sales_world import World, quiet

BOND = 100_000_000


def own(world: World, name: str) -> list[str]:
    return works_of(world.ctx, world.artist(name).address)


def dataset(world: World, block: int | None = None) -> dict[str, tuple[str, str]]:
    """Content hash → (artist, title) of the works that a training would take."""
    manifest = datasets.consenting_works(world.ctx, block)
    return {work.content_hash: (work.artist, work.title) for work in manifest.works}


def assert_verified(world: World) -> None:
    findings, facts = Findings(), read_facts(world.ctx)
    check_works(facts, findings, False, quiet)
    check_disputes(facts, findings)
    assert [f"{c.name}: {c.detail}" for c in findings.checks if not c.ok] == []


def test_a_moved_work_needs_its_new_artists_consent(forgotten: World) -> None:
    ctx, bela = forgotten.ctx, forgotten.artist("Béla")
    work = own(forgotten, "Ada")[0]
    before = ctx.client.block_number()
    ruled(forgotten, opened(forgotten, "Béla", work, "authorship"))
    shown = find_work(ctx, work)
    assert (shown["artist"], shown["consent"], shown["revoked"]) == (bela.address, 0, False)
    assert shown["described_by"] == forgotten.artist("Ada").address
    assert work not in dataset(forgotten)
    registration.set_consent(ctx, bela, [work], 1)
    forgotten.index()
    assert dataset(forgotten)[work] == (bela.address, "Ada 0" if shown["title"] == "Ada 0" else "Ada 1")
    assert_verified(forgotten)
    # A training that looks at the block before finds what was true then.
    assert dataset(forgotten, before)[work][0] == forgotten.artist("Ada").address


def test_a_revoked_work_is_in_no_dataset(forgotten: World) -> None:
    ctx, ada = forgotten.ctx, forgotten.artist("Ada")
    work = own(forgotten, "Ada")[0]
    ruled(forgotten, opened(forgotten, "Béla", work, "revocation"))
    assert find_work(ctx, work)["revoked"] and work not in dataset(forgotten)
    assert work not in own(forgotten, "Ada")  # `consent give --all` goes on without it
    with pytest.raises(ContractReverted, match="was revoked by a dispute"):
        registration.set_consent(ctx, ada, [work], 1)
    assert_verified(forgotten)


def test_a_changed_description_is_shown_and_trained_on(forgotten: World) -> None:
    ctx, chidi = forgotten.ctx, forgotten.artist("Chidi")
    work = own(forgotten, "Chidi")[0]
    before, block = find_work(ctx, work)["title"], ctx.client.block_number()
    cid = change_description(ctx, chidi, "Chidi", work, {"title": "A new name", "tags": "new, name"})
    forgotten.index()
    shown = find_work(ctx, work)
    assert (shown["title"], shown["tags"], shown["metadata_cid"]) == ("A new name", ["new", "name"], cid)
    assert dataset(forgotten)[work] == (chidi.address, "A new name")
    assert dataset(forgotten, block)[work] == (chidi.address, before)
    assert_verified(forgotten)


def test_metadata_that_nobody_can_read_hides_the_old_description(forgotten: World) -> None:
    """The cache must not go on showing what the artist has replaced."""
    ctx, chidi = forgotten.ctx, forgotten.artist("Chidi")
    work = own(forgotten, "Chidi")[0]
    find_work(ctx, work)
    registration.set_metadata(ctx, chidi, {work: cid_of_digest("0x" + "ab" * 32)}, direct=True)
    forgotten.index()
    assert find_work(ctx, work)["title"] is None
    assert work not in dataset(forgotten)
    with pytest.raises(NotOnIpfs):
        change_description(ctx, chidi, "Chidi", work, {"title": "too late"})


def test_an_index_with_old_metadata_is_found_out(forgotten: World) -> None:
    from backend.works.tables import WorkChange

    work = own(forgotten, "Chidi")[0]
    with forgotten.ctx.sessions.begin() as session:
        for change in session.query(WorkChange).filter_by(content_hash=work):
            change.metadata_digest, kept = "0x" + "ee" * 32, change.metadata_digest
    try:
        with pytest.raises(datasets.IndexDisagrees, match="other metadata"):
            dataset(forgotten)
    finally:
        with forgotten.ctx.sessions.begin() as session:
            for change in session.query(WorkChange).filter_by(content_hash=work):
                change.metadata_digest = kept


def test_names_do_not_move_with_a_work(forgotten: World) -> None:
    """The author must not be shown under the name of whoever had registered the work."""
    ctx, author = forgotten.ctx, forgotten.ctx.wallets.account("artist:stranger")
    work = own(forgotten, "Ada")[0]
    ctx.client.fund(author.address)
    ctx.sender(forgotten.artist("Béla")).send(ctx.contracts.stake.functions.transfer(author.address, 10**15))
    number = opened(forgotten, "stranger", work, "authorship")
    ruled(forgotten, number)
    assert holder(ctx, author.address)[0].name is None
    change_description(ctx, author, "The author", work, {})
    forgotten.index()
    find_work(ctx, work)
    assert holder(ctx, author.address)[0].name == "The author"
    assert_verified(forgotten)


def test_every_step_with_its_bonds(forgotten: World) -> None:
    ctx, ada, bela = forgotten.ctx, forgotten.artist("Ada"), forgotten.artist("Béla")
    number = opened(forgotten, "Béla", own(forgotten, "Ada")[0], "authorship")
    said = service.publish_evidence(ctx, ada.address, "mine")
    service.answer(ctx, ada, number, said)
    disputes = ctx.contracts.disputes.functions
    as_timelock(forgotten, disputes.decide(number, False))
    service.appeal(ctx, bela, number, service.publish_evidence(ctx, bela.address, "look again"))
    forgotten.index()
    shown = service.find_dispute(ctx, number)
    assert (shown["state"], shown["upheld"], shown["answer_cid"]) == ("appealed", False, said)
    assert (shown["claimant_bond"], shown["respondent_bond"]) == (str(2 * BOND), str(BOND))
    with pytest.raises(ContractReverted, match="possible after"):
        service.execute(ctx, number)
    as_timelock(forgotten, disputes.decideAppeal(number, False))
    assert_verified(forgotten)
    service.execute(ctx, number)
    assert service.claim_bond(ctx, ada.address) == 3 * BOND
    assert service.claim_bond(ctx, ada.address) == 0
    assert_verified(forgotten)
    forgotten.index()
    found, following = service.list_disputes(ctx, shown["content_hash"], "executed", None, 5)
    assert [row["dispute_id"] for row in found] == [number] and following is None


def test_lapsed(forgotten: World) -> None:
    ctx = forgotten.ctx
    number = opened(forgotten, "Béla", own(forgotten, "Ada")[0], "revocation")
    with pytest.raises(ContractReverted, match="possible after"):
        service.lapse(ctx, number)
    ctx.client.advance_time(37 * DAY_S + 1)
    service.lapse(ctx, number)
    forgotten.index()
    assert service.find_dispute(ctx, number)["state"] == "lapsed"
    assert_verified(forgotten)


def test_steps_of_no_dispute(forgotten: World) -> None:
    ctx, ada = forgotten.ctx, forgotten.artist("Ada")
    with pytest.raises(ContractReverted, match="Dispute 99 is in state 0"):
        service.answer(ctx, ada, 99, service.publish_evidence(ctx, ada.address, "?"))
    with pytest.raises(NotFound):
        service.find_dispute(ctx, 99)


def test_payee_is_shown_with_the_earnings(forgotten: World) -> None:
    ctx, ada = forgotten.ctx, forgotten.artist("Ada")
    assert earnings(ctx, ada.address).payee == ada.address
    other = forgotten.artist("Béla").address
    registration.set_payee(ctx, ada, other)
    forgotten.index()
    assert earnings(ctx, ada.address).payee == other
    assert_verified(forgotten)
    registration.set_payee(ctx, ada, ada.address, direct=True)
    forgotten.index()
    assert earnings(ctx, ada.address).payee == ada.address
    assert_verified(forgotten)
