"""`meltingpot provenance FILE`: what a picture says of itself, with nothing but the file, and what the chain adds."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import click

from backend.context import Context
from backend.errors import InputRefused, MeltingPotError, TooLarge

MOST_BYTES = 100_000_000


class NoPicture(InputRefused):
    """The file is none that a manifest or watermark could be in."""

    code, title = "no_picture", "No picture"
    advice = "Give a PNG, JPEG or WebP file."


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--offline", is_flag=True, help="Do not ask the chain for the order.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def provenance(ctx: Context, file: Path, offline: bool, as_json: bool) -> None:
    """Say where the picture FILE comes from: its C2PA manifest, its invisible watermark, and its order.

    Needs the file alone. Where a deployment answers, the order behind the watermark is looked up on the chain; a
    picture that lost its manifest is found again that way. Exits 1 when nothing was found, or when something
    contradicts.

    \b
    Examples:
      meltingpot provenance picture.png
      meltingpot provenance --offline --json screenshot.jpg
    """
    found = examine(_read(file))
    if not offline:
        found |= _on_chain(ctx, found)
    found["problems"] += _contradictions(found)
    if as_json:
        click.echo(json.dumps({"file": str(file), **found}))
    else:
        _show(file, found)
    sys.exit(0 if (found["manifest"] or found["watermark"]) and not found["problems"] else 1)


def examine(data: bytes) -> dict[str, Any]:
    """Manifest and watermark of a picture file, and what is wrong with them. Raises NoPicture."""
    from model.images import ImageRefused, open_image
    from model.provenance import manifest, watermark

    problems: list[str] = []
    try:
        mark = watermark.detect(open_image(data))
        told = manifest.read(data)
    except ImageRefused as error:
        raise NoPicture(f"{error}.") from error
    except ValueError as error:
        told = None
        problems.append(str(error))
    return {
        "sha256": "0x" + hashlib.sha256(data).hexdigest(),
        "manifest": _manifest_json(told) if told else None,
        "watermark": {
            "payload": mark.payload.hex(),
            "part_of_the_picture": mark.part,
            "pilots_standard_deviations": mark.pilots,
            "symbols_right": mark.agreeing,
            "false_positive_probability": watermark.FALSE_POSITIVES,
        }
        if mark
        else None,
        "order": None,
        "chain": "not asked",
        "problems": problems + ([f"manifest: {each}" for each in told.problems] if told else []),
    }


def _read(file: Path) -> bytes:
    size = file.stat().st_size
    if size > MOST_BYTES:
        raise TooLarge(f"{file} has {size:,} bytes, at most {MOST_BYTES:,} are read.", "Scale it down.")
    return file.read_bytes()


def _manifest_json(told: Any) -> dict[str, Any]:
    return {
        "generator": told.generator,
        "valid": told.valid,
        "trusted": told.trusted,
        "issuer": told.issuer,
        "source_type": told.source_type,
        "training": {name: entry.get("use") for name, entry in told.training.items()},
        "watermark": told.watermark.hex() if told.watermark else None,
        "origin": told.origin.to_json() if told.origin else None,
    }


def _on_chain(ctx: Context, found: dict[str, Any]) -> dict[str, Any]:
    """The order that the watermark, else the manifest, names; where no deployment answers, that it does not."""
    from backend.generations.provenance import registered

    named = found["watermark"]["payload"] if found["watermark"] else (found["manifest"] or {}).get("watermark")
    if not named:
        return {}
    try:
        order = registered(ctx, bytes.fromhex(named))
    except MeltingPotError as error:
        return {"chain": f"not reachable: {error.message}"}
    if order is None:
        return {"chain": "asked: no order of this deployment has this watermark"}
    told = order.origin.to_json() | {"buyer": order.buyer, "deliveries": list(order.delivered_hashes)}
    return {"chain": "asked", "order": told | {"same_file": found["sha256"] in order.delivered_hashes}}


def _contradictions(found: dict[str, Any]) -> list[str]:
    """Manifest against watermark, and both against the order."""
    manifest, mark, order = found["manifest"] or {}, found["watermark"], found["order"]
    origin, problems = manifest.get("origin"), []
    if manifest.get("watermark") and mark and manifest["watermark"] != mark["payload"]:
        problems.append(f"the manifest names the watermark {manifest['watermark']}, read was {mark['payload']}")
    if manifest.get("watermark") and not mark:
        problems.append("the manifest names a watermark, and none was read")
    if origin and order and origin != {name: order[name] for name in origin}:
        problems.append("the manifest does not name the order that the watermark belongs to")
    return problems


def _show(file: Path, found: dict[str, Any]) -> None:
    manifest, mark, order = found["manifest"], found["watermark"], found["order"]
    click.echo(f"file       {file}")
    if manifest:
        state = "valid" if manifest["valid"] else "NOT VALID"
        trust = "" if manifest["trusted"] else "; the certificate is on no list of trust here"
        click.echo(f"manifest   {state}, signed by {manifest['issuer']}{trust}")
        click.echo(f"generator  {manifest['generator'] or '(not told)'}")
        click.echo(f"made by    {manifest['source_type'].rsplit('/', 1)[-1] or '(not told)'}")
    else:
        click.echo("manifest   none")
    origin = order or (manifest or {}).get("origin")
    if origin:
        click.echo(f"order      {origin['order_id']}, picture {origin['number'] + 1}")
        click.echo(f"model      {origin['model_cid']}")
    if mark:
        click.echo(
            f"watermark  {mark['payload']}, {mark['symbols_right']:.0%} of its symbols right, "
            f"{mark['part_of_the_picture']:.0%} of the picture's side is left; "
            f"an unmarked picture shows one in {1 / mark['false_positive_probability']:,.0f}"
        )
    else:
        click.echo("watermark  none")
    if order:
        same = "the delivered file itself" if order["same_file"] else "not the file as delivered alone"
        click.echo(f"receipt    meltingpot order show {order['order_id']}  ({same})")
    elif manifest or mark:
        click.echo(f"chain      {found['chain']}")
    for problem in found["problems"]:
        click.secho(f"problem    {problem}", fg="red")
