"""Consent at a block, caches by CID, and what the report says, on the real chain and IPFS node."""

from __future__ import annotations

import hashlib
import shutil

import pytest
from sqlalchemy.orm import make_transient

from backend.errors import InputRefused, IpfsUnavailable
from backend.storage.documents import canonical
from backend.training import artifacts, datasets, service
from backend.training.datasets import IndexDisagrees, NothingToTrainOn
from backend.training.learning import LearningUnits
from backend.training.method import Method
from backend.works import registration
from backend.works.catalogue import works_of
from backend.works.tables import Work, WorkChange
from model.dataset import HashMismatch
from tests.backend.sales_world import METHOD, World, world  # noqa: F401


@pytest.fixture
def withdrawn(world: World):  # noqa: F811
    """Ada withdraws consent for one work; given back afterwards. (block before, the work's hash)"""
    ada = world.artist("Ada")
    block, key = world.ctx.client.block_number(), works_of(world.ctx, ada.address)[0]
    registration.set_consent(world.ctx, ada, [key], 0)
    world.index()
    yield block, key
    registration.set_consent(world.ctx, ada, [key], 1)
    world.index()


def test_consent_counts_as_it_stood_at_the_block(world: World, withdrawn) -> None:  # noqa: F811
    block, key = withdrawn
    now = datasets.consenting_works(world.ctx)
    before = datasets.consenting_works(world.ctx, block)
    assert key not in {work.content_hash for work in now.works}
    assert {work.content_hash for work in before.works} == {work.content_hash for work in now.works} | {key}
    assert before.context["block_number"] == block and before.root() != now.root()


def test_the_dataset_tells_when_each_work_was_registered(world: World) -> None:  # noqa: F811
    """Of near-copies the earliest leads, so a later copy must not look as old as its original."""
    works = datasets.consenting_works(world.ctx).works
    records = registration.records_of(world.ctx, [work.content_hash for work in works])
    assert {w.content_hash: w.registered for w in works} == {k: r.registered_at for k, r in records.items()}
    assert all(work.registered > 0 for work in works)


def test_works_that_nobody_can_read_do_not_end_training(world: World) -> None:  # noqa: F811
    """A stranger registered two (see `sales_world`); they are named with the reason, the others are trained on."""
    manifest = datasets.consenting_works(world.ctx)
    stranger = world.ctx.wallets.address("artist:stranger")
    assert manifest.context["left_out"] == [
        {"content_hash": "0x" + "ab" * 32, "reason": "not_on_ipfs"},
        {"content_hash": "0x" + "cd" * 32, "reason": "invalid_document"},
    ]
    assert len(manifest.works) == 8 and stranger not in manifest.artists
    assert service.trained_model(world.ctx).left_out == 2


def described_as(work_file: bytes) -> dict[str, object]:
    return {
        "title": "t",
        "artist_name": "a",
        "licence": "l",
        "source": "s",
        "tags": [],
        "file": {"width": 1, "height": 1, "media_type": "image/png"},
    }


def test_a_file_that_is_no_picture_or_another_is_named() -> None:
    text = b"this is no picture"
    own = "0x" + hashlib.sha256(text).hexdigest()

    def fetch() -> bytes:
        return text

    assert datasets.why_unreadable(own, lambda: described_as(text), fetch) == "unknown_format"
    assert datasets.why_unreadable("0x" + "00" * 32, lambda: described_as(text), fetch) == "hash_mismatch"
    assert datasets.why_unreadable(own, lambda: {"tags": 1}, fetch) == "description_damaged"

    def unreachable() -> bytes:
        raise IpfsUnavailable("The node does not answer.")

    with pytest.raises(IpfsUnavailable):  # no fault of the work's
        datasets.why_unreadable(own, lambda: described_as(text), unreachable)


def test_before_any_registration_there_is_nothing_to_train_on(world: World) -> None:  # noqa: F811
    with pytest.raises(NothingToTrainOn):
        datasets.consenting_works(world.ctx, world.ctx.contracts.start_block)


