"""`meltingpot demo`."""
from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import click

PROMPTS_FILE = "PROMPTS.txt"
REPORTS = ("report.html", "report.json")


@click.command()
@click.option("--works", "manifest", type=click.Path(path_type=Path), help="MANIFEST.jsonl of another set of works. Default: OpenMoji's faces and people.")
@click.option("--steps", type=click.IntRange(1), help="Training steps. Default: chosen by the size of the set and the starting point.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), default=Path("demo-out"), show_default=True, help="Where report.html and report.json go.")
@click.option("--data-dir", type=click.Path(path_type=Path, file_okay=False), default=Path(".meltingpot/demo"), show_default=True, help="Where the services keep their data; emptied first.")
@click.option("--json", "as_json", is_flag=True, help="Print report.json.")
def demo(manifest: Path | None, steps: int | None, out: Path, data_dir: Path, as_json: bool) -> None:
    """Carry real works from artists' wallets to money in those wallets, and show it on a page.

    Starts chain, IPFS node, database, API, indexer and worker on loopback, deploys, runs all 13 steps of docs/flow.md,
    recomputes everything as a stranger would, writes report.html and report.json, stops everything.
    Exits 1 when a check does not hold.

    \b
    Examples:
      meltingpot demo
      meltingpot demo --works photographs/MANIFEST.jsonl --out photographs-out
    """
    prompts = _prompts(manifest) if manifest else []
    for name in REPORTS:  # a run that fails must not leave the page of an earlier one
        (out / name).unlink(missing_ok=True)
    report = _carry(manifest, prompts, steps, out, data_dir)
    if as_json:
        click.echo(json.dumps(report, indent=1, ensure_ascii=False))
    sys.exit(1 if report["verify"]["failed"] else 0)


def _carry(manifest: Path | None, prompts: list[str], steps: int | None, out: Path, data_dir: Path) -> dict[str, Any]:
    """Runs the job on services of its own, writes the reports, stops the services; returns report.json."""
    from backend.context import Context
    from backend.demo.collect import collect
    from backend.demo.job import DemoJob
    from backend.demo.page import render
    from backend.demo.reporter import Reporter
    from backend.stack.local import LocalStack
    from backend.verify.service import verify

    reporter = Reporter()
    stack = LocalStack(data_dir, say=reporter.say)
    with reporter.step("start", "Chain, IPFS node, database, API, indexer, worker; contracts deployed"):
        settings = stack.start()
    try:
        ctx = Context(settings)
        if manifest is None:
            manifest = _openmoji(stack.data_dir / "openmoji")
            prompts = _prompts(manifest)
        job = DemoJob(ctx, stack, reporter, manifest, prompts, steps)
        job.run()
        with reporter.step("verify", "A stranger recomputes everything from chain and IPFS"):
            checks = verify(Context(settings), progress=reporter.progress)
        report = collect(ctx, job.imported, job.paid_by, job.prompts, checks, reporter.seconds)
        out.mkdir(parents=True, exist_ok=True)
        (out / "report.json").write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        render(ctx, report, out / "report.html")
    finally:
        stack.stop()
    for check in checks:
        if not check.ok:
            reporter.say(f"✗ {check.name}: {check.detail}")
    reporter.console.print(f"[bold]{len(checks) - report['verify']['failed']} of {len(checks)} checks hold.[/bold] Look at {out / 'report.html'}")
    return report


def _openmoji(folder: Path) -> Path:
    """The default set: written by its importer from the npm package."""
    from backend.config import PROJECT_DIR
    from backend.errors import ConfigurationError

    importer = [sys.executable, str(PROJECT_DIR / "tools" / "openmoji_manifest.py"), str(folder)]
    done = subprocess.run(importer, cwd=PROJECT_DIR, capture_output=True, text=True)
    if done.returncode:
        raise ConfigurationError(f"OpenMoji cannot be read: {done.stderr.strip()[-300:]}", "Run `make install`, or name works with --works.")
    return folder / "MANIFEST.jsonl"


def _prompts(manifest: Path) -> list[str]:
    """What the buyers ask for, where the set says so: the lines of PROMPTS.txt beside the manifest. Asked before
    anything starts, so that a wrong path costs no minute. Raises ManifestUnreadable, InputRefused."""
    from backend.errors import InputRefused
    from backend.generations.prompts import checked
    from backend.works.imports import manifest_lines

    manifest_lines(manifest)
    beside = manifest.with_name(PROMPTS_FILE)
    if not beside.is_file():
        return []
    try:
        return [checked(line.strip()) for line in beside.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    except UnicodeDecodeError as error:
        raise InputRefused(f"{beside} is not UTF-8 text.", "Save it as UTF-8, one prompt a line.") from error
