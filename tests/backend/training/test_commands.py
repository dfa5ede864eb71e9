"""`meltingpot round`: answers and errors; training itself is in test_service.py."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from backend.errors import Conflict, InputRefused, NotFound
from backend.training import commands, round_commands, rounds
from tests.backend.sales_world import World, world  # noqa: F401


def run(world: World, *arguments: str):  # noqa: F811
    return CliRunner().invoke(round_commands.round_group, arguments, obj=world.ctx)


def test_list_names_state_and_report(world: World) -> None:  # noqa: F811
    (entry,) = json.loads(run(world, "list", "--json").stdout)["rounds"]
    assert (entry["round_id"], entry["state"]) == (1, "finalised") and entry["report_cid"].startswith(
        "bafybei"
    )


def test_claim_again_claims_nothing(world: World) -> None:  # noqa: F811
    assert json.loads(run(world, "claim", "1", "--json").stdout)["claimed"] == 0


def test_an_unknown_round(world: World) -> None:  # noqa: F811
    assert isinstance(run(world, "finalise", "7").exception, NotFound)


@pytest.mark.parametrize("state", ["proposed", "challenged", "rejected"])
def test_stake_is_claimed_from_finalised_rounds_only(world: World, monkeypatch, state: str) -> None:  # noqa: F811
    known = rounds.round_of(world.ctx, 1)
    monkeypatch.setattr(rounds, "round_of", lambda ctx, round_id: replace(known, state=state))
    refused = run(world, "claim", "1").exception
    assert isinstance(refused, Conflict) and state in str(refused) and refused.what_to_do


@pytest.mark.parametrize(("evidence", "says"), [("{bad", "cannot be read as JSON"), ("[1]", "no JSON object"), (None, "cannot be read")])
def test_evidence_that_is_none(world: World, tmp_path, evidence: str | None, says: str) -> None:  # noqa: F811
    path = tmp_path / "evidence.json"
    if evidence is not None:
        path.write_text(evidence)
    refused = run(world, "challenge", "1", "--account", "0x" + "ab" * 20, "--evidence", str(path)).exception
    assert isinstance(refused, InputRefused) and says in str(refused)


def test_who_is_challenged_must_be_an_address(world: World) -> None:  # noqa: F811
    refused = run(world, "challenge", "1", "--account", "0x12", "--evidence", "x").exception
    assert isinstance(refused, InputRefused) and "no address" in str(refused)


def test_learning_contributors_from_a_file(tmp_path) -> None:
    path = tmp_path / "others.json"
    path.write_text(json.dumps([{"account": "0x" + "ab" * 20, "kind": "compute", "units": 12}]))
    (unit,) = commands._learning_units(path)
    assert (unit.kind, unit.units) == ("compute", 12)


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[1]",
        '[{"account": "0x12", "kind": "compute", "units": 1}]',
        '[{"account": "0x%s", "kind": "captions", "units": 1}]' % ("ab" * 20),
        '[{"account": "0x%s", "kind": "magic", "units": 1}]' % ("ab" * 20),
        '[{"account": "0x%s", "kind": "compute", "units": -1}]' % ("ab" * 20),
    ],
)
def test_a_wrong_list_of_learning_contributors(tmp_path, content: str) -> None:
    path = tmp_path / "captions.json"
    path.write_text(content)
    with pytest.raises(InputRefused):
        commands._learning_units(path)
