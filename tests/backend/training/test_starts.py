"""Rounds that go on from the round before: new works continue, a withdrawn work ends the line."""

from __future__ import annotations

import pytest

from backend.training import artifacts, datasets, service
from backend.training.starts import start_of
from backend.works import registration
from backend.works.catalogue import works_of
from model.attribution.index import build_index
from model.checkpoint import history_of, load_pipeline, total_steps
from model.dataset import Manifest, WorkRecord
from tests.backend.sales_world import METHOD, TRAINING, World, quiet, world  # noqa: F401


@pytest.fixture(autouse=True)
def remembered(world: World):  # noqa: F811
    """Other tests go on with the model that the world's round was made of."""
    latest = world.ctx.settings.data_dir / "trained" / "latest.json"
    data = latest.read_bytes()
    yield
    latest.write_bytes(data)


def test_a_round_goes_on_from_the_last(world: World) -> None:  # noqa: F811
    last = service.trained_model(world.ctx).model_cid
    manifest = datasets.consenting_works(world.ctx)
    start = start_of(world.ctx, manifest)
    assert start is not None and start.told["model_cid"] == last and start.told["works"] == 8
    more = Manifest((*manifest.works, WorkRecord("0x" + "99" * 32, "", "", "somebody new", "a new work")))
    assert start_of(world.ctx, more) == start
    trained = service.train_round(world.ctx, TRAINING.but(steps=1), quiet)
    assert trained.started_from == start.told
    document = world.ctx.documents.get(trained.settings_cid, service.SETTINGS_SCHEMA)
    assert document["started_from"] == start.told
    history = history_of(artifacts.model_directory(world.ctx, trained.model_cid))
    assert total_steps(history) == start.told["steps"] + 1 and len(history) == 2


@pytest.fixture
def withdrawn(world: World):  # noqa: F811
    """Ada withdraws everything; given back afterwards."""
    ada = world.artist("Ada")
    keys = works_of(world.ctx, ada.address)
    registration.set_consent(world.ctx, ada, keys, 0)
    world.index()
    yield ada.address, set(keys)
    registration.set_consent(world.ctx, ada, keys, 1)
    world.index()


def test_a_withdrawn_work_is_in_no_start_and_in_no_index(world: World, withdrawn) -> None:  # noqa: F811
    ada, keys = withdrawn
    manifest = datasets.consenting_works(world.ctx)
    assert not keys & {work.content_hash for work in manifest.works}
    assert start_of(world.ctx, manifest) is None  # the shipped checkpoint has works that are not here
    trained = service.train_round(world.ctx, TRAINING.but(steps=1), quiet)
    assert trained.started_from is None
    pipeline = load_pipeline(artifacts.model_directory(world.ctx, trained.model_cid))
    dataset = datasets.load_works(world.ctx, manifest, TRAINING.size)
    assert ada not in build_index(pipeline, dataset, METHOD.attribution).artists
