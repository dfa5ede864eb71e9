"""Progress bars of the commands, on stderr so that stdout stays for the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


@contextmanager
def bars(quiet: bool = False, console: Console | None = None) -> Iterator[Callable[[str, int, int], None]]:
    """A function (stage, done, total) that keeps one bar for each stage; it does nothing when `quiet`."""
    columns = TextColumn("{task.description:<14}"), BarColumn(30), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console or Console(stderr=True), disable=quiet) as progress:
        tasks = {}

        def update(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = progress.add_task(stage, total=total)
            progress.update(tasks[stage], completed=done, total=total)

        yield update
