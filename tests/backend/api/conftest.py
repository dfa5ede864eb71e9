"""A client of the API on the world of the sales tests, and what its tests share."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from backend.app import create_app
from tests.backend.sales_world import World, world  # noqa: F401 - the fixture


@pytest.fixture(scope="module")
def client(world: World):  # noqa: F811
    with TestClient(create_app(world.ctx.settings), raise_server_exceptions=False) as client:
        client.app.state.ctx = world.ctx
        yield client
