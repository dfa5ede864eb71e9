"""`meltingpot verify`."""

from __future__ import annotations

import json
import sys

import click

from backend.context import Context


@click.command()
@click.option("--quick", is_flag=True, help="Fetch the files of a sample of works instead of all.")
@click.option(
    "--retrain",
    type=click.IntRange(min=1),
    default=None,
    help="Repeat this many of the retrainings behind contributions, drawn by chance; some 10 s of a core each.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def verify(ctx: Context, quick: bool, retrain: int | None, as_json: bool) -> None:
    """Recompute every registration, mint, sale and balance from chain and IPFS, as a stranger would.

    Reads the chain's RPC, the IPFS API and the deployment file; no database. Exits 1 when a check does not
    hold.

    \b
    Examples:
      meltingpot verify
      meltingpot verify --quick --json
      meltingpot verify --retrain 4
      MELTINGPOT_CHAIN_RPC_URL=https://… MELTINGPOT_IPFS_API=https://… meltingpot verify
    """
    from backend.progress import bars
    from backend.verify import service

    def tell(check: service.Check) -> None:
        colour = "green" if check.ok else "red"
        click.secho(f"{'✓' if check.ok else '✗'} {check.name}", fg=colour, nl=not check.detail)
        if check.detail:
            click.echo(f"  ({check.detail})")

    if as_json:
        checks = service.verify(ctx, quick, retrain=retrain or 0)
    else:
        with bars() as progress:
            checks = service.verify(ctx, quick, progress, tell, retrain or 0)
    failed = sum(not check.ok for check in checks)
    if as_json:
        click.echo(
            json.dumps(
                {"checks": len(checks), "failed": failed, "results": [check.to_json() for check in checks]}
            )
        )
    else:
        click.secho(f"{len(checks)} checks, {failed} failed", fg="red" if failed else "green", bold=True)
    sys.exit(1 if failed else 0)
