"""Progress of the demo for a person at a terminal, and the seconds that each step took."""
from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

from backend.progress import bars


class Reporter:
    """Numbered steps with progress bars on stderr; plain lines where there is no terminal."""

    def __init__(self) -> None:
        self.console = Console(stderr=True, highlight=False, soft_wrap=True)
        self.seconds: dict[str, float] = {}
        self._update: Callable[[str, int, int], None] | None = None

    @contextmanager
    def step(self, key: str, title: str) -> Iterator[None]:
        """Runs one step under its title and keeps its seconds under `key`."""
        began = time.monotonic()
        self.console.print(f"[bold]{len(self.seconds) + 1:>2}[/bold] {title}")
        with bars(console=self.console) as self._update:
            yield
        self._update = None
        self.seconds[key] = time.monotonic() - began

    def progress(self, stage: str, done: int, total: int) -> None:
        """What the services call while they work: `done` of `total` of `stage`."""
        if self._update is not None:
            self._update(f"   {stage}", done, total)

    def say(self, text: str) -> None:
        """One line under the present step."""
        self.console.print(f"   {text}", markup=False)
