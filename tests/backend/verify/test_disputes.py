"""Disputes as a stranger sees them: honest ones are right, what no ruling allows is found."""

from __future__ import annotations

import pytest

from backend.disputes import service
from backend.works import registration
from backend.works.catalogue import works_of
from tests.backend.disputes.conftest import opened, ruled
from tests.backend.sales_world import World
from tests.backend.verify.test_attacks import assert_found, findings, impersonate

MOVED = "Works were moved and revoked by executed rulings and nothing else"


@pytest.fixture
def works(forgotten: World) -> list[str]:
    """Ada's two works; everybody who opens a dispute has gas."""
    for name in ("Ada", "Béla", "Chidi"):
        forgotten.ctx.client.fund(forgotten.artist(name).address)
    forgotten.index()
    return works_of(forgotten.ctx, forgotten.artist("Ada").address)


def test_honest_disputes(forgotten: World, works: list[str]) -> None:
    """Won and lost, moved and revoked, open and claimed, beside a round and its sales."""
    opened(forgotten, "Chidi", works[0], "authorship")
    ruled(forgotten, opened(forgotten, "Béla", works[0], "authorship"))
    ruled(forgotten, opened(forgotten, "Béla", works[1], "revocation"))
    ruled(forgotten, opened(forgotten, "Chidi", works[0], "revocation"), upheld=False)
    service.claim_bond(forgotten.ctx, forgotten.artist("Béla").address)
    registration.set_payee(forgotten.ctx, forgotten.artist("Béla"), forgotten.artist("Ada").address)
    assert findings(forgotten) == []


@pytest.mark.parametrize("what", ["moveWork", "revokeWork"])
def test_a_work_taken_without_a_ruling(forgotten: World, works: list[str], what: str) -> None:
    registry = forgotten.ctx.contracts.registry.functions
    key = bytes.fromhex(works[0][2:])
    thief = forgotten.buyer(44).address
    call = registry.moveWork(key, thief) if what == "moveWork" else registry.revokeWork(key)
    impersonate(forgotten, "disputes", call)
    assert_found(forgotten, MOVED)


def test_bonds_that_were_paid_out_without_being_owed(forgotten: World, works: list[str]) -> None:
    opened(forgotten, "Béla", works[0], "authorship")
    token = forgotten.ctx.contracts.token.functions
    impersonate(forgotten, "disputes", token.transfer(forgotten.buyer(44).address, 1))
    found = findings(forgotten)
    assert len(found) == 1 and "The disputes hold every bond that was not paid back" in found[0]


@pytest.mark.parametrize("role", ["registry", "disputes"])
def test_a_node_that_leaves_a_move_out(forgotten: World, works: list[str], monkeypatch, role: str) -> None:
    """Without the registry's log the record differs, without the disputes' the ruling is missing."""
    from backend.verify import service as verify

    ruled(forgotten, opened(forgotten, "Béla", works[0], "authorship"))
    hidden = {"registry": "WorkMoved", "disputes": "DisputeExecuted"}[role]
    real = verify.read_facts

    def without(ctx):
        facts = real(ctx)
        facts.events = [event for event in facts.events if event.name != hidden]
        return facts

    monkeypatch.setattr(verify, "read_facts", without)
    assert_found(forgotten, MOVED)
