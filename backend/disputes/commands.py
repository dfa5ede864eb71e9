"""`meltingpot dispute`: claim a work or its revocation under bond, answer, appeal, carry out."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import click

from backend.context import Context

_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_account = click.option("--account", required=True, help="Wallet that sends it, such as artist:NAME.")
_evidence = click.option("--evidence", required=True, help="Your words; they are published on IPFS.")
_number = click.argument("dispute_id", type=click.IntRange(min=1))


@click.group()
def dispute() -> None:
    """Dispute a work: it is yours, or nobody may use it.

    Each step but the last two costs a bond; who wins gets all of them. The artist has 7 days to answer, the
    resolver 30 to decide, the loser 7 to appeal, the timelock 30 to decide that. Then anybody may execute.
    Resolver and timelock act by the holders' vote: `meltingpot vote propose-ruling`.

    \b
    Examples:
      meltingpot dispute open 0x52… --kind authorship --account artist:Ada --evidence "Drawn in 2019: …"
      meltingpot dispute list
      meltingpot dispute execute 1
    """


@dispute.command("open")
@click.argument("content_hash")
@click.option("--kind", type=click.Choice(("authorship", "revocation")), required=True)
@_account
@_evidence
@_json
@click.pass_obj
def open_(ctx: Context, content_hash: str, kind: str, account: str, evidence: str, as_json: bool) -> None:
    """Claim that the work CONTENT_HASH is yours (authorship), or that nobody may use it (revocation).

    \b
    Example:
      meltingpot dispute open 0x52… --kind authorship --account artist:Ada --evidence "Drawn in 2019: …"
    """
    from backend.disputes import service
    from backend.works.commands import content_hash_of

    work = content_hash_of(content_hash)
    wallet = ctx.wallets.account(account)
    cid = service.publish_evidence(ctx, wallet.address, evidence)
    number = service.open_dispute(ctx, wallet, work, kind, cid)
    _print({"dispute_id": number, "content_hash": work, "kind": kind, "evidence_cid": cid}, as_json)


@dispute.command()
@_number
@_account
@_evidence
@_json
@click.pass_obj
def answer(ctx: Context, dispute_id: int, account: str, evidence: str, as_json: bool) -> None:
    """Answer a dispute against you, with an equal bond. Silence risks no bond and is no loss by itself.

    \b
    Example:
      meltingpot dispute answer 1 --account artist:Bob --evidence "My sketches: …"
    """
    from backend.disputes import service

    _with_evidence(ctx, service.answer, dispute_id, account, evidence, as_json)


@dispute.command()
@_number
@_account
@_evidence
@_json
@click.pass_obj
def appeal(ctx: Context, dispute_id: int, account: str, evidence: str, as_json: bool) -> None:
    """Take a ruling that went against you to the timelock, with one more bond.

    \b
    Example:
      meltingpot dispute appeal 1 --account artist:Bob --evidence "The resolver overlooked: …"
    """
    from backend.disputes import service

    _with_evidence(ctx, service.appeal, dispute_id, account, evidence, as_json)


@dispute.command()
@_number
@_json
@click.pass_obj
def execute(ctx: Context, dispute_id: int, as_json: bool) -> None:
    """Carry out a final ruling. Anybody; the relayer pays the gas.

    \b
    Example:
      meltingpot dispute execute 1
    """
    from backend.disputes import service

    service.execute(ctx, dispute_id)
    _shown(ctx, dispute_id, as_json)


@dispute.command()
@_number
@_json
@click.pass_obj
def lapse(ctx: Context, dispute_id: int, as_json: bool) -> None:
    """End a dispute that nobody decided in time: each side is owed its own bond.

    \b
    Example:
      meltingpot dispute lapse 1
    """
    from backend.disputes import service

    service.lapse(ctx, dispute_id)
    _shown(ctx, dispute_id, as_json)


@dispute.command("claim-bond")
@click.argument("account")
@_json
@click.pass_obj
def claim_bond(ctx: Context, account: str, as_json: bool) -> None:
    """Pay ACCOUNT (an address or a wallet's name) the bonds that its disputes owe it.

    \b
    Example:
      meltingpot dispute claim-bond artist:Ada
    """
    from eth_utils import is_address, to_checksum_address

    from backend.disputes import service

    address = to_checksum_address(account) if is_address(account) else ctx.wallets.address(account)
    _print({"account": address, "amount": str(service.claim_bond(ctx, address))}, as_json)


@dispute.command("list")
@click.option("--work", "content_hash", help="Only about this work.")
@click.option("--limit", type=click.IntRange(1, 100), default=20, show_default=True)
@_json
@click.pass_obj
def list_(ctx: Context, content_hash: str | None, limit: int, as_json: bool) -> None:
    """Disputes, the newest first.

    \b
    Examples:
      meltingpot dispute list
      meltingpot dispute list --work 0x52… --json
    """
    from backend.disputes import service
    from backend.works.commands import content_hash_of

    work = content_hash_of(content_hash) if content_hash else None
    found, _ = service.list_disputes(ctx, work, None, None, limit)
    if as_json:
        click.echo(json.dumps(found))
        return
    for row in found:
        click.echo(f"{row['dispute_id']:>4}  {row['state']:<9} {row['kind']:<11} {row['content_hash']}")
    click.echo(f"{len(found)} disputes")


def _shown(ctx: Context, dispute_id: int, as_json: bool) -> None:
    from backend.chain.indexer import wait_until_indexed
    from backend.disputes import service

    wait_until_indexed(ctx.sessions, ctx.client.block_number())
    _print(service.find_dispute(ctx, dispute_id), as_json)


def _with_evidence(
    ctx: Context, step: Callable[..., Any], dispute_id: int, account: str, evidence: str, as_json: bool
) -> None:
    """Publish what a side says, and take its step with it."""
    from backend.disputes import service

    wallet = ctx.wallets.account(account)
    cid = service.publish_evidence(ctx, wallet.address, evidence)
    step(ctx, wallet, dispute_id, cid)
    _print({"dispute_id": dispute_id, "evidence_cid": cid}, as_json)


def _print(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(found))
        return
    for name, value in found.items():
        click.echo(f"{name:<16}{value}")
