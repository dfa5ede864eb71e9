"""The statement of all money on a chain where sales come before the first stake: both identities, exactly,
and the streaming rule, after each chapter of a life of the contracts.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.context import Context
from backend.verify.checks import Findings
from backend.verify.facts import read_facts
from backend.verify.money import ELSEWHERE, PARTS, check_money, statement_of
from backend.verify.pool import check_pool
from tests.backend.chain.conftest import deployment
from tests.backend.chain.story import DAY, Story


def balanced(context: Context) -> dict[str, int]:
    """The statement at the head, once nothing in it is wrong."""
    facts, findings = read_facts(context), Findings()
    check_money(facts, findings)
    check_pool(facts, findings)
    assert [check for check in findings.checks if not check.ok] == []
    money = statement_of(facts)
    routed = sum(money[part] for part in PARTS)
    assert money["received"] == routed + sum(money[part] for part in ELSEWHERE)
    assert routed == money["claimed"] + money["owed"]
    return money


@pytest.fixture
def story(tmp_path: Path):
    with deployment(tmp_path / "deployments") as deployed:
        yield Story(Context(deployed.settings(tmp_path)), "statement")


def test_sales_before_the_first_stake_and_several_rounds(story: Story) -> None:
    context = story.context
    assert set(balanced(context).values()) == {0}
    story.sales()  # one fulfilled, one refunded, one open; nobody holds stake
    first = balanced(context)
    assert first["holders"] > 0 and first["escrowed"] > 0 and first["refunded"] > 0
    assert context.contracts.pool.functions.pending().call() == first["holders"], "it waits for holders"
    story.rounds()  # one rejected, one final; the money that waited begins to stream
    assert balanced(context)["holders"] + balanced(context)["carry"] == first["holders"]
    story.prepaid()
    prepaid = balanced(context)
    assert prepaid["prepaid"] == 2 * 10**6 and prepaid["withdrawn"] == 10**6
    assert prepaid["attributed"] == first["attributed"] + 700_000
    context.client.advance_time(3 * DAY + 1)
    balanced(context)
    story.name = "statement again"
    story.sales()
    story.rounds()
    last = balanced(context)
    assert last["received"] == 2 * first["received"] + 5 * 10**6 and last["claimed"] > 0
    context.client.advance_time(60 * DAY)
    assert balanced(context)["received"] == last["received"]
