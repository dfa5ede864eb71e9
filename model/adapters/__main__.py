"""Adapters by command line; LIBRARY is a folder that holds one folder an artist.

    python -m model.adapters train  --base DIR --manifest MANIFEST.jsonl --artist NAME --library LIBRARY
    python -m model.adapters list   --library LIBRARY
    python -m model.adapters remove --library LIBRARY --artist NAME
    python -m model.adapters serve  --base DIR --library LIBRARY --out DIR [--weight NAME=0.8]
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from model.adapters.library import adapters_in, remove_adapter, train_adapter
from model.adapters.serving import save_served
from model.compute import Compute
from model.dataset import load_dataset
from model.manifest_file import read_manifest
from model.settings import TrainSettings
from model.starting import size_of


def main(words: list[str] | None = None) -> int:
    """Exit status: 0, or 1 with the reason on stderr."""
    options = _parser().parse_args(words)
    try:
        {"train": _train, "list": _list, "remove": _remove, "serve": _serve}[options.command](options)
    except (ValueError, OSError) as error:
        print(f"model.adapters {options.command}: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m model.adapters",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    train = commands.add_parser("train", help="train an artist's adapter (goes on where it was stopped)")
    serve = commands.add_parser("serve", help="write base and adapters as one checkpoint directory")
    remove = commands.add_parser("remove", help="take an artist's adapter away: the exact opt-out")
    listed = commands.add_parser("list", help="what stands in the library")
    for command in (train, serve, remove, listed):
        command.add_argument("--library", type=Path, required=True)
    for command in (train, serve):
        command.add_argument("--base", type=Path, required=True, help="checkpoint, or SD directory")
    for command in (train, remove):
        command.add_argument("--artist", required=True)
    train.add_argument("--manifest", type=Path, required=True)
    train.add_argument("--steps", type=int, default=0, help="0: chosen for the number of works")
    train.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    train.add_argument("--save-every", type=int, default=100)
    train.add_argument("--set", action="append", default=[], metavar="NAME=JSON", help="any training setting")
    serve.add_argument("--out", type=Path, required=True)
    serve.add_argument("--weight", action="append", default=[], metavar="NAME=NUMBER", help="1 unless given")
    return parser


def _train(options: argparse.Namespace) -> None:
    manifest, files = read_manifest(options.manifest, only_artists=[options.artist])
    changes = {name: json.loads(value) for name, value in (item.split("=", 1) for item in options.set)}
    settings = TrainSettings.from_json(TrainSettings().to_json() | changes | {"steps": options.steps})
    dataset = load_dataset(manifest, lambda work: files[work.content_hash], size_of(options.base))
    began = time.monotonic()

    def show(step: int, steps: int, loss: float) -> None:
        if step % 20 == 0 or step == steps:
            print(f"step {step}/{steps} loss {loss:.4f} {time.monotonic() - began:.0f} s", flush=True)

    where = (options.base, options.library)
    adapter = train_adapter(dataset, settings, *where, show, options.save_every, Compute(options.device))
    print(f"{adapter.directory}: {len(adapter.works)} works of {adapter.artist}")


def _list(options: argparse.Namespace) -> None:
    for adapter in adapters_in(options.library):
        print(f"{adapter.directory.name}  {len(adapter.works):>5} works  {adapter.artist}")


def _remove(options: argparse.Namespace) -> None:
    gone = remove_adapter(options.library, options.artist)
    print(f"removed {gone}; serve again, so that what is served is without it")


def _serve(options: argparse.Namespace) -> None:
    adapters = adapters_in(options.library)
    weights = {name: float(value) for name, value in (item.rsplit("=", 1) for item in options.weight)}
    unknown = weights.keys() - {adapter.artist for adapter in adapters}
    if unknown:
        raise ValueError(f"no adapter of {sorted(unknown)} in {options.library}")
    print(f"{save_served(options.base, adapters, options.out, weights)}: base and {len(adapters)} adapters")


if __name__ == "__main__":
    sys.exit(main())
