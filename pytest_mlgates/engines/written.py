"""What the runs of a gate left in the project, and the refusal of a run that only read it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.text import plural
from pytest_mlgates.engines.writes import shown

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_MOST_SHOWN = 3


class Written:
    """Which run wrote which file outside of its own folder.

    To write is a warning: a log or a copy of the model harms nobody. To read in a later run what
    an earlier one wrote is refused: a model from a file was not trained again, which proves
    nothing, as with an object from a cache in memory.

    Args:
        name: What messages call the training.
        base: The folder of the project.
    """

    def __init__(self, name: str, base: Path) -> None:
        self._name, self.base = name, base
        self.files: dict[str, int] = {}

    def note(self, number: int, written: Sequence[str], read: Sequence[str] = ()) -> None:
        """Record what run *number* wrote.

        Raises:
            MLGatesError: if it read what an earlier run had written.
        """
        for path in read:
            raise MLGatesError(
                f"run {number} of {self._name} read a file that run {self.files.get(path, 1)} had "
                "written: what it holds was not made again",
                got=shown(path, self.base),
                want="runs that do not build on one another",
                fix="write into a temporary folder; a download or a table that may be kept: make "
                "it once before the gate runs",
            )
        for path in written:
            self.files.setdefault(path, number)

    def warnings(self) -> tuple[str, ...]:
        """What was written, in one sentence; nothing if nothing was."""
        if not self.files:
            return ()
        paths = list(self.files)
        first = self.files[paths[0]]
        names = ", ".join(shown(p, self.base) for p in paths[:_MOST_SHOWN])
        more = len(paths) - _MOST_SHOWN
        names += f" and {plural(more, 'more file')}" if more > 0 else ""
        text = f"run {first} of {self._name} wrote {names}, outside of its own folder: a later "
        return (text + "run may read it; write into a temporary folder",)
