"""`meltingpot vote`: propose and vote on rules and resolutions."""

from __future__ import annotations

import json
from typing import Any

import click

from backend.context import Context
from backend.errors import UsageError
from backend.governance import propose_commands
from backend.governance.showing import account_option, json_option, show_state, votes

_advance = click.option(
    "--advance-time", is_flag=True, help="Development chains: move the clock to the moment this needs."
)


@click.group()
def vote() -> None:
    """Propose and vote on rules and resolutions.

    A proposal opens for votes after a day, is open for five, and waits two in the timelock. New rules take
    effect two days after that. An order keeps the rules that its buyer signed.

    \b
    Examples:
      meltingpot vote rules
      meltingpot vote propose-rules --set artistsBps=4500 --set platformBps=1000 --account artist:NAME
      meltingpot vote cast ID --for --account artist:NAME --by-signature
      meltingpot vote queue ID
      meltingpot vote execute ID
    """


for _command in (
    propose_commands.rules,
    propose_commands.text,
    propose_commands.resolve,
    propose_commands.ruling,
):
    vote.add_command(_command)


@vote.command()
@json_option
@click.pass_obj
def rules(ctx: Context, as_json: bool) -> None:
    """Show the rules in force, and those adopted that still wait.

    \b
    Example:
      meltingpot vote rules --json
    """
    from backend.governance import service

    version, current = service.current_rules(ctx)
    latest, following = service.latest_rules(ctx)
    found: dict[str, Any] = {"version": version, "rules": current.to_json(), "waiting": None}
    if latest != version:
        effective = ctx.contracts.rules.functions.effectiveFrom(latest).call()
        found["waiting"] = {"version": latest, "effective_from": effective, "rules": following.to_json()}
    if as_json:
        click.echo(json.dumps(found))
        return
    click.echo(f"version {version}, in force")
    for name, value in found["rules"].items():
        waiting = (
            f"  → {found['waiting']['rules'][name]}"
            if found["waiting"] and found["waiting"]["rules"][name] != value
            else ""
        )
        click.echo(f"  {name:<20}{value:>28}{waiting}")
    if found["waiting"]:
        click.echo(
            f"version {latest} takes effect at {found['waiting']['effective_from']} in the chain's time"
        )


@vote.command()
@click.argument("proposal_id")
@click.option("--for", "support", flag_value="for", help="Vote for it.")
@click.option("--against", "support", flag_value="against", help="Vote against it.")
@click.option("--abstain", "support", flag_value="abstain", help="Count for the quorum only.")
@click.option("--by-signature", is_flag=True, help="The account only signs; the relayer sends.")
@click.option("--reason", default="", help="Published with the vote (not by signature).")
@account_option
@_advance
@json_option
@click.pass_obj
def cast(
    ctx: Context,
    proposal_id: str,
    support: str | None,
    by_signature: bool,
    reason: str,
    account: str,
    advance_time: bool,
    as_json: bool,
) -> None:
    """Cast an account's votes on PROPOSAL_ID.

    \b
    Example:
      meltingpot vote cast 8812… --for --account artist:NAME --by-signature
    """
    from backend.governance import service

    if support is None:
        raise UsageError("Say --for, --against or --abstain.")
    if by_signature and reason:
        raise UsageError("A vote by signature carries no reason.", "Leave --reason or --by-signature out.")
    identifier, holder = _identifier(proposal_id), ctx.wallets.account(account)
    _advance_to(ctx, service.state_of(ctx, identifier).vote_start + 1, advance_time)
    if by_signature:
        weight = service.vote_by_signature(ctx, holder, identifier, service.SUPPORT[support])
    else:
        weight = service.vote(ctx, holder, identifier, service.SUPPORT[support], reason)
    if not as_json:
        click.echo(f"{holder.address} voted {support} with {weight / 10**18:,.2f} votes")
    show_state(ctx, identifier, as_json)


@vote.command()
@click.argument("proposal_id")
@_advance
@json_option
@click.pass_obj
def queue(ctx: Context, proposal_id: str, advance_time: bool, as_json: bool) -> None:
    """Put the passed proposal PROPOSAL_ID into the timelock. Anybody may.

    \b
    Example:
      meltingpot vote queue 8812…
    """
    from backend.governance import service

    identifier = _identifier(proposal_id)
    _advance_to(ctx, service.state_of(ctx, identifier).vote_end + 1, advance_time)
    _catch_up(ctx)
    service.queue(ctx, identifier)
    show_state(ctx, identifier, as_json)


@vote.command()
@click.argument("proposal_id")
@_advance
@json_option
@click.pass_obj
def execute(ctx: Context, proposal_id: str, advance_time: bool, as_json: bool) -> None:
    """Execute the queued proposal PROPOSAL_ID once the timelock lets it. Anybody may.

    \b
    Example:
      meltingpot vote execute 8812…
    """
    from backend.governance import service

    identifier = _identifier(proposal_id)
    _advance_to(ctx, service.state_of(ctx, identifier).eta, advance_time)
    _catch_up(ctx)
    service.execute(ctx, identifier)
    show_state(ctx, identifier, as_json)


@vote.command("list")
@json_option
@click.pass_obj
def list_proposals(ctx: Context, as_json: bool) -> None:
    """List proposals, the newest first.

    \b
    Example:
      meltingpot vote list
    """
    from backend.governance import service

    _catch_up(ctx)
    rows = [(row, service.state_of(ctx, row.proposal_id)) for row in service.proposals(ctx)]
    if as_json:
        click.echo(
            json.dumps(
                {
                    "proposals": [
                        state.to_json() | {"description": row.description, "proposer": row.proposer}
                        for row, state in rows
                    ]
                }
            )
        )
        return
    for row, state in rows:
        title = row.description.splitlines()[0].lstrip("# ") if row.description else ""
        click.echo(
            f"{state.proposal_id}  {state.words}\n  {title}: for {votes(state.votes_for)}, against "
            f"{votes(state.votes_against)}, abstain {votes(state.votes_abstain)}"
        )
    if not rows:
        click.echo("no proposals")


def _identifier(text: str) -> int:
    try:
        identifier = int(text, 0)
        if not 0 <= identifier < 2**256:
            raise ValueError(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is no proposal id.", "List them with `meltingpot vote list`.") from error
    return identifier


def _advance_to(ctx: Context, moment: int, allowed: bool) -> None:
    missing = moment - ctx.client.now()
    if allowed and missing > 0:
        ctx.client.advance_time(missing)


def _catch_up(ctx: Context) -> None:
    from backend.chain.indexer import wait_until_indexed

    wait_until_indexed(ctx.sessions, ctx.client.block_number())
