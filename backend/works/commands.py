"""`meltingpot import`, `register`, `consent`, `metadata` and `payee`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from backend.context import Context
from backend.errors import InputRefused, NotFound, UsageError

_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
REFUSALS_SHOWN = 50


@click.command("import")
@click.argument("manifest", type=click.Path(path_type=Path))
@click.option(
    "--direct",
    is_flag=True,
    help="Artists send the registrations and pay the gas; default: signed and relayed.",
)
@_json
@click.pass_obj
def import_works(ctx: Context, manifest: Path, direct: bool, as_json: bool) -> None:
    """Register the works of MANIFEST, one JSON object a line: file, artist, title, tags, licence, source.

    Files are PNG, JPEG, WebP or SVG (rendered), by paths relative to the manifest. Bad lines are reported
    with their number and the rest goes on. Safe to run again: nothing is registered twice. Exits 3 when a
    line was refused.

    \b
    Examples:
      meltingpot import works/MANIFEST.jsonl
      meltingpot import works/MANIFEST.jsonl --json > result.json
    """
    from backend.progress import bars
    from backend.works.service import import_manifest

    with bars(as_json) as progress:
        result = import_manifest(manifest, ctx, progress, direct=direct)
    if as_json:
        click.echo(json.dumps(result.to_json(), ensure_ascii=False))
    else:
        for refusal in result.refused[:REFUSALS_SHOWN]:
            click.secho(
                f"line {refusal['line']}: {refusal['message']} [{refusal['code']}]", fg="red", err=True
            )
        if len(result.refused) > REFUSALS_SHOWN:
            click.echo(f"… and {len(result.refused) - REFUSALS_SHOWN} more; --json lists all", err=True)
        click.echo(
            f"{result.accepted} works registered, {result.already_registered} already registered, "
            f"{len(result.refused)} refused; {result.artists} artists, {result.cids_verified} CIDs verified"
        )
    sys.exit(3 if result.refused else 0)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--artist", required=True, help="Name of the artist; their development wallet signs.")
@click.option("--title", required=True)
@click.option("--tags", default="", help="Separated by commas.")
@click.option("--licence", default="all rights reserved", show_default=True)
@click.option("--source", default="", help="Where the work comes from.")
@click.option("--no-consent", is_flag=True, help="Register without consent to training.")
@click.option("--direct", is_flag=True, help="The artist sends it and pays the gas.")
@_json
@click.pass_obj
def register(
    ctx: Context,
    file: Path,
    artist: str,
    title: str,
    tags: str,
    licence: str,
    source: str,
    no_consent: bool,
    direct: bool,
    as_json: bool,
) -> None:
    """Register one work: FILE → IPFS → the chain.

    \b
    Examples:
      meltingpot register cat.png --artist "Ada" --title "A cat" --tags "cat, animal"
      meltingpot register cat.svg --artist "Ada" --title "A cat" --direct
    """
    from backend.works import registration
    from backend.works.catalogue import remember_documents
    from backend.works.service import add_file, describe, prepare, require_new

    work = describe(prepare(ctx, file), artist, title, tags.split(","), licence, source, not no_consent)
    require_new(ctx, work.file.sha256)
    account = ctx.wallets.account(f"artist:{work.artist}")
    prepared = add_file(ctx, work, account.address, int(work.consent))
    send = registration.register_direct if direct else registration.register_signed
    receipt = send(ctx, account, [prepared])[0]
    remember_documents(ctx, [(prepared.content_hash, prepared.metadata_cid, prepared.document)])
    found = {
        "content_hash": prepared.content_hash,
        "cid": prepared.cid,
        "metadata_cid": prepared.metadata_cid,
    }
    tx_hash = "0x" + bytes(receipt["transactionHash"]).hex()
    _print({**found, "artist": account.address, "tx_hash": tx_hash}, as_json)


@click.command()
@click.argument("decision", type=click.Choice(("give", "withdraw")))
@click.argument("content_hashes", nargs=-1)
@click.option("--artist", required=True, help="Name of the artist; their development wallet signs.")
@click.option("--all", "everything", is_flag=True, help="All works of the artist.")
@click.option("--direct", is_flag=True, help="The artist sends it and pays the gas.")
@_json
@click.pass_obj
def consent(
    ctx: Context,
    decision: str,
    content_hashes: tuple[str, ...],
    artist: str,
    everything: bool,
    direct: bool,
    as_json: bool,
) -> None:
    """Give or withdraw consent for training with works. Counts from the next round on.

    \b
    Examples:
      meltingpot consent withdraw 0x52… --artist "Ada"
      meltingpot consent give --all --artist "Ada"
    """
    from backend.chain.indexer import wait_until_indexed
    from backend.works import registration
    from backend.works.catalogue import works_of

    if everything == bool(content_hashes):
        raise UsageError(
            "Name works by their content hashes, or say --all.",
            'Example: `meltingpot consent withdraw --all --artist "Ada"`.',
        )
    account = ctx.wallets.account(f"artist:{artist}")
    if everything:  # what was registered a moment ago counts
        wait_until_indexed(ctx.sessions, ctx.client.block_number())
    hashes = [content_hash_of(text) for text in content_hashes] or works_of(ctx, account.address)
    if not hashes:
        raise NotFound(f"{artist} ({account.address}) has no registered works.", "Check the artist's name.")
    wanted = registration.CONSENT_TRAINING if decision == "give" else 0
    for start in range(0, len(hashes), registration.BATCH_SIZE):
        registration.set_consent(
            ctx, account, hashes[start : start + registration.BATCH_SIZE], wanted, direct
        )
    _print({"artist": account.address, "works": len(hashes), "consent": wanted}, as_json)


@click.command()
@click.argument("content_hash")
@click.option("--artist", required=True, help="Name of the artist; their development wallet signs.")
@click.option("--title")
@click.option("--tags", help="Separated by commas.")
@click.option("--licence")
@click.option("--source", help="Where the work comes from.")
@click.option("--direct", is_flag=True, help="The artist sends it and pays the gas.")
@_json
@click.pass_obj
def metadata(ctx: Context, content_hash: str, artist: str, direct: bool, as_json: bool, **texts: Any) -> None:
    """Change what the work CONTENT_HASH says about itself; what is not named stays.

    Counts from the next round on.

    \b
    Example:
      meltingpot metadata 0x52… --artist "Ada" --title "A cat, asleep"
    """
    from backend.works.descriptions import change_description

    changes = {name: text for name, text in texts.items() if text is not None}
    if not changes:
        raise UsageError("Nothing is to be changed.", "Name --title, --tags, --licence or --source.")
    account = ctx.wallets.account(f"artist:{artist}")
    cid = change_description(ctx, account, artist, content_hash_of(content_hash), changes, direct)
    _print({"content_hash": content_hash_of(content_hash), "metadata_cid": cid}, as_json)


@click.command()
@click.argument("payee")
@click.option("--artist", required=True, help="Name of the artist; their development wallet signs.")
@click.option("--direct", is_flag=True, help="The artist sends it and pays the gas.")
@_json
@click.pass_obj
def payee(ctx: Context, payee: str, artist: str, direct: bool, as_json: bool) -> None:
    """Have what sales owe an artist paid to PAYEE, an address; `self`: to the artist again.

    Stake stays the artist's.

    \b
    Examples:
      meltingpot payee 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --artist "Ada"
      meltingpot payee self --artist "Ada"
    """
    from eth_utils import is_address, to_checksum_address

    from backend.works import registration

    account = ctx.wallets.account(f"artist:{artist}")
    if payee != "self" and not is_address(payee):
        raise InputRefused(f"{payee!r} is no address.", "Give 0x and 40 hex digits, or self.")
    named = account.address if payee == "self" else to_checksum_address(payee)
    registration.set_payee(ctx, account, named, direct)
    _print({"artist": account.address, "payee": named}, as_json)


def content_hash_of(text: str) -> str:
    """A content hash as it was typed, in lower case. Raises InputRefused."""
    value = text.lower()
    if len(value) != 66 or not value.startswith("0x") or set(value[2:]) - set("0123456789abcdef"):
        raise InputRefused(
            f"{text!r} is no content hash.", "Give 0x and the 64 hex digits of the file's sha256."
        )
    return value


def _print(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(found))
        return
    for name, value in found.items():
        click.echo(f"{name:<14}{value}")
