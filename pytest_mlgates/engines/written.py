"""What the runs of a gate left in the project, and the refusal of a run that only read it back."""

from __future__ import annotations

import contextlib
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.text import plural
from pytest_mlgates.engines.reads import Reads
from pytest_mlgates.engines.writes import MOST_FILES, Snapshot, Watcher, changed, shown, snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MOST_SHOWN = 3
# Of a project whose function is called in this process, where a run may take a millisecond.
FEW_FILES = 2_000


@dataclass(slots=True)
class Heard:
    """What was seen and heard while a run took place.

    Attributes:
        changed: Files of the project that are new, gone or other than before, whoever did it.
        written: Those that Python code of the run opened to write.
        read: Files of earlier runs that somebody read before they were written anew.
        is_deaf: Whether reading may have gone unheard.
    """

    changed: Sequence[str] = ()
    written: Sequence[str] = ()
    read: Sequence[str] = ()
    is_deaf: bool = False


@dataclass(slots=True)
class Written:
    """Which run wrote which file outside of its own folder.

    To write is a warning: a log or a copy of the model harms nobody. To read in a later run what
    an earlier one wrote is refused: a model from a file was not trained again, which proves
    nothing, as with an object from a cache in memory.

    Attributes:
        name: What messages call the training.
        base: The folder of the project.
        folders: Those that are looked through, the project among them.
        must_hear: Whether it is refused as well where reading may have gone unheard.
        most: How many files are looked at.
        files: The run that wrote it first, by path.
    """

    name: str
    base: Path
    folders: Sequence[Path]
    must_hear: bool = False
    most: int = MOST_FILES
    files: dict[str, int] = field(default_factory=dict)
    _surely: set[str] = field(default_factory=set)
    _before: Snapshot | None = None

    @classmethod
    def by_function(cls, name: str, base: Path, most: int = MOST_FILES) -> Written:
        """Of a function, which is called in the working directory."""
        return cls(name=name, base=base, folders=(base, Path.cwd()), most=most)

    @contextlib.contextmanager
    def listening(self, own: Path) -> Iterator[Heard]:
        """Around a run: what happened is known at the end of the block, for :meth:`note`.

        Args:
            own: The folder in which the run may write.
        """
        before = self._before or snapshot(self.folders, own, self.most)
        heard = Heard()
        with Reads(self.files) as reads:
            yield heard
        self._before = snapshot(self.folders, own, self.most)
        heard.changed = changed(before, self._before)
        heard.read = (*heard.read, *reads.heard)
        heard.is_deaf = reads.is_deaf

    @contextlib.contextmanager
    def listening_here(self, own: Path) -> Iterator[Heard]:
        """The same around a run in this process, whose temporary files later runs find as well."""
        folders = (*self.folders, Path(tempfile.gettempdir()))
        watcher = Watcher([str(one) for one in folders], str(own), self.files)
        with self.listening(own) as heard:
            with watcher:
                yield heard
            heard.written, heard.read = list(watcher.written), list(watcher.read)

    def note(self, number: int, heard: Heard) -> None:
        """Record what run *number* wrote.

        Raises:
            MLGatesError: if it read what an earlier run had written, or may have.
        """
        for path in heard.read:
            before = f"run {self.files.get(path, 1)}"
            sure = path in self._surely or self.must_hear
            wrote = f"that {before} had written" if sure else f"that changed during {before}"
            raise MLGatesError(
                f"run {number} of {self.name} read a file {wrote}: what it holds was not made "
                "again",
                got=shown(path, self.base),
                want="runs that do not build on one another",
                fix="write into a temporary folder; a download or a table that may be kept: make "
                "it once before the gate runs",
            )
        if heard.is_deaf and self.must_hear:
            self._refuse_unheard(number)
        for path in (*heard.written, *heard.changed):
            if not os.path.isdir(path):  # noqa: PTH112  (to list a folder is to read no file)
                self.files.setdefault(path, number)
        self._surely.update(heard.written)

    def _refuse_unheard(self, number: int) -> None:
        for path in filter(os.path.lexists, self.files):
            raise MLGatesError(
                f"run {self.files[path]} of {self.name} wrote into the project, and nothing here "
                f"tells whether run {number} read that: equal results would prove nothing",
                got=shown(path, self.base),
                want="a command that writes into {out} or a temporary folder alone",
                fix="write it into {out}, or run the gate on Linux, where reading is heard",
            )

    def warnings(self) -> tuple[str, ...]:
        """What was written into the project, in one sentence; nothing if nothing was."""
        paths = list(filter(self._is_inside, self.files))
        if not paths:
            return ()
        number = self.files[paths[0]]
        names = ", ".join(shown(p, self.base) for p in paths[:_MOST_SHOWN])
        more = len(paths) - _MOST_SHOWN
        names += f" and {plural(more, 'more file')}" if more > 0 else ""
        what = f"run {number} of {self.name} wrote {names}"
        if not self._surely.issuperset(paths):  # it may have been another program
            what = f"{names} changed while run {number} of {self.name} took place"
        what += ", outside of its own folder: a later run may read it; "
        return (f"{what}write into a temporary folder",)

    def _is_inside(self, path: str) -> bool:
        return any(Path(path).is_relative_to(os.path.realpath(one)) for one in self.folders)
