"""`meltingpot claim` and `meltingpot tip`: pay out what accounts are owed; give artists something on top."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from backend.amounts import Amount, decimal_of
from backend.context import Context
from backend.errors import ContractReverted, UsageError

REFUSED = ContractReverted.exit_code  # the others were paid


@click.command()
@click.option(
    "--account", "accounts", multiple=True, help="Address or wallet name (artist:NAME); may be repeated."
)
@click.option("--all", "everybody", is_flag=True, help="Every account that is owed something.")
@click.option("--dry-run", is_flag=True, help="Only show what is due.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON; amounts in the smallest unit.")
@click.pass_obj
def claim(ctx: Context, accounts: tuple[str, ...], everybody: bool, dry_run: bool, as_json: bool) -> None:
    """Pay out what accounts are owed by sales and as holders.

    The money goes to the accounts, an artist's to the payee it named; the relayer only pays the gas. Exits 5
    when one of them could not be paid; the others are paid all the same. Credits of prepaid sales are claimed
    by `meltingpot prepaid claim`.

    \b
    Examples:
      meltingpot claim --all
      meltingpot claim --account "artist:Emily Jäger"
      meltingpot claim --account 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --dry-run
    """
    from backend.chain.indexer import wait_until_indexed
    from backend.royalties import service

    if bool(accounts) == everybody:
        raise UsageError("Name accounts with --account, or say --all.", "Example: `meltingpot claim --all`.")
    wait_until_indexed(ctx.sessions, ctx.client.block_number())
    names = service.earning_accounts(ctx) if everybody else [_address(ctx, account) for account in accounts]
    refused: list[tuple[str, str]] = []
    if dry_run:
        due = [
            earned
            for earned in (service.earnings(ctx, name) for name in names)
            if earned.owed or earned.claimable
        ]
        rows = [(earned.account, earned.owed, earned.claimable) for earned in due]
    else:
        paid_now = service.claim_all(ctx, names, lambda account, error: refused.append((account, str(error))))
        rows = [(paid.account, paid.market, paid.pool) for paid in paid_now]
    _show(rows, None if dry_run else refused, as_json)
    sys.exit(REFUSED if refused else 0)


@click.command()
@click.argument("order_id")
@click.argument("amount", type=Amount())
@click.option("--from", "tipper", default="buyer:1", show_default=True, help="Wallet that pays.")
@click.option("--artist", "artists", multiple=True, help="Address or wallet name; may be repeated.")
@click.option("--fund", is_flag=True, help="Development chains: give the payer the tokens first.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON; amounts in the smallest unit.")
@click.pass_obj
def tip(
    ctx: Context,
    order_id: str,
    amount: int,
    tipper: str,
    artists: tuple[str, ...],
    fund: bool,
    as_json: bool,
) -> None:
    """Give AMOUNT (whole settlement tokens) to the artists that ORDER_ID drew on, all of it.

    Without --artist they share it as they share the sale.

    \b
    Examples:
      meltingpot tip 0x52… 2 --from buyer:1
      meltingpot tip 0x52… 0.5 --artist "artist:Emily Jäger"
    """
    from backend.chain.indexer import wait_until_indexed
    from backend.generations.funding import fund_buyer
    from backend.royalties import tips

    wait_until_indexed(ctx.sessions, ctx.client.block_number())
    account = ctx.wallets.account(tipper)
    if fund:
        fund_buyer(ctx, account.address, amount)
    given = tips.tip(ctx, account, order_id, amount, [_address(ctx, name) for name in artists])
    if as_json:
        listed = [{"artist": artist, "amount": str(part)} for artist, part in given.items()]
        click.echo(json.dumps({"order_id": order_id, "tips": listed}))
        return
    for artist, part in given.items():
        click.echo(f"{artist}  {decimal_of(part):>14}")


def _show(rows: list[tuple[str, int, int]], refused: list[tuple[str, str]] | None, as_json: bool) -> None:
    """`rows` are (account, market, pool); `refused` is None when nothing was to be paid."""
    total = sum(market + pool for _, market, pool in rows)
    if as_json:
        listed = [{"account": name, "market": str(market), "pool": str(pool)} for name, market, pool in rows]
        answer: dict[str, Any] = {"due" if refused is None else "claimed": listed, "total": str(total)}
        if refused is not None:
            answer["refused"] = [{"account": name, "error": error} for name, error in refused]
        click.echo(json.dumps(answer))
        return
    for name, market, pool in rows:
        click.echo(f"{name}  sales {decimal_of(market):>14}  holding {decimal_of(pool):>14}")
    click.echo(f"{len(rows)} accounts, {decimal_of(total)} {'due' if refused is None else 'paid out'}")
    for name, error in refused or []:
        click.secho(f"{name} was not paid, its money stays owed: {error}", fg="red", err=True)


def _address(ctx: Context, name: str) -> str:
    from eth_utils import is_address, to_checksum_address

    return to_checksum_address(name) if is_address(name) else ctx.wallets.address(name)
