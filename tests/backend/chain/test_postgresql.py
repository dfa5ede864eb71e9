"""The same rows on PostgreSQL as on SQLite. Runs where PostgreSQL's server and psycopg are installed."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from backend import migrations
from backend.chain.reconcile import reconcile
from backend.context import Context
from backend.migrations.metadata import metadata
from tests.backend.chain.conftest import Deployed, free_port
from tests.backend.chain.reading import indexer_of, register, rows_of


def server_binaries() -> Path | None:
    """Where initdb and pg_ctl are; None without a PostgreSQL server."""
    if shutil.which("pg_config") is None:
        return None
    found = Path(subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True).stdout.strip())
    return found if (found / "initdb").exists() else None


pytestmark = pytest.mark.skipif(
    server_binaries() is None or importlib.util.find_spec("psycopg") is None,
    reason="needs PostgreSQL's server and psycopg: apt install postgresql, pip install '.[postgresql]'",
)


@pytest.fixture(scope="module")
def postgresql() -> Iterator[str]:
    """The URL of a server of this module alone. Its programs refuse to run as root."""
    binaries = server_binaries()
    assert binaries is not None
    user = "nobody" if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="mp-pg-") as folder:
        if user:
            shutil.chown(folder, user)
        data, port = f"{folder}/data", free_port()

        def run(*command: str) -> None:
            subprocess.run(
                [str(binaries / command[0]), *command[1:]],
                user=user,
                cwd=folder,
                check=True,
                stdout=subprocess.DEVNULL,
            )

        run("initdb", "-D", data, "-A", "trust", "-U", "tester", "--no-sync")
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        run("pg_ctl", "-D", data, "-o", options, "-l", f"{folder}/log", "-w", "start")
        try:
            yield f"postgresql+psycopg://tester@127.0.0.1:{port}/postgres"
        finally:
            run("pg_ctl", "-D", data, "-m", "immediate", "stop")


def test_same_rows_as_sqlite(deployed: Deployed, postgresql: str, tmp_path: Path) -> None:
    server = Context(deployed.settings(tmp_path, database_url=postgresql))
    lite = Context(deployed.settings(tmp_path))

    def index() -> None:
        for context in (server, lite):
            indexer_of(context).run_once()
        assert rows_of(server.engine) == rows_of(lite.engine)

    for i in range(3):
        register(lite, f"postgresql {i}")
    index()
    lite.client.rpc("anvil_reorg", 2, [])
    index()
    indexer_of(server).rebuild()
    assert rows_of(server.engine) == rows_of(lite.engine)
    with server.sessions() as session:
        assert reconcile(session, server.client, server.contracts) == []
    with server.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    migrations.downgrade(server.engine, "base")
    migrations.upgrade(server.engine)
