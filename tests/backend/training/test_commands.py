"""`meltingpot round`: answers and errors; training itself is in test_service.py."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from backend.errors import InputRefused, NotFound
from backend.training import commands
from tests.backend.sales_world import World, world  # noqa: F401


def run(world: World, *arguments: str):  # noqa: F811
    return CliRunner().invoke(commands.round_group, arguments, obj=world.ctx)


def test_list_names_state_and_report(world: World) -> None:  # noqa: F811
    (entry,) = json.loads(run(world, "list", "--json").stdout)["rounds"]
    assert (entry["round_id"], entry["state"]) == (1, "finalised") and entry["report_cid"].startswith(
        "bafybei"
    )


def test_claim_again_claims_nothing(world: World) -> None:  # noqa: F811
    assert json.loads(run(world, "claim", "1", "--json").stdout)["claimed"] == 0


def test_an_unknown_round(world: World) -> None:  # noqa: F811
    assert isinstance(run(world, "finalise", "7").exception, NotFound)


def test_learning_contributors_from_a_file(tmp_path) -> None:
    path = tmp_path / "captions.json"
    path.write_text(json.dumps([{"account": "0x" + "ab" * 20, "kind": "captions", "units": 12}]))
    (unit,) = commands._learning_units(path)
    assert (unit.kind, unit.units) == ("captions", 12)


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[1]",
        '[{"account": "0x12", "kind": "captions", "units": 1}]',
        '[{"account": "0x%s", "kind": "magic", "units": 1}]' % ("ab" * 20),
        '[{"account": "0x%s", "kind": "compute", "units": -1}]' % ("ab" * 20),
    ],
)
def test_a_wrong_list_of_learning_contributors(tmp_path, content: str) -> None:
    path = tmp_path / "captions.json"
    path.write_text(content)
    with pytest.raises(InputRefused):
        commands._learning_units(path)