def test_an_index_that_invents_consent_is_found_out(world: World, withdrawn) -> None:  # noqa: F811
    _, key = withdrawn
    invented = WorkChange(
        block_hash="0x" + "ee" * 32,
        log_index=0,
        block_number=world.ctx.client.block_number(),
        content_hash=key,
        artist=world.artist("Ada").address,
        metadata_digest="0x" + "dd" * 32,
        consent=1,
    )
    with world.ctx.sessions.begin() as session:
        session.add(invented)
    try:
        with pytest.raises(IndexDisagrees, match=key):
            datasets.consenting_works(world.ctx)
    finally:
        with world.ctx.sessions.begin() as session:
            session.delete(session.get(WorkChange, ("0x" + "ee" * 32, 0)))


def test_an_index_that_misses_a_work_is_found_out(world: World) -> None:  # noqa: F811
    key = works_of(world.ctx, world.artist("Ada").address)[0]
    with world.ctx.sessions.begin() as session:
        row = session.get(Work, key)
        session.delete(row)
    try:
        with pytest.raises(IndexDisagrees, match="1 differ"):
            datasets.consenting_works(world.ctx)
    finally:
        with world.ctx.sessions.begin() as session:
            make_transient(row)
            session.add(row)
    datasets.consenting_works(world.ctx)


def test_models_works_and_indexes_come_from_ipfs_when_absent(world: World) -> None:  # noqa: F811
    trained = service.trained_model(world.ctx)
    manifest = datasets.read_dataset(world.ctx, trained.dataset_cid)
    folders = [world.ctx.settings.data_dir / kind for kind in ("models", "works", "artifacts")]
    kept = sorted(
        path.relative_to(folder) for folder in folders for path in folder.rglob("*") if path.is_file()
    )
    for folder in folders:
        shutil.rmtree(folder)
    assert (artifacts.model_directory(world.ctx, trained.model_cid) / "model_index.json").is_file()
    report = service.read_report(world.ctx, service.report_cid_of(world.ctx))
    for name in ("index", "probes", "retrained", "effects"):
        artifacts.artifact_file(world.ctx, report[f"{name}_cid"])
    for work in manifest.works:
        artifacts.work_file(world.ctx, work)
    again = sorted(
        path.relative_to(folder) for folder in folders for path in folder.rglob("*") if path.is_file()
    )
    assert again == kept


def test_a_file_that_is_not_the_registered_one_is_refused(world: World) -> None:  # noqa: F811
    from dataclasses import replace

    trained = service.trained_model(world.ctx)
    work = datasets.read_dataset(world.ctx, trained.dataset_cid).works[0]
    with pytest.raises(HashMismatch, match="hash to"):
        artifacts.work_file(world.ctx, replace(work, content_hash="0x" + "12" * 32))


def test_settings_hash_is_that_of_the_published_document(world: World) -> None:  # noqa: F811
    trained = service.trained_model(world.ctx)
    document = world.ctx.documents.get(trained.settings_cid, service.SETTINGS_SCHEMA)
    assert trained.settings_hash == "0x" + hashlib.sha256(canonical(document)).hexdigest()
    assert document["started_from"] is None and document["train"]["steps"] == 2


def test_the_report_names_what_it_was_made_from(world: World) -> None:  # noqa: F811
    trained = service.trained_model(world.ctx)
    report = service.read_report(world.ctx, service.report_cid_of(world.ctx, trained.model_cid))
    assert report["model"]["cid"] == trained.model_cid and report["dataset"]["root"] == trained.root
    assert sum(entry["allocation"] for entry in report["allocations"]) == 10**9
    assert {entry["kind"] for entry in report["learning"]} == {"compute"}
    assert report["learning"][0]["account"] == world.ctx.wallets.address("trainer")
    assert {"torch", "python", "diffusers"} <= report["versions"].keys()
    assert Method.from_json(report["method"]) == METHOD
    assert all(entry["low"] <= entry["high"] for entry in report["allocations"])
    assert len(report["allocations"]) == report["dataset"]["artists"] == 4


def test_others_may_have_given_a_part_of_the_compute_and_no_more(world: World) -> None:  # noqa: F811
    trained, other = service.trained_model(world.ctx), "0x" + "ab" * 20
    whole = service._computed(world.ctx, trained, METHOD, 6, [], other)[0].units
    part = [LearningUnits(other, "compute", 3)]
    assert [unit.units for unit in service._computed(world.ctx, trained, METHOD, 6, part, other)] == [3, whole - 3]
    for wrong in (LearningUnits(other, "compute", whole + 1), LearningUnits(other, "captions", 1)):
        with pytest.raises(InputRefused, match=str(whole)):
            service._computed(world.ctx, trained, METHOD, 6, [wrong], other)
