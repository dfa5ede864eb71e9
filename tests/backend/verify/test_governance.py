"""Votes as a stranger sees them, whoever carries them out."""

from __future__ import annotations

from backend.governance import service as governance
from backend.governance.proposals import content_of
from backend.verify.checks import Findings
from backend.verify.facts import read_facts
from backend.verify.governance import check_governance
from tests.backend.sales_world import World
from tests.backend.verify.conftest import DAY_S


def test_a_vote_that_somebody_executes_in_the_timelock_is_no_finding(forgotten: World) -> None:
    """Anybody may: the governor then tells nothing of it."""
    ctx = forgotten.ctx
    names = ("Ada", "Béla", "Chidi")
    for name in names:
        ctx.sender(forgotten.artist(name))
        ctx.client.fund(forgotten.artist(name).address)
    proposal = governance.propose_text(ctx, forgotten.artist("Chidi"), "A text", "Words.")
    ctx.client.advance_time(DAY_S + 1)
    for name in names:
        governance.vote(ctx, forgotten.artist(name), proposal, governance.SUPPORT["for"])
    ctx.client.advance_time(5 * DAY_S + 1)
    forgotten.index()
    governance.queue(ctx, proposal)
    ctx.client.advance_time(2 * DAY_S + 1)
    targets, values, calls, description_hash = content_of(ctx, proposal)
    governor = bytes.fromhex(ctx.contracts.governor.address[2:]).ljust(32, b"\0")
    salt = bytes(x ^ y for x, y in zip(governor, description_hash, strict=True))
    execute = ctx.contracts.timelock.functions.executeBatch(targets, values, calls, bytes(32), salt)
    ctx.sender("relayer").send(execute)
    findings = Findings()
    check_governance(read_facts(ctx), findings)
    assert [check.name for check in findings.checks if not check.ok] == []
    assert governance.state_of(ctx, proposal).state == "executed"
