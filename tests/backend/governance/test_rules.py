"""Rules as values: the same fields as on the chain, and what a proposal may change."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from backend.governance.errors import RulesRefused
from backend.governance.rules import CHAIN_NAMES, Rules, differences
from backend.governance.service import changed_rules

FIRST = Rules(4000, 3500, 1500, 500, 500, 500, 16, 259_200, 604_800, 604_800, 86_400, 10**6, 10**8, 10**8, 10**23)


def test_the_fields_are_the_contracts_in_the_contracts_order() -> None:
    abi = json.loads((Path(__file__).parents[3] / "build/abis/CompensationRules.json").read_text())
    function = next(item for item in abi if item.get("name") == "rulesOf")
    assert tuple(part["name"] for part in function["outputs"][0]["components"]) == CHAIN_NAMES


def test_json_and_chain_forms_lead_back() -> None:
    assert Rules.from_chain(FIRST.to_chain()) == FIRST
    assert Rules.from_chain(FIRST.to_json()) == FIRST
    assert FIRST.to_json()["mintPerRound"] == str(10**23)


def test_changes_by_either_name() -> None:
    after = changed_rules(FIRST, {"artistsBps": 4500, "platform_bps": 1000})
    assert differences(FIRST, after) == {"artistsBps": (4000, 4500), "platformBps": (1500, 1000)}


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"artistsBps": 4500}, "10,500"), ({"artistBps": 4500}, "artistBps"), ({"artistsBps": 4000}, "nothing")],
)
def test_changes_that_are_refused(changes: dict, message: str) -> None:
    with pytest.raises(RulesRefused, match=message):
        changed_rules(FIRST, changes)
