"""`meltingpot train` and `contributions`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from backend.context import Context
from backend.errors import InputRefused
from backend.training.round_commands import json_option, show

ALLOCATIONS_SHOWN = 12


@click.command()
@click.option("--steps", type=click.IntRange(min=1), help="Training steps; default: those of the settings.")
@click.option("--seed", type=click.IntRange(min=0, max=2**63 - 1), default=0, show_default=True)
@click.option(
    "--from-scratch",
    is_flag=True,
    help="Do not begin from the shipped checkpoint even where that is allowed.",
)
@click.option("--block", type=click.IntRange(min=0), help="Consent as of this block; default: now.")
@json_option
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
    show(trained.to_json(), as_json)


@click.command()
@click.argument("model_cid", required=False)
@click.option(
    "--learning",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    multiple=True,
    help='JSON file, others who gave compute: [{"account": "0x…", "kind": "compute", "units": 120}], in '
    "millions of operations.",
)
@json_option
@click.pass_obj
def contributions(ctx: Context, model_cid: str | None, learning: tuple[Path, ...], as_json: bool) -> None:
    """Measure what each artist gave to MODEL_CID (default: the last trained), write the report to IPFS.

    \b
    Examples:
      meltingpot contributions
      meltingpot contributions bafybei… --learning others.json --json
    """
    from backend.progress import bars
    from backend.training import service
    from backend.training.method import Method

    units = [unit for path in learning for unit in _learning_units(path)]
    trained = service.trained_model(ctx, model_cid)
    with bars(as_json) as progress:
        report, cid = service.measure_contributions(ctx, trained, Method(), progress, units)
    if as_json:
        click.echo(json.dumps({"report_cid": cid, "report": report}))
        return
    ranked = sorted(report["allocations"], key=lambda entry: -entry["allocation"])
    for entry in ranked[:ALLOCATIONS_SHOWN]:
        low, high = entry["low"] / 10**7, entry["high"] / 10**7
        click.echo(f"{entry['artist']}  {entry['allocation'] / 10**7:6.2f} %  ({low:.2f} to {high:.2f} %)")
    if len(ranked) > ALLOCATIONS_SHOWN:
        click.echo(f"… and {len(ranked) - ALLOCATIONS_SHOWN} more")
    click.echo(f"report        {cid}\nnext          meltingpot round propose {cid}")


def _learning_units(path: Path) -> list[Any]:
    from eth_utils import is_address, to_checksum_address

    from backend.training.learning import LearningUnits

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
            'Write a JSON list such as [{"account": "0x…", "kind": "compute", "units": 120}].',
        ) from error
    if len(units) != len(entries) or any(
        unit.kind != "compute" or unit.units < 0 for unit in units
    ):
        raise InputRefused(
            f"{path} names an account, kind or number of units that cannot be.",
            'The kind is "compute" (captions are counted from the dataset), units are whole numbers from 0.',
        )
    return units
