"""`meltingpot up`, `down` and `status`."""
from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import click

from backend.generations.funding import fund_buyer
from backend.stack.local import LocalStack, is_owned
from backend.stack.processes import ServiceFailed
from backend.stopping import stop_on_signals

LOCAL_ENV = Path(".meltingpot/local.env")


def _ready_file(data_dir: Path) -> Path:
    return data_dir.with_name(data_dir.name + ".ready.json")


def _running(data_dir: Path) -> dict | None:
    """What the stack in `data_dir` said when it was ready, for as long as it lives."""
    path = _ready_file(data_dir)
    if not is_owned(data_dir):
        path.unlink(missing_ok=True)  # it was killed
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        return None


def describe(ready: dict) -> str:
    """Where to find what, in lines for people."""
    lines = ["Melting Pot AI runs on this machine:"]
    lines += [f"  {name:<14} {where}" for name, where in ready["where"].items()]
    lines += ["  development wallets, the buyers with 100 dUSD each (public test mnemonic: never send real money to them)"]
    lines += [f"    {name:<12} {address}" for name, address in ready["wallets"].items()]
    lines += [f"  Other commands find it through {LOCAL_ENV}. Stop it with `meltingpot down`."]
    return "\n".join(lines)


@click.command()
@click.option("--data-dir", type=click.Path(path_type=Path), default=Path(".meltingpot/up"), show_default=True, help="Where chain, files and database are kept.")
@click.option("--fresh", is_flag=True, help="Throw away what an earlier run left there.")
@click.option("--foreground", is_flag=True, help="Stay in this terminal until Ctrl-C.")
@click.option("--json", "as_json", is_flag=True, help="Print where everything is as JSON.")
def up(data_dir: Path, fresh: bool, foreground: bool, as_json: bool) -> None:
    """Start chain, IPFS node, API, indexer and worker on this machine, deploy, and leave them running.

    \b
    Example:
      meltingpot up
      meltingpot status
      meltingpot down
    """
    data_dir = data_dir.resolve()
    if foreground:
        _serve(data_dir, fresh, as_json)
        return
    ready = _running(data_dir)
    if ready is None:
        ready = _start_in_background(data_dir, fresh)
    elif fresh:
        raise ServiceFailed("it already runs", "Stop it first with `meltingpot down`.")
    click.echo(json.dumps(ready, indent=1) if as_json else describe(ready))


def _start_in_background(data_dir: Path, fresh: bool) -> dict:
    log = data_dir.with_name(data_dir.name + ".log")
    log.parent.mkdir(parents=True, exist_ok=True)
    argv = [sys.executable, "-m", "backend.cli", "up", "--foreground", "--data-dir", str(data_dir), *(["--fresh"] if fresh else [])]
    with open(log, "wb") as out:
        child = subprocess.Popen(argv, stdout=out, stderr=out, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        while child.poll() is None:
            ready = _running(data_dir)
            if ready is not None and ready["pid"] == child.pid:
                return ready
            time.sleep(0.1)
    except KeyboardInterrupt:
        child.terminate()  # it has a session of its own and did not hear Ctrl-C
        child.wait()
        raise
    raise ServiceFailed("the services did not start", f"The log {log} says:\n{log.read_text(errors='replace')[-1500:]}")


def _serve(data_dir: Path, fresh: bool, as_json: bool) -> None:
    """Runs the stack until a signal comes; starts a service again that has died."""
    stop = threading.Event()
    stop_on_signals(stop)
    stack = LocalStack(data_dir, fresh=fresh, keep=True, say=lambda text: click.echo(text, err=True))
    stack.start()
    try:
        if stop.is_set():
            return
        ready = _announce(stack)
        click.echo(json.dumps(ready, indent=1) if as_json else describe(ready))
        while not stop.wait(1):
            _mend(stack, stop)
    finally:
        stack.stop()
        LOCAL_ENV.unlink(missing_ok=True)
        _ready_file(data_dir).unlink(missing_ok=True)


def _mend(stack: LocalStack, stop: threading.Event) -> None:
    """Starts again what has died; what does not come up is tried again at the next look."""
    for name, service in stack.services.items():
        try:
            service.check()
        except ServiceFailed as failure:
            click.echo(f"{failure.message}: starting it again", err=True)
            try:
                stack.restart(name)
            except ServiceFailed as again:
                click.echo(f"{again.message}. {again.what_to_do}", err=True)
                stop.wait(2)


def _announce(stack: LocalStack) -> dict:
    """Gives the development buyers money, and writes where everything is for people and for the other commands."""
    from backend.context import Context

    context = Context(stack.settings())
    names = ("deployer", "operator", "relayer", "proposer", "trainer", "challenger", "platform", "network", "learning",
             "guardian", "resolver", "buyer:1", "buyer:2", "buyer:3")
    wallets = {name: context.wallets.account(name).address for name in names}
    for name in ("buyer:1", "buyer:2", "buyer:3"):
        fund_buyer(context, wallets[name])
    api = f"http://127.0.0.1:{stack.ports['api']}"
    ready = {
        "pid": os.getpid(),
        "where": {"API and docs": f"{api}/docs", "health": f"{api}/health", "metrics": f"{api}/metrics", "chain RPC": stack.environment["MELTINGPOT_CHAIN_RPC_URL"] + " (chain id 31337)",
                  "IPFS gateway": stack.environment["MELTINGPOT_IPFS_GATEWAY_URL"] + "/ipfs/CID",
                  "IPFS API": stack.environment["MELTINGPOT_IPFS_API"], "database": stack.environment["MELTINGPOT_DATABASE_URL"],
                  "logs": str(stack.data_dir / "logs")},
        "wallets": wallets,
        "environment": stack.environment,
    }
    LOCAL_ENV.parent.mkdir(exist_ok=True)
    LOCAL_ENV.write_text("".join(f"{name}={value}\n" for name, value in stack.environment.items()))
    path = _ready_file(stack.data_dir)
    path.with_suffix(".new").write_text(json.dumps(ready))
    path.with_suffix(".new").rename(path)
    return ready


@click.command()
@click.option("--data-dir", type=click.Path(path_type=Path), default=Path(".meltingpot/up"), show_default=True, help="As given to `up`.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def down(data_dir: Path, as_json: bool) -> None:
    """Stop what `meltingpot up` started. Its data stay.

    \b
    Example:
      meltingpot down
    """
    ready = _running(data_dir.resolve())
    stopped = ready is not None and _stop(data_dir.resolve(), ready["pid"])
    click.echo(json.dumps({"stopped": stopped}) if as_json else "stopped" if stopped else "nothing runs here")


def _stop(data_dir: Path, pid: int) -> bool:
    os.kill(pid, signal.SIGTERM)
    for _ in range(300):
        if _running(data_dir) is None:
            return True
        time.sleep(0.1)
    raise ServiceFailed(f"process {pid} did not stop within 30 s", f"End it with: kill -9 {pid}")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@click.pass_obj
def status(context, as_json: bool) -> None:
    """Say which part runs, how far the index is behind the chain, and what the chain holds.

    Exits 4 when a part cannot be reached.

    \b
    Example:
      meltingpot status --json
    """
    from backend.status import read_status

    answer = read_status(context)
    if as_json:
        click.echo(json.dumps(answer, indent=1))
    else:
        for name, part in answer["parts"].items():
            click.secho(f"  {'✓' if part['ok'] else '✗'} {name:<10} {part['detail']}", fg="green" if part["ok"] else "red")
        for name, value in answer["chain"].items():
            click.echo(f"    {name:<22} {value}")
    sys.exit(0 if all(part["ok"] for part in answer["parts"].values()) else 4)
