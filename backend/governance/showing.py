"""What all `meltingpot vote` commands share: their options, and how a proposal's state is shown."""

from __future__ import annotations

import json

import click

from backend.context import Context

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
account_option = click.option("--account", required=True, help="Wallet of a holder, such as artist:NAME.")


def show_state(ctx: Context, proposal_id: int, as_json: bool) -> None:
    """Print where a proposal stands."""
    from backend.governance import service

    state = service.state_of(ctx, proposal_id)
    if as_json:
        click.echo(json.dumps(state.to_json()))
    else:
        click.echo(
            f"proposal {proposal_id} is {state.words} "
            f"(for {votes(state.votes_for)}, against {votes(state.votes_against)})"
        )


def votes(amount: int) -> str:
    """Votes as people count them."""
    return f"{amount / 10**18:,.2f}"
