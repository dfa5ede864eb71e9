"""`meltingpot train`, `contributions` and `round`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from backend.context import Context
from backend.errors import InputRefused

_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
ALLOCATIONS_SHOWN = 12
ROUND_ID = click.IntRange(1, 2**63 - 1)


@click.command()
@click.option("--steps", type=click.IntRange(min=1), help="Training steps; default: those of the settings.")
@click.option("--seed", type=click.IntRange(min=0, max=2**63 - 1), default=0, show_default=True)
@click.option(
    "--from-scratch",
    is_flag=True,
    help="Do not begin from the shipped checkpoint even where that is allowed.",
)
@click.option("--block", type=click.IntRange(min=0), help="Consent as of this block; default: now.")
@_json
@click.pass_obj
def train(
    ctx: Context, steps: int | None, seed: int, from_scratch: bool, block: int | None, as_json: bool
) -> None:
    """Train a model version on exactly the consenting works; publish dataset, settings and pipeline on IPFS.

    \b
    Examples:
      meltingpot train
      meltingpot train --steps 2000 --from-scratch --json
    """
    from backend.progress import bars
    from backend.training import service
    from model.settings import TrainSettings

    settings = TrainSettings().but(seed=seed, **({"steps": steps} if steps else {}))
    with bars(as_json) as progress:
        trained = service.train_round(ctx, settings, progress, from_scratch, block)
    _print(trained.to_json(), as_json)


@click.command()
@click.argument("model_cid", required=False)
@click.option(
    "--learning",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    multiple=True,
    help='JSON file, other learning contributors: [{"account": "0x…", "kind": "captions", "units": 120}].',
)
@_json
@click.pass_obj
def contributions(ctx: Context, model_cid: str | None, learning: tuple[Path, ...], as_json: bool) -> None:
    """Measure what each artist gave to MODEL_CID (default: the last trained), write the report to IPFS.

    \b
    Examples:
      meltingpot contributions
      meltingpot contributions bafybei… --learning captions.json --json
    """
    from backend.progress import bars
    from backend.training import service
    from model.settings import AttributionSettings

    units = [unit for path in learning for unit in _learning_units(path)]
    trained = service.trained_model(ctx, model_cid)
    with bars(as_json) as progress:
        report, cid = service.measure_contributions(ctx, trained, AttributionSettings(), progress, units)
    if as_json:
        click.echo(json.dumps({"report_cid": cid, "report": report}))
        return
    ranked = sorted(report["allocations"], key=lambda entry: -entry["allocation"])
    for entry in ranked[:ALLOCATIONS_SHOWN]:
        click.echo(f"{entry['artist']}  {entry['allocation'] / 10**7:6.2f} %")
    if len(ranked) > ALLOCATIONS_SHOWN:
        click.echo(f"… and {len(ranked) - ALLOCATIONS_SHOWN} more")
    click.echo(f"report        {cid}\nnext          meltingpot round propose {cid}")


@click.group("round")
def round_group() -> None:
    """Propose, challenge, finalise a round; claim its stake.

    \b
    Examples:
      meltingpot round propose bafybei…
      meltingpot round finalise 1 --advance-time
      meltingpot round claim 1
    """


@round_group.command()
@click.argument("report_cid", required=False)
@_json
@click.pass_obj
def propose(ctx: Context, report_cid: str | None, as_json: bool) -> None:
    """Propose the round of REPORT_CID (default: the last report measured here); wallet `proposer` pays the
    bond.

    \b
    Example:
      meltingpot round propose bafybei…
    """
    from backend.training import rounds, service

    round_id = rounds.propose(ctx, report_cid or service.report_cid_of(ctx))
    _print(rounds.round_of(ctx, round_id).to_json(), as_json)


@round_group.command()
@click.argument("round_id", type=ROUND_ID)
@click.option("--account", required=True, help="Address whose leaf is wrong.")
@click.option(
    "--evidence", required=True, help="What is wrong with it, or the path of a JSON file that says so."
)
@click.option("--wallet", default="challenger", show_default=True, help="Wallet that pays the bond.")
@_json
@click.pass_obj
def challenge(ctx: Context, round_id: int, account: str, evidence: str, wallet: str, as_json: bool) -> None:
    """Challenge one account's allocation in ROUND_ID with a bond; the round is frozen until it is decided.

    \b
    Example:
      meltingpot round challenge 1 --account 0x12… --evidence "works of another artist were counted"
    """
    from backend.training import rounds

    cid = rounds.challenge(ctx, round_id, _address(account), _evidence(evidence), wallet)
    _print({**rounds.round_of(ctx, round_id).to_json(), "evidence_cid": cid}, as_json)


@round_group.command()
@click.argument("round_id", type=ROUND_ID)
@click.option(
    "--advance-time", is_flag=True, help="Development chains: move the clock past the challenge window."
)
@_json
@click.pass_obj
def finalise(ctx: Context, round_id: int, advance_time: bool, as_json: bool) -> None:
    """Open the stake claims of ROUND_ID after its challenge window; the proposer gets the bond back.
    Anybody may.

    \b
    Example:
      meltingpot round finalise 1
    """
    from backend.training import rounds

    rounds.finalise(ctx, round_id, advance_time)
    _print(rounds.round_of(ctx, round_id).to_json(), as_json)


@round_group.command()
@click.argument("round_id", type=ROUND_ID)
@click.option("--advance-time", is_flag=True, help="Development chains: move the clock past the resolver's time.")
@_json
@click.pass_obj
def lapse(ctx: Context, round_id: int, advance_time: bool, as_json: bool) -> None:
    """End the challenge of ROUND_ID when nobody decided it in time: the round is rejected, both bonds go back to those
    who paid them. Anybody may.

    \b
    Example:
      meltingpot round lapse 1
    """
    from backend.training import rounds

    rounds.lapse(ctx, round_id, advance_time)
    _print(rounds.round_of(ctx, round_id).to_json(), as_json)


@round_group.command()
@click.argument("round_id", type=ROUND_ID)
@_json
@click.pass_obj
def claim(ctx: Context, round_id: int, as_json: bool) -> None:
    """Mint the stake of every account of ROUND_ID with Merkle proofs; wallet `relayer` pays the gas.

    \b
    Example:
      meltingpot round claim 1
    """
    from backend.progress import bars
    from backend.training import rounds

    with bars(as_json) as progress:
        leaves = rounds.claim_all(ctx, round_id, progress)
    _print(
        {"round_id": round_id, "claimed": len(leaves), "minted": str(sum(leaf.amount for leaf in leaves))},
        as_json,
    )


@round_group.command("list")
@_json
@click.pass_obj
def list_rounds(ctx: Context, as_json: bool) -> None:
    """List all rounds with their state.

    \b
    Example:
      meltingpot round list --json
    """
    from backend.training import rounds

    count = ctx.contracts.rounds.functions.nextRoundId().call() - 1
    found = [rounds.round_of(ctx, round_id).to_json() for round_id in range(1, count + 1)]
    if as_json:
        click.echo(json.dumps({"rounds": found}))
        return
    for entry in found:
        click.echo(f"{entry['round_id']:>4}  {entry['state']:<11} report {entry['report_cid']}")
    if not found:
        click.echo("no rounds")


def _address(text: str) -> str:
    from eth_utils import is_address

    if not is_address(text):
        raise InputRefused(
            f"{text!r} is no address.", "Give 0x and 40 hex digits: the report names the accounts of its leaves."
        )
    return text


def _evidence(text: str) -> dict[str, Any]:
    """A statement, or what the JSON file of that name holds."""
    path = Path(text)
    if path.suffix != ".json":
        return {"statement": text}
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputRefused(f"{text} cannot be read as JSON: {error}.", "Give a JSON file or a sentence.") from error
    if not isinstance(document, dict):
        raise InputRefused(f"{text} holds no JSON object.", 'Write one such as {"statement": "…", "works": ["0x…"]}.')
    return document


def _learning_units(path: Path) -> list[Any]:
    from eth_utils import is_address, to_checksum_address

    from backend.training.report import LearningUnits

    try:
        entries = json.loads(path.read_text())
        units = [
            LearningUnits(to_checksum_address(entry["account"]), str(entry["kind"]), int(entry["units"]))
            for entry in entries
            if is_address(entry["account"])
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputRefused(
            f"{path} holds no list of learning contributors: {error!r}.",
            'Write a JSON list such as [{"account": "0x…", "kind": "captions", "units": 120}].',
        ) from error
    if len(units) != len(entries) or any(
        unit.kind not in ("compute", "captions") or unit.units < 0 for unit in units
    ):
        raise InputRefused(
            f"{path} names an account, kind or number of units that cannot be.",
            'Kinds are "compute" and "captions", units are whole numbers from 0.',
        )
    return units


def _print(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(found))
        return
    for name, value in found.items():
        click.echo(f"{name:<20}{value}")
