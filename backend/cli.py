"""`meltingpot`: the command line of the product. Each domain keeps its commands in its own `commands.py`."""
from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys
import traceback

import click

# name: (module, object, one line for `meltingpot --help`). Named, not imported: web3 and torch take seconds to load.
COMMANDS = {
    "up": ("backend.stack.commands", "up", "Start chain, IPFS node, API, indexer and worker on this machine."),
    "down": ("backend.stack.commands", "down", "Stop what `up` started."),
    "status": ("backend.stack.commands", "status", "Say which part runs, and what the chain holds."),
    "demo": ("backend.demo.commands", "demo", "Carry real works from wallets to money, and show it on a page."),
    "import": ("backend.works.commands", "import_works", "Register the works of a manifest."),
    "register": ("backend.works.commands", "register", "Register one work."),
    "consent": ("backend.works.commands", "consent", "Give or withdraw consent for training."),
    "metadata": ("backend.works.commands", "metadata", "Change a work's title, tags, licence or source."),
    "payee": ("backend.works.commands", "payee", "Name who is paid what sales owe an artist."),
    "dispute": ("backend.disputes.commands", "dispute", "Claim a work or its revocation under bond; answer, appeal, execute."),
    "train": ("backend.training.commands", "train", "Train a model version on exactly the consenting works."),
    "contributions": ("backend.training.commands", "contributions", "Measure what each artist gave the model; write the report."),
    "round": ("backend.training.round_commands", "round_group", "Propose, challenge, finalise a round; claim its stake."),
    "order": ("backend.generations.commands", "order", "Ask and pay for a generation; look it up; take it back when late."),
    "token": ("backend.generations.commands", "token", "Make a token (ERC-721) of a delivered generation."),
    "tip": ("backend.royalties.commands", "tip", "Give artists something on top of a sale."),
    "prepaid": ("backend.prepaid.commands", "prepaid", "Buy by signed vouchers from a prepaid balance; settle many sales at once."),
    "claim": ("backend.royalties.commands", "claim", "Pay out what artists, holders and funds are owed."),
    "vote": ("backend.governance.commands", "vote", "Propose and vote on rules and resolutions."),
    "provenance": ("backend.generations.provenance_commands", "provenance", "Say where a picture comes from, by its manifest and watermark."),
    "verify": ("backend.verify.commands", "verify", "Recompute everything from chain and IPFS, as a stranger would."),
}


class LazyGroup(click.Group):
    """Loads a command's module only when that command runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[name]
        return getattr(importlib.import_module(module), attribute)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, _, line) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="meltingpot")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Melting Pot AI: an image generator owned by the artists it learned from.

    Every command works against the chain, IPFS node and database that the settings name: environment variables
    MELTINGPOT_* (see .env.example), a file .env, or what `meltingpot up` started.

    \b
    Examples:
      meltingpot up                        start everything on this machine
      meltingpot import works/MANIFEST.jsonl
      meltingpot order "smiling face with sunglasses" --buyer buyer:1 --wait
      meltingpot verify                    recompute every payment

    Exit codes: 0 done, 1 failed or a check does not hold, 2 wrong usage, 3 refused or not found,
    4 a service cannot be reached, 5 the chain refused.
    """
    from backend.context import Context

    if ctx.obj is None:
        ctx.obj = Context()


def main(argv: list[str] | None = None) -> None:
    """Entry point: runs a command and turns errors into one message and an exit code. With --json, stdout holds one
    JSON document, of an error as well."""
    # Threads of torch that wait by spinning are ten times slower as soon as anything else runs on the machine.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    arguments = sys.argv[1:] if argv is None else argv
    try:
        sys.exit(cli.main(arguments, prog_name="meltingpot", standalone_mode=False))
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except (Exception, KeyboardInterrupt) as error:
        sys.exit(_tell(error, "--json" in arguments))


def _tell(error: BaseException, as_json: bool) -> int:
    """Says what went wrong, and what to do; returns the exit code."""
    from backend.errors import MeltingPotError, UsageError

    if isinstance(error, click.ClickException):
        error.show()
        if as_json:
            context = getattr(error, "ctx", None)
            advice = f"See `{context.command_path} --help`." if context else ""
            click.echo(json.dumps(UsageError(error.format_message(), advice).problem()))
        return error.exit_code
    if isinstance(error, click.Abort | KeyboardInterrupt):
        click.echo("stopped", err=True)
        return 130
    if not isinstance(error, MeltingPotError):
        error = _fault(error)
    if as_json:
        click.echo(json.dumps(error.problem()))
    click.secho(f"error: {error.message}", fg="red", err=True)
    if error.what_to_do:
        click.echo(error.what_to_do, err=True)
    return error.exit_code


def _fault(error: BaseException) -> Exception:
    """What no command foresaw, as an error like the others; where it came from is for those who ask for it."""
    from sqlalchemy.exc import DBAPIError

    from backend.config import get_settings
    from backend.errors import MeltingPotError, ServiceUnavailable

    if isinstance(error, DBAPIError):
        said = str(error.orig).strip().splitlines() or [type(error.orig).__name__]
        return ServiceUnavailable(f"The database refused: {said[0]}.", "Check MELTINGPOT_DATABASE_URL and the database it names.")
    with contextlib.suppress(MeltingPotError):
        if get_settings().log_level.upper() == "DEBUG":
            traceback.print_exception(error)
    return MeltingPotError(f"{type(error).__name__}: {error}".rstrip(": "),
                           "This is a fault of the program, not yours: please report it with what MELTINGPOT_LOG_LEVEL=DEBUG shows.")


if __name__ == "__main__":
    main()
