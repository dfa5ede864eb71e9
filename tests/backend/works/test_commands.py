"""`meltingpot import`, `register`, `consent`: answers and exit codes."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from backend import cli
from backend.works import commands, registration
from tests.backend.sales_world import World


def run(world: World, command, *arguments: str):
    return CliRunner().invoke(command, arguments, obj=world.ctx, catch_exceptions=True)


def test_import_twice(forgotten: World, manifest) -> None:
    path = str(manifest(("Ada", "#0a0a0a"), ("Zoe", "#0b0b0b")))
    done = run(forgotten, commands.import_works, path)
    assert done.exit_code == 0 and "2 works registered" in done.output
    done = run(forgotten, commands.import_works, path, "--json")
    answer = json.loads(done.stdout)
    assert done.exit_code == 0 and (answer["accepted"], answer["already_registered"]) == (0, 2)


def test_a_refused_line_is_told_and_counts_in_the_exit_code(forgotten: World, manifest) -> None:
    path = manifest(("Ada", "#0a0a0a"))
    path.write_text(path.read_text() + "\n{broken")
    done = run(forgotten, commands.import_works, str(path))
    assert done.exit_code == 3 and "line 2:" in done.stderr and "1 works registered" in done.stdout


def test_register_one_work_once(forgotten: World, manifest, tmp_path) -> None:
    manifest(("Ada", "#0c0c0c"))
    arguments = (
        str(tmp_path / "0-0c0c0c.png"),
        "--artist",
        "Ada",
        "--title",
        "One colour",
        "--tags",
        "a, b",
        "--json",
    )
    done = run(forgotten, commands.register, *arguments)
    answer = json.loads(done.stdout)
    assert registration.records_of(forgotten.ctx, [answer["content_hash"]])
    assert forgotten.ctx.documents.get(answer["metadata_cid"], "meltingpot/work@1")["tags"] == ["a", "b"]
    again = run(forgotten, commands.register, *arguments)
    assert "“One colour”" in str(again.exception)


def test_what_is_no_picture_is_refused_with_its_code(forgotten: World, tmp_path) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(b"no picture")
    done = run(forgotten, commands.register, str(path), "--artist", "Ada", "--title", "x")
    assert done.exception.exit_code == 3 and done.exception.code == "unknown_format"


def test_consent_for_all_works_of_an_artist(forgotten: World) -> None:
    done = run(forgotten, commands.consent, "withdraw", "--all", "--artist", "Ada", "--json")
    assert json.loads(done.stdout)["works"] == 2
    from backend.works.catalogue import works_of

    keys = works_of(forgotten.ctx, forgotten.artist("Ada").address)
    assert {record.consent for record in registration.records_of(forgotten.ctx, keys).values()} == {0}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["withdraw", "--artist", "Ada"], "say --all"),
        (["give", "0x12", "--artist", "Ada"], "no content hash"),
        (["give", "--all", "--artist", "Nobody at all"], "no registered works"),
    ],
)
def test_consent_says_what_is_missing(forgotten: World, arguments: list[str], says: str) -> None:
    assert says in str(run(forgotten, commands.consent, *arguments).exception)


@pytest.mark.parametrize(
    "command",
    [
        "import",
        "register",
        "consent",
        "train",
        "contributions",
        "verify",
        "round propose",
        "round challenge",
        "round finalise",
        "round claim",
        "round list",
    ],
)
def test_help_shows_an_example(command: str) -> None:
    done = CliRunner().invoke(cli.cli, [*command.split(), "--help"])
    assert done.exit_code == 0 and "Example" in done.output and f"meltingpot {command}" in done.output


@pytest.mark.parametrize(
    ("artist", "title", "says"),
    [
        ("   ", "x", "“artist” is empty"),
        ("Ada", "x" * 301, "at most 300"),
        ("Ada", "a\x00b", "control characters"),
        ("\u202eadA", "x", "control characters"),
    ],
)
def test_one_work_is_described_under_the_rules_of_a_manifest(
    forgotten: World, manifest, tmp_path, artist: str, title: str, says: str
) -> None:
    manifest(("Ada", "#0d0d0d"))
    file = str(tmp_path / "0-0d0d0d.png")
    done = run(forgotten, commands.register, file, "--artist", artist, "--title", title)
    assert done.exception.exit_code == 3 and says in str(done.exception)


def test_a_name_leads_to_one_wallet_however_it_is_typed(forgotten: World, manifest, tmp_path) -> None:
    manifest(("Zoë", "#0e0e0e"))
    file = str(tmp_path / "0-0e0e0e.png")
    done = run(forgotten, commands.register, file, "--artist", " Zoe\u0308 ", "--title", "One colour", "--json")
    assert json.loads(done.stdout)["artist"] == forgotten.ctx.wallets.address("artist:Zoë")


def test_consent_for_all_counts_what_was_registered_a_moment_ago(forgotten: World, monkeypatch) -> None:
    waited = []
    monkeypatch.setattr("backend.chain.indexer.wait_until_indexed", lambda sessions, block: waited.append(block))
    assert run(forgotten, commands.consent, "give", "--all", "--artist", "Ada").exit_code == 0
    assert waited and waited[0] <= forgotten.ctx.client.block_number()
