"""`meltingpot order`, `claim` and `vote` as a person calls them."""

from __future__ import annotations

import json
import re
import threading

import pytest
from click.testing import CliRunner

from backend.cli import cli
from backend.errors import MeltingPotError
from backend.governance import service as governance
from tests.backend.sales_world import INKS, World


@pytest.fixture(scope="module")
def run(world: World):
    """Calls a command while an indexer runs beside it, as it does in production."""
    ended = threading.Event()

    def index() -> None:
        while not ended.wait(0.05):
            world.index()

    thread = threading.Thread(target=index)
    thread.start()
    yield lambda *arguments: CliRunner().invoke(cli, list(arguments), obj=world.ctx)
    ended.set()
    thread.join()


@pytest.mark.parametrize(
    "command",
    [
        ("order",),
        ("order", "new"),
        ("order", "show"),
        ("order", "list"),
        ("order", "refund"),
        ("claim",),
        ("vote",),
        ("vote", "rules"),
        ("vote", "propose-rules"),
        ("vote", "propose-text"),
        ("vote", "cast"),
        ("vote", "queue"),
        ("vote", "execute"),
        ("vote", "list"),
    ],
)
def test_every_help_shows_an_example(run, command: tuple[str, ...]) -> None:
    result = run(*command, "--help")
    assert result.exit_code == 0, result.output
    assert re.search(r"Examples?:", result.output) and "meltingpot " + command[0] in result.output


def test_order_show_list_and_refund(world: World, run) -> None:
    paid = run(
        "order",
        "a red circle",
        "--buyer",
        "buyer:21",
        "--pay",
        "authorization",
        "--fund",
        "--deadline-in",
        "400",
        "--json",
    )
    assert paid.exit_code == 0, paid.output
    order_id = json.loads(paid.output)["order_id"]
    shown = run("order", "show", order_id)
    assert "a red circle" in shown.output and "1.000000" in shown.output
    assert order_id in run("order", "list", "--state", "requested").output
    early = run("order", "refund", order_id)
    assert isinstance(early.exception, MeltingPotError) and early.exception.exit_code == 3
    world.ctx.client.advance_time(401)
    assert json.loads(run("order", "refund", order_id, "--json").output) == {"refunded": [order_id]}
    assert json.loads(run("order", "show", order_id, "--json").output)["state"] == "refunded"


@pytest.mark.parametrize("pay", ["approve", "permit"])
def test_a_prompt_that_looks_like_a_command_is_ordered_with_new(run, pay: str) -> None:
    result = run("order", "new", "list", "--buyer", "buyer:22", "--pay", pay, "--fund", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.output)["prompt"] == "list"


def test_options_may_stand_before_the_prompt(run) -> None:
    result = run("order", "--buyer", "buyer:22", "--fund", "--json", "a green square")
    assert result.exit_code == 0, result.output
    assert json.loads(result.output)["prompt"] == "a green square"


def test_wrong_usage_says_what_is_wrong(run) -> None:
    for arguments in (
        ("order", "refund"),
        ("claim",),
        ("claim", "--all", "--account", "buyer:1"),
        ("vote", "cast", "1", "--account", "artist:Ada"),
        ("vote", "queue", "one"),
        ("vote", "propose-rules", "--set", "artistsBps", "--account", "artist:Ada"),
    ):
        error = run(*arguments).exception
        assert isinstance(error, MeltingPotError) and error.exit_code == 2, arguments
    assert run("order", "x", "--pay", "cash").exit_code == 2


def test_claim_for_one_and_for_all(world: World, run) -> None:
    due = json.loads(run("claim", "--all", "--dry-run", "--json").output)
    paid = json.loads(run("claim", "--all", "--json").output)
    assert {line["account"] for line in due["due"]} <= {line["account"] for line in paid["claimed"]}
    one = json.loads(run("claim", "--account", "artist:Ada", "--json").output)
    assert int(one["total"]) < 10**6
    assert "paid out" in run("claim", "--all").output


def test_a_vote_from_the_command_line(world: World, run, tmp_path) -> None:
    voter = max(
        INKS,
        key=lambda n: world.ctx.contracts.stake.functions.getVotes(world.artist(n).address).call(),
    )
    world.ctx.client.fund(world.artist(voter).address)
    account = ("--account", f"artist:{voter}")
    text = tmp_path / "resolution.md"
    text.write_text("# Names on every receipt\n\nAs it says.\n")
    proposal = json.loads(run("vote", "propose-text", str(text), *account, "--json").output)["proposal_id"]
    cast = run("vote", "cast", proposal, "--for", "--by-signature", "--advance-time", *account)
    assert cast.exit_code == 0 and "voted for with" in cast.output, cast.output
    assert "Names on every receipt" in run("vote", "list").output
    assert json.loads(run("vote", "queue", proposal, "--advance-time", "--json").output)["state"] == "queued"
    assert (
        json.loads(run("vote", "execute", proposal, "--advance-time", "--json").output)["state"] == "executed"
    )
    rules = json.loads(run("vote", "rules", "--json").output)
    assert rules["version"] == governance.current_rules(world.ctx)[0]
    assert "artistsBps" in run("vote", "rules").output


def test_order_and_wait(world: World, run) -> None:
    done = threading.Event()

    def work() -> None:
        worker = world.worker()
        while not done.wait(0.1):
            world.index()
            worker.run_once()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        result = run("order", "a red circle", "--buyer", "buyer:23", "--fund", "--wait", "--timeout", "30")
    finally:
        done.set()
        thread.join()
    assert result.exit_code == 0, (result.output, result.exception)
    assert "fulfilled" in result.output and "ipfs://" in result.output
