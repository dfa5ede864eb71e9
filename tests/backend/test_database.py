"""Exact integers, transactions that do not trip over each other, and the schema's revisions."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, func, inspect, select
from sqlalchemy.dialects import sqlite

from backend import migrations
from backend.database import Uint256, chain_owned_tables, make_engine, make_sessions, session_scope
from backend.errors import ConfigurationError, ServiceUnavailable
from backend.migrations.metadata import metadata
from backend.stake.tables import StakeBalance

uints = st.integers(0, 2**256 - 1)


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    engine = make_engine(f"sqlite:///{tmp_path / 'folder' / 'test.db'}")
    migrations.upgrade(engine)
    return engine


@given(uints, uints)
def test_uint256_is_exact_and_keeps_its_order(a: int, b: int) -> None:
    column, dialect = Uint256(), sqlite.dialect()
    stored = [column.process_bind_param(value, dialect) for value in (a, b)]
    assert [column.process_result_value(value, dialect) for value in stored] == [a, b]
    assert (stored[0] < stored[1]) == (a < b)


@pytest.mark.parametrize("value", [-1, 2**256])
def test_uint256_refuses_what_it_cannot_hold(value: int) -> None:
    with pytest.raises(ValueError, match="no uint256"):
        Uint256().process_bind_param(value, sqlite.dialect())


def test_uint256_compares_in_sql(engine: Engine) -> None:
    with session_scope(engine) as session:
        session.add_all(
            [StakeBalance(account=str(i), balance=value) for i, value in enumerate((9, 10**30, 2**255, 0))]
        )
    with make_sessions(engine)() as session:
        assert session.scalar(select(func.max(StakeBalance.balance))) == 2**255
        assert session.scalars(select(StakeBalance.account).where(StakeBalance.balance > 9)).all() == [
            "1",
            "2",
        ]


def test_scope_rolls_back(engine: Engine) -> None:
    with pytest.raises(RuntimeError), session_scope(engine) as session:
        session.add(StakeBalance(account="a", balance=1))
        raise RuntimeError
    with session_scope(engine) as session:
        assert session.get(StakeBalance, "a") is None


def test_readers_and_writers_wait_for_each_other(engine: Engine) -> None:
    """Eight threads that read, then write: none fails with `database is locked`, nothing is lost."""
    with session_scope(engine) as session:
        session.add(StakeBalance(account="a", balance=0))
    failures: list[Exception] = []

    def add_ten(number: int) -> None:
        try:
            for i in range(10):
                with session_scope(engine) as session:
                    session.scalars(select(StakeBalance)).all()
                    session.add(StakeBalance(account=f"{number}.{i}", balance=1))
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=add_ten, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failures == []
    with session_scope(engine) as session:
        assert session.scalar(select(func.count()).select_from(StakeBalance)) == 81


def test_newest_revision_makes_the_tables(engine: Engine) -> None:
    with engine.connect() as connection:
        assert migrations.current(connection) == migrations.newest()
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_downgrade_to_nothing_and_back(engine: Engine) -> None:
    migrations.downgrade(engine, "base")
    assert inspect(engine).get_table_names() == ["alembic_version"]
    migrations.upgrade(engine)
    assert set(inspect(engine).get_table_names()) == {*metadata.tables, "alembic_version"}


def test_processes_that_start_together_migrate_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'test.db'}"
    failures: list[Exception] = []

    def start() -> None:
        try:
            migrations.upgrade(make_engine(url))
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=start) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failures == []


def test_chains_tables_are_marked() -> None:
    names = {table.name for table in chain_owned_tables()}
    assert {"works", "orders", "stake_balances", "credits"} <= names
    assert not names & {"work_documents", "prompts", "jobs", "chain_events", "chain_cursor"}


def test_bad_urls(tmp_path: Path) -> None:
    for url in ("nonsense", "nosuchdb://x"):
        with pytest.raises(ConfigurationError, match="database URL"):
            make_engine(url)
    (tmp_path / "dir.db").mkdir()
    with pytest.raises(ServiceUnavailable, match="does not open"):
        migrations.upgrade(make_engine(f"sqlite:///{tmp_path / 'dir.db'}"))
