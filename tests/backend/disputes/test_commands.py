"""`meltingpot dispute`, `metadata`, `payee`: answers and exit codes."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from backend import cli
from backend.cli import main
from backend.disputes import commands, service
from backend.governance import commands as governance
from backend.works import commands as works
from backend.works.catalogue import find_work, works_of
from tests.backend.disputes.conftest import DAY_S, as_timelock, opened
from tests.backend.sales_world import INKS, World

BOND = 100_000_000


def run(world: World, command, *arguments: str):
    return CliRunner().invoke(command, [*arguments, "--json"], obj=world.ctx, catch_exceptions=True)


def answer_of(result) -> dict:
    assert result.exit_code == 0, (result.output, result.exception)
    return json.loads(result.stdout)


def test_a_dispute_from_the_command_line(forgotten: World) -> None:
    ctx = forgotten.ctx
    work = works_of(ctx, forgotten.artist("Ada").address)[0]
    said = ("--evidence", "Drawn by me.")
    typed = work.upper().replace("0X", "0x")
    first = run(forgotten, commands.dispute, "open", typed, "--kind", "authorship",
                "--account", "artist:Béla", *said)
    number = str(answer_of(first)["dispute_id"])
    assert answer_of(run(forgotten, commands.dispute, "answer", number, "--account", "artist:Ada", *said))
    as_timelock(forgotten, ctx.contracts.disputes.functions.decide(int(number), True))
    assert answer_of(run(forgotten, commands.dispute, "appeal", number, "--account", "artist:Ada", *said))
    ctx.client.advance_time(30 * DAY_S + 1)
    forgotten.index()
    early = run(forgotten, commands.dispute, "lapse", number)
    assert "is in state 4" in str(early.exception)
    ctx.contracts.disputes.functions.execute(int(number)).call()
    ctx.sender("relayer").send(ctx.contracts.disputes.functions.execute(int(number)))
    forgotten.index()
    listed = answer_of(run(forgotten, commands.dispute, "list", "--work", work))
    assert [(row["dispute_id"], row["state"], row["upheld"]) for row in listed] == [(int(number), "executed", True)]
    paid = answer_of(run(forgotten, commands.dispute, "claim-bond", "artist:Béla"))
    assert paid == {"account": forgotten.artist("Béla").address, "amount": str(3 * BOND)}


def test_holders_are_asked_to_rule(forgotten: World) -> None:
    """The proposal calls decide, of an appealed dispute decideAppeal, and is refused while neither may."""
    ctx, disputes = forgotten.ctx, forgotten.ctx.contracts.disputes
    number = opened(forgotten, "Béla", works_of(ctx, forgotten.artist("Ada").address)[0], "authorship")
    votes = ctx.contracts.stake.functions.getVotes
    holder = max(INKS, key=lambda name: votes(forgotten.artist(name).address).call())
    arguments = ("propose-ruling", str(number), "upheld", "--account", f"artist:{holder}")
    assert "possible after" in str(run(forgotten, governance.vote, *arguments).exception)

    def proposed(call) -> None:
        answer_of(run(forgotten, governance.vote, *arguments))
        events = ctx.contracts.governor.events.ProposalCreated()
        (log,) = events.get_logs(from_block=ctx.client.block_number())
        assert log["args"]["targets"] == [disputes.address]
        assert log["args"]["calldatas"] == [bytes.fromhex(call._encode_transaction_data()[2:])]

    ctx.client.advance_time(7 * DAY_S + 1)
    proposed(disputes.functions.decide(number, True))
    as_timelock(forgotten, disputes.functions.decide(number, True))
    service.appeal(ctx, forgotten.artist("Ada"), number, service.publish_evidence(ctx, "0x", "Not so."))
    proposed(disputes.functions.decideAppeal(number, True))


def test_wrong_usage(forgotten: World) -> None:
    bad = run(forgotten, commands.dispute, "open", "0x12", "--kind", "revocation", "--account", "artist:Ada",
              "--evidence", "x")
    assert "no content hash" in str(bad.exception)
    assert run(forgotten, commands.dispute, "execute", "0").exit_code == 2
    nothing = run(forgotten, works.metadata, "0x" + "ab" * 32, "--artist", "Ada")
    assert "Nothing is to be changed" in str(nothing.exception)
    assert "is no address" in str(run(forgotten, works.payee, "Béla", "--artist", "Ada").exception)


def test_metadata(forgotten: World) -> None:
    work = works_of(forgotten.ctx, forgotten.artist("Ada").address)[0]
    refused = run(forgotten, works.metadata, work, "--artist", "Ada", "--title", "a\x00b")
    assert "control characters" in str(refused.exception)
    done = run(forgotten, works.metadata, work, "--artist", "Ada", "--title", "Night", "--tags", "dark, late")
    forgotten.index()
    shown = find_work(forgotten.ctx, work)
    assert shown["metadata_cid"] == answer_of(done)["metadata_cid"]
    assert (shown["title"], shown["tags"], shown["licence"]) == ("Night", ["dark", "late"], "CC0-1.0")
    foreign = run(forgotten, works.metadata, work, "--artist", "Béla", "--title", "Mine")
    assert "belongs to" in str(foreign.exception)


def test_payee(forgotten: World) -> None:
    ada, other = forgotten.artist("Ada").address, forgotten.artist("Béla").address
    payee_of = forgotten.ctx.contracts.registry.functions.payeeOf(ada)
    assert answer_of(run(forgotten, works.payee, other.lower(), "--artist", "Ada")) == {"artist": ada, "payee": other}
    assert payee_of.call() == other
    answer_of(run(forgotten, works.payee, "self", "--artist", "Ada", "--direct"))
    assert payee_of.call() == ada


@pytest.mark.parametrize("command", ["dispute", "metadata", "payee"])
def test_every_help_shows_an_example(command: str, capsys) -> None:
    with pytest.raises(SystemExit) as stop:
        main([command, "--help"])
    assert stop.value.code == 0 and f"meltingpot {command}" in capsys.readouterr().out
    assert command in cli.COMMANDS
