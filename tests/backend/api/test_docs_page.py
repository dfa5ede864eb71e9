"""/docs: everything it loads comes from this server."""
from __future__ import annotations

import re

from fastapi.testclient import TestClient

from backend.app import create_app


def test_the_page_loads_only_from_here() -> None:
    client = TestClient(create_app())
    page = client.get("/docs").text
    sources = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(sources) >= 2
    for source in sources:
        assert source.startswith("/")
        assert client.get(source).status_code == 200


def test_its_files_stay_in_their_folder() -> None:
    assert TestClient(create_app()).get("/docs/files/..%2f..%2fpyproject.toml").status_code == 404
