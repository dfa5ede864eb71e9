"""Blocks taken back and chains started anew: the tables follow, or the indexer halts and says so."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from backend.chain.client import ChainClient
from backend.chain.indexer import Indexer
from backend.chain.tables import ChainCursor
from backend.context import Context
from backend.errors import IndexerHalted
from tests.backend.chain.conftest import Deployed
from tests.backend.chain.reading import cursor, indexer_of, known, other_context, register, rows_of

# ---- reorganisations ---------------------------------------------------------------------------------------


def test_a_reorganisation_takes_its_events_back(context: Context, indexer: Indexer) -> None:
    stays, goes = register(context, "stays"), register(context, "goes")
    indexer.run_once()
    assert known(context, goes)
    context.client.rpc("anvil_reorg", 1, [])
    assert indexer.run_once() == 0
    assert known(context, stays) and not known(context, goes)
    again = register(context, "goes")
    assert indexer.run_once() == 1 and known(context, again)


def test_a_shorter_chain_is_followed_back(context: Context, indexer: Indexer) -> None:
    snapshot = context.client.rpc("evm_snapshot")
    work = register(context, "taken back")
    indexer.run_once()
    context.client.rpc("evm_revert", snapshot)
    indexer.run_once()
    assert not known(context, work)
    assert cursor(context).block_number == context.client.block_number()


def test_random_reorganisations_leave_what_a_new_database_gets(deployed: Deployed, tmp_path: Path) -> None:
    context = other_context(deployed, tmp_path, indexer_max_rewind=8)
    indexer, chance = indexer_of(context), random.Random(7)
    for i in range(12):
        for j in range(chance.randint(1, 3)):
            register(context, f"random {i} {j}")
        if chance.random() < 0.6:
            indexer.run_once()
        if chance.random() < 0.6:
            context.client.rpc("anvil_reorg", chance.randint(1, 3), [])
    indexer.run_once()
    fresh = other_context(deployed, tmp_path / "fresh")
    indexer_of(fresh).run_once()
    assert rows_of(context.engine) == rows_of(fresh.engine)


def test_a_fork_while_reading_is_left_for_the_next_round(
    context: Context, indexer: Indexer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The block read second is no child of the first: only the first is applied, then the chain is read
    anew."""
    indexer.run_once()
    first, second = register(context, "fork 1"), register(context, "fork 2")
    head = context.client.block_number()
    real, lies = ChainClient.block, [1]

    def forked(self: ChainClient, which: int | str = "latest") -> Any:
        header = real(self, which)
        if which == head and lies:
            lies.pop()
            return {**header, "parentHash": "0x" + "00" * 32}
        return header

    monkeypatch.setattr(ChainClient, "block", forked)
    assert indexer.run_once() == 2
    assert known(context, first) and known(context, second) and not lies


@pytest.mark.parametrize("environment", ["production", "development"])
def test_deeper_than_allowed(deployed: Deployed, tmp_path: Path, environment: str) -> None:
    changes = {"environment": environment, "indexer_max_rewind": 3}
    if environment == "production":
        changes["mnemonic"] = None
    context, actor = other_context(deployed, tmp_path, **changes), other_context(deployed, tmp_path / "actor")
    works = [register(actor, f"deep {environment} {i}") for i in range(6)]
    indexer = indexer_of(context)
    indexer.run_once()
    actor.client.rpc("anvil_reorg", 5, [])
    if environment == "development":  # starts over, as after any reset
        indexer.run_once()
        assert [known(context, work) for work in works] == [True] + [False] * 5
        return
    with pytest.raises(IndexerHalted, match="deeper than the indexer may rewind") as caught:
        indexer.run_once()
    assert "MELTINGPOT_DATABASE_URL" in caught.value.what_to_do
    assert known(context, works[-1])  # nothing was touched


# ---- resets ------------------------------------------------------------------------------------------------


def pretend_other_deployment(context: Context) -> None:
    with context.sessions.begin() as session:
        session.execute(update(ChainCursor).values(deployment_hash="0x" + "99" * 32))


def test_another_deployment_in_development_starts_over(context: Context, indexer: Indexer) -> None:
    indexer.run_once()
    before = rows_of(context.engine)
    pretend_other_deployment(context)
    assert indexer.run_once() > 0
    assert rows_of(context.engine) == before


def test_another_deployment_in_production_halts(deployed: Deployed, tmp_path: Path) -> None:
    context = other_context(deployed, tmp_path, environment="production", mnemonic=None)
    indexer = indexer_of(context)
    indexer.run_once()
    pretend_other_deployment(context)
    with pytest.raises(IndexerHalted, match="another deployment"):
        indexer.run_once()


def test_contracts_of_a_chain_that_is_gone(context: Context) -> None:
    context.contracts.deployment_hash = "0x" + "77" * 32
    with pytest.raises(IndexerHalted, match="started anew"):
        indexer_of(context).run_once()
