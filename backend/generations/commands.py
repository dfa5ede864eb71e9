"""`meltingpot order` and `meltingpot token`: ask and pay for a generation, look it up, take the money back
when it is late; make a token of it."""

from __future__ import annotations

import json
import time
from typing import Any

import click

from backend.amounts import decimal_of
from backend.context import Context
from backend.errors import MeltingPotError, UsageError
from backend.generations.funding import fund_buyer
from backend.generations.service import DEFAULT_WINDOW_S, MAX_QUANTITY

PAY_WAYS = ("approve", "permit", "authorization")
POLL_S = 0.3


class GenerationFailed(MeltingPotError):
    """The order was not delivered."""

    code, title = "generation_failed", "Generation failed"


class NotDeliveredInTime(MeltingPotError):
    """--timeout has passed."""

    code, title, exit_code = "not_delivered_in_time", "Still waiting", 4
    advice = "The order goes on: see `meltingpot order show ID`; after its deadline the money can come back."


class PromptGroup(click.Group):
    """`meltingpot order "a prompt"` is `meltingpot order new "a prompt"`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        named = [arg for arg in args if not arg.startswith("-")]
        if args and args[0] not in ("-h", "--help") and (not named or named[0] not in self.commands):
            args = ["new", *args]
        return super().parse_args(ctx, args)


@click.group(cls=PromptGroup, invoke_without_command=False)
def order() -> None:
    """Ask and pay for a generation; look it up; take it back when late.

    \b
    Examples:
      meltingpot order "smiling face with sunglasses" --buyer buyer:1 --wait
      meltingpot order "a red cat" --buyer buyer:2 --pay authorization --json
      meltingpot order show 0x52…
      meltingpot order refund 0x52…
    """


@order.command("new")
@click.argument("prompt")
@click.option(
    "--buyer",
    default="buyer:1",
    show_default=True,
    help="Wallet that pays: buyer:NUMBER or another wallet name.",
)
@click.option(
    "--pay",
    type=click.Choice(PAY_WAYS),
    default="permit",
    show_default=True,
    help="approve: the buyer sends; permit, authorization: the buyer signs, the relayer sends.",
)
@click.option(
    "--quantity",
    type=click.IntRange(1, MAX_QUANTITY),
    default=1,
    show_default=True,
    help="Pictures in one order.",
)
@click.option(
    "--deadline-in",
    type=click.IntRange(min=1),
    default=DEFAULT_WINDOW_S,
    show_default=True,
    help="Seconds of the chain's time after which the money comes back.",
)
@click.option(
    "--fund",
    is_flag=True,
    help="Development chains: give the buyer coin for gas and settlement tokens first.",
)
@click.option("--wait", is_flag=True, help="Wait until the picture is delivered.")
@click.option("--timeout", type=float, default=300, show_default=True, help="Most seconds to wait.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def new(
    ctx: Context,
    prompt: str,
    buyer: str,
    pay: str,
    quantity: int,
    deadline_in: int,
    fund: bool,
    wait: bool,
    timeout: float,
    as_json: bool,
) -> None:
    """Order PROMPT and pay into escrow. `new` may be left out.

    \b
    Example:
      meltingpot order "smiling face with sunglasses" --buyer buyer:1 --wait
    """
    from backend.generations import receipts, service

    account = ctx.wallets.account(buyer)
    quoted = service.quote(ctx, prompt, account.address, quantity, ctx.client.now() + deadline_in)
    if fund:
        fund_buyer(ctx, account.address, service.price_of(ctx, quoted))
    order_id = service.WAYS_TO_PAY[pay](ctx, account, quoted, prompt)
    if not as_json:
        price = decimal_of(service.price_of(ctx, quoted))
        click.echo(f"order {order_id} is paid: {price} by {account.address}")
        if deadline_in < ctx.settings.worker_deadline_margin_s:
            click.echo(
                "note: no worker starts this close to a deadline; the money comes back after it", err=True
            )
    if wait:
        wait_for(ctx, order_id, timeout, quiet=as_json)
        _show(receipts.receipt(ctx, order_id), as_json)
    elif as_json:
        click.echo(
            json.dumps({"order_id": order_id, "order": quoted.to_json(), "prompt": prompt, "pay": pay})
        )


@order.command()
@click.argument("order_id")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def show(ctx: Context, order_id: str, as_json: bool) -> None:
    """Show an order's receipt: what was paid to whom and why.

    \b
    Example:
      meltingpot order show 0x52…
    """
    from backend.generations import receipts

    _catch_up(ctx)
    _show(receipts.receipt(ctx, order_id), as_json)


@order.command("list")
@click.option(
    "--state", type=click.Choice(("requested", "fulfilled", "refunded")), help="Only orders in this state."
)
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_orders(ctx: Context, state: str | None, limit: int, as_json: bool) -> None:
    """List orders, the newest first.

    \b
    Example:
      meltingpot order list --state requested
    """
    from backend.generations import receipts

    _catch_up(ctx)
    items, _ = receipts.orders_page(ctx, None, limit, state=state)
    if as_json:
        click.echo(json.dumps({"orders": items}))
        return
    for item in items:
        click.echo(
            f"{item['order_id']}  {item['stage']:<10} {decimal_of(int(item['price'])):>12}  "
            f"{item['prompt'] or '(prompt not told)'}"
        )
    if not items:
        click.echo("no orders")


@order.command()
@click.argument("order_id", required=False)
@click.option("--expired", is_flag=True, help="Every order whose deadline has passed.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def refund(ctx: Context, order_id: str | None, expired: bool, as_json: bool) -> None:
    """Give the price of what ORDER_ID was not delivered back to its buyer, after its deadline. Anybody may.

    \b
    Examples:
      meltingpot order refund 0x52…
      meltingpot order refund --expired
    """
    from backend.generations import service

    if (order_id is None) != expired:
        raise UsageError(
            "Name one order, or say --expired for all.", "Example: `meltingpot order refund --expired`."
        )
    _catch_up(ctx)
    refunded = service.refund_expired(ctx, order_id)
    if as_json:
        click.echo(json.dumps({"refunded": refunded}))
    else:
        click.echo("\n".join(f"{identifier} is refunded" for identifier in refunded) or "nothing to refund")


@click.group()
def token() -> None:
    """Make a token (ERC-721) of a delivered generation.

    \b
    Example:
      meltingpot token mint 0x52… --buyer buyer:1
    """


@token.command()
@click.argument("order_id")
@click.option("--buyer", default="buyer:1", show_default=True, help="The order's buyer: wallet name.")
@click.option(
    "--index", type=click.IntRange(0), default=0, show_default=True, help="Of the delivery, from 0."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def mint(ctx: Context, order_id: str, buyer: str, index: int, as_json: bool) -> None:
    """Mint the token of ORDER_ID to its buyer, who pays the gas.

    \b
    Example:
      meltingpot token mint 0x52… --buyer buyer:1
    """
    from backend.generations import tokens

    _catch_up(ctx)
    account = ctx.wallets.account(buyer)
    token_id = tokens.mint(ctx, account, order_id, index)
    if as_json:
        click.echo(json.dumps({"token_id": str(token_id), "owner": account.address}))
    else:
        click.echo(f"token {token_id} is {account.address}'s")


def wait_for(ctx: Context, order_id: str, timeout_s: float, quiet: bool = True) -> dict[str, Any]:
    """Returns the order's progress once it is fulfilled. Raises GenerationFailed or NotDeliveredInTime."""
    from backend.generations import receipts

    _catch_up(ctx)
    end, last = time.monotonic() + timeout_s, None
    while True:
        found = receipts.progress_of(ctx, order_id)
        if found["stage"] != last and not quiet:
            click.echo(f"  {found['stage']}")
        last = found["stage"]
        if found["state"] == "fulfilled":
            return found
        if found["state"] == "refunded" or found["job"] in ("failed", "expired"):
            raise GenerationFailed(
                f"Order {order_id} was not delivered: {found['error'] or found['state']}.",
                "After its deadline: `meltingpot order refund " + order_id + "`.",
            )
        if time.monotonic() > end:
            raise NotDeliveredInTime(
                f"Order {order_id} is still at the step {last!r} after {timeout_s:.0f} s."
            )
        time.sleep(POLL_S)


def _catch_up(ctx: Context) -> None:
    from backend.chain.indexer import wait_until_indexed

    wait_until_indexed(ctx.sessions, ctx.client.block_number())


def _show(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(found))
        return
    click.echo(
        f"order    {found['order_id']}\nprompt   {found['prompt'] or '(not told)'}\nstate    {found['state']}"
        f"\nprice    {decimal_of(int(found['price']))}, rules {found['order']['rulesVersion']}"
        f"\nmodel    {found['model_cid']}"
    )
    if found["output_cid"]:
        click.echo(f"picture  ipfs://{found['output_cid']}\nrecord   ipfs://{found['attribution_cid']}")
    for line, what in [(c, "") for c in found["credits"]] + [(t, " (tip)") for t in found["tips"]]:
        name = line["artist_name"] or line["artist"]
        click.echo(f"  {decimal_of(int(line['amount'])):>14}  {name}{what}")
    for part, amount in (found["split"] or {}).items():
        if part != "attributed":
            click.echo(f"  {decimal_of(int(amount)):>14}  {part}")
    if int(found["refunded"]):
        click.echo(f"  {decimal_of(int(found['refunded'])):>14}  back to the buyer")
    if found["error"]:
        click.echo(f"error    {found['error']}", err=True)
