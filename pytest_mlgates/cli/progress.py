"""How far a run is, on a terminal; nothing elsewhere."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.progress import Progress, TaskID

_PATIENCE_S = 1.0  # what is over sooner needs no clock


class Bar:
    """The gates of a run, and what the gate at hand is at.

    Args:
        bar: What is drawn.
        task: Its one line.
    """

    def __init__(self, bar: Progress, task: TaskID) -> None:
        self._bar, self._task = bar, task
        self._gate, self._started = "", False

    def gate(self, name: str) -> None:
        """The next gate begins."""
        self._bar.update(
            self._task,
            description=name,
            advance=1 if self._started else 0,
            since=time.monotonic(),
        )
        self._gate, self._started = name, True

    def step(self, text: str) -> None:
        """The gate at hand has come to *text*."""
        self._bar.update(self._task, description=f"{self._gate}: {text}", since=time.monotonic())


@contextlib.contextmanager
def progress(total: int) -> Iterator[Bar | None]:
    """A bar over *total* gates; None where nobody watches."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn
    from rich.text import Text

    class Since(ProgressColumn):
        """How long the step at hand has taken, once it takes long."""

        def render(self, task: object) -> Text:
            since = getattr(task, "fields", {}).get("since")
            seconds = 0.0 if since is None else time.monotonic() - since
            return Text(f"… {seconds:.0f} s" if seconds >= _PATIENCE_S else "")

    console = Console(stderr=True)
    named = TextColumn("{task.description}", markup=False)  # an id may hold brackets
    columns = (BarColumn(bar_width=20), MofNCompleteColumn(), named, Since())
    with Progress(*columns, console=console, transient=True) as bar:
        yield Bar(bar, bar.add_task("", total=total))
