"""`meltingpot vote propose-…`: what holders can be asked to decide."""

from __future__ import annotations

from pathlib import Path

import click

from backend.context import Context
from backend.errors import UsageError
from backend.governance.showing import account_option, json_option, show_state


@click.command("propose-rules")
@click.option(
    "--set",
    "settings",
    multiple=True,
    required=True,
    metavar="NAME=VALUE",
    help="A rule to change; may be repeated.",
)
@click.option("--why", default="", help="Reasons, as part of the proposal.")
@account_option
@json_option
@click.pass_obj
def rules(ctx: Context, settings: tuple[str, ...], why: str, account: str, as_json: bool) -> None:
    """Propose new compensation rules: the latest ones with some changed.

    \b
    Example:
      meltingpot vote propose-rules --set artistsBps=4500 --set platformBps=1000 --account artist:NAME
    """
    from backend.governance import service

    proposal_id = service.propose_rules(ctx, ctx.wallets.account(account), dict(map(_change, settings)), why)
    show_state(ctx, proposal_id, as_json)


@click.command("propose-text")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--title", help="Title; without it the file's first line.")
@account_option
@json_option
@click.pass_obj
def text(ctx: Context, file: Path, title: str | None, account: str, as_json: bool) -> None:
    """Put the text in FILE on IPFS and propose to adopt it as a resolution.

    \b
    Example:
      meltingpot vote propose-text resolution.md --account artist:NAME
    """
    from backend.governance import service

    try:
        content = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is no UTF-8 text.", "Save it as plain text.") from error
    first = next((line.strip("# ").strip() for line in content.splitlines() if line.strip()), file.stem)
    show_state(ctx, service.propose_text(ctx, ctx.wallets.account(account), title or first, content), as_json)


@click.command("propose-resolve")
@click.argument("round_id", type=click.IntRange(1, 2**63 - 1))
@click.argument("challenge_id", type=click.IntRange(1, 2**32 - 1))
@click.argument("decision", type=click.Choice(["upheld", "refused"]))
@click.option("--why", default="", help="Reasons, as part of the proposal.")
@account_option
@json_option
@click.pass_obj
def resolve(
    ctx: Context, round_id: int, challenge_id: int, decision: str, why: str, account: str, as_json: bool
) -> None:
    """Propose to decide CHALLENGE_ID of ROUND_ID: upheld rejects the round.

    \b
    Example:
      meltingpot vote propose-resolve 2 1 upheld --account artist:NAME
    """
    from backend.governance import service

    holder, upheld = ctx.wallets.account(account), decision == "upheld"
    proposal_id = service.propose_resolve(ctx, holder, round_id, challenge_id, upheld, why)
    show_state(ctx, proposal_id, as_json)


@click.command("propose-ruling")
@click.argument("dispute_id", type=click.IntRange(1, 2**63 - 1))
@click.argument("decision", type=click.Choice(["upheld", "refused"]))
@click.option("--why", default="", help="Reasons, as part of the proposal.")
@account_option
@json_option
@click.pass_obj
def ruling(ctx: Context, dispute_id: int, decision: str, why: str, account: str, as_json: bool) -> None:
    """Propose to rule on DISPUTE_ID, or on its appeal: upheld means that the claimant is right.

    \b
    Example:
      meltingpot vote propose-ruling 1 upheld --account artist:NAME
    """
    from backend.governance import service

    holder, upheld = ctx.wallets.account(account), decision == "upheld"
    show_state(ctx, service.propose_ruling(ctx, holder, dispute_id, upheld, why), as_json)


def _change(text: str) -> tuple[str, int]:
    name, _, value = text.partition("=")
    try:
        return name.strip(), int(value.replace("_", ""))
    except ValueError as error:
        raise UsageError(f"{text!r} is no NAME=NUMBER.", "Example: `--set artistsBps=4500`.") from error
