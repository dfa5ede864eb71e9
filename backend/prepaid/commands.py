"""`meltingpot prepaid`: buy by signed vouchers from a prepaid balance; settle many sales at once."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from backend.amounts import Amount, decimal_of
from backend.context import Context
from backend.errors import ContractReverted, UsageError
from backend.generations.funding import fund_buyer
from backend.generations.service import MAX_QUANTITY

BUYER = click.option("--buyer", default="buyer:1", show_default=True, help="Wallet name.")
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON; amounts in the smallest unit.")
FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group()
def prepaid() -> None:
    """Buy by signed vouchers from a prepaid balance; settle many sales at once.

    \b
    Examples:
      meltingpot prepaid deposit 20 --buyer buyer:1
      meltingpot prepaid voucher "a red cat" "a green dog" --out voucher.json
      meltingpot prepaid settle voucher.json --receipts receipts.json
      meltingpot prepaid claim
    """


@prepaid.command()
@click.argument("amount", type=Amount())
@BUYER
@click.option("--fund", is_flag=True, help="Development chains: give the buyer the tokens first.")
@JSON
@click.pass_obj
def deposit(ctx: Context, amount: int, buyer: str, fund: bool, as_json: bool) -> None:
    """Add AMOUNT (whole settlement tokens) to the buyer's balance.

    \b
    Example:
      meltingpot prepaid deposit 20 --buyer buyer:1
    """
    from backend.prepaid import service

    account = ctx.wallets.account(buyer)
    if fund:
        fund_buyer(ctx, account.address, amount)
    service.deposit(ctx, account, amount)
    _show_balance(ctx, account.address, as_json)


@prepaid.command()
@click.argument("amount", type=Amount(), required=False)
@BUYER
@JSON
@click.pass_obj
def withdraw(ctx: Context, amount: int | None, buyer: str, as_json: bool) -> None:
    """Announce that the buyer takes AMOUNT back a day from now; without AMOUNT, pay what was announced.

    \b
    Examples:
      meltingpot prepaid withdraw 5 --buyer buyer:1
      meltingpot prepaid withdraw --buyer buyer:1
    """
    from backend.prepaid import service

    account = ctx.wallets.account(buyer)
    if amount is None:
        service.withdraw(ctx, account.address)
    else:
        service.announce_withdrawal(ctx, account, amount)
    _show_balance(ctx, account.address, as_json)


@prepaid.command()
@BUYER
@JSON
@click.pass_obj
def balance(ctx: Context, buyer: str, as_json: bool) -> None:
    """Show what the buyer has prepaid.

    \b
    Example:
      meltingpot prepaid balance --buyer buyer:1
    """
    _show_balance(ctx, ctx.wallets.address(buyer), as_json)


@prepaid.command()
@click.argument("prompts", nargs=-1, required=True)
@BUYER
@click.option("--quantity", type=click.IntRange(1, MAX_QUANTITY), default=1, show_default=True, help="Each.")
@click.option(
    "--from",
    "spent_from",
    type=int,
    help="What earlier vouchers pay for (the `to` of the last, smallest unit). Default: what is settled.",
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="File; else it is printed.")
@JSON
@click.pass_obj
def voucher(
    ctx: Context,
    prompts: tuple[str, ...],
    buyer: str,
    quantity: int,
    spent_from: int | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Sign a voucher for one order a prompt.

    \b
    Example:
      meltingpot prepaid voucher "a red cat" "a green dog" --out voucher.json
    """
    from backend.generations.service import quote
    from backend.prepaid import service

    account = ctx.wallets.account(buyer)
    orders = [quote(ctx, prompt, account.address, quantity) for prompt in prompts]
    text = json.dumps(service.sign_voucher(ctx, account, orders, spent_from).to_json(), indent=1)
    if out is not None:
        out.write_text(text + "\n", encoding="utf-8")
    if out is None or as_json:
        click.echo(text)
    else:
        click.echo(f"a voucher for {len(orders)} orders is in {out}")


@prepaid.command()
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.option("--receipts", "delivered", required=True, type=FILE, help="What was delivered: a JSON list.")
@JSON
@click.pass_obj
def settle(ctx: Context, files: tuple[Path, ...], delivered: Path, as_json: bool) -> None:
    """Settle the vouchers in FILES, as the operator.

    The receipts are a list of {order_id, output_hash, output_cid, attribution_cid, credits: [{artist,
    amount}]}, one for each order that is not settled yet.

    \b
    Example:
      meltingpot prepaid settle voucher.json --receipts receipts.json
    """
    from backend.chain.indexer import wait_until_indexed
    from backend.prepaid import service
    from backend.prepaid.vouchers import SignedVoucher

    wait_until_indexed(ctx.sessions, ctx.client.block_number())
    signed = [SignedVoucher.from_json(_read(file)) for file in files]
    receipts = service.receipts_for(ctx, signed, _read(delivered))
    number = service.settle(ctx, signed, receipts)
    if as_json:
        click.echo(json.dumps({"settlement_id": number, "sales": len(receipts), "vouchers": len(signed)}))
    else:
        click.echo(f"settlement {number}: {len(receipts)} sales by {len(signed)} vouchers")


@prepaid.command("claim")
@click.option(
    "--artist", "artists", multiple=True, help="Address or wallet name (artist:NAME); default: all."
)
@JSON
@click.pass_obj
def claim_credits(ctx: Context, artists: tuple[str, ...], as_json: bool) -> None:
    """Pay artists what prepaid sales credited to them.

    The money goes to the artists or their payees; the relayer only pays the gas. Exits 5 when a payment was
    refused; the others are paid all the same.

    \b
    Example:
      meltingpot prepaid claim
    """
    from eth_utils import is_address, to_checksum_address

    from backend.chain.indexer import wait_until_indexed
    from backend.prepaid import claims

    wait_until_indexed(ctx.sessions, ctx.client.block_number())
    names = [to_checksum_address(a) if is_address(a) else ctx.wallets.address(a) for a in artists]
    refused: list[dict[str, str]] = []
    paid = claims.claim(
        ctx, names or None, lambda artist, error: refused.append({"artist": artist, "error": str(error)})
    )
    if as_json:
        listed = [asdict(each) | {"amount": str(each.amount)} for each in paid]
        click.echo(json.dumps({"claimed": listed, "refused": refused}))
    else:
        for each in paid:
            click.echo(f"{each.artist}  {decimal_of(each.amount):>14}  week {each.period}")
        click.echo(f"{decimal_of(sum(each.amount for each in paid))} paid out")
        for entry in refused:
            told = f"{entry['artist']} was not paid, the money stays owed: {entry['error']}"
            click.secho(told, fg="red", err=True)
    sys.exit(ContractReverted.exit_code if refused else 0)


def _show_balance(ctx: Context, buyer: str, as_json: bool) -> None:
    from backend.prepaid import service

    found = service.balance_of(ctx, buyer)
    if as_json:
        times = {"available_from": found.available_from, "buyer": buyer}
        click.echo(json.dumps({name: str(value) for name, value in asdict(found).items()} | times))
        return
    known, free = decimal_of(found.amount), decimal_of(found.available)
    click.echo(f"{buyer} has prepaid {known}, {free} of it for vouchers")
    if found.available_from:
        click.echo(f"{decimal_of(found.announced)} can be withdrawn from {found.available_from} on")


def _read(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UsageError(f"{file} is no JSON: {error}.", "Give the file as it was written.") from error
