"""Where the ledger of holdouts is kept: a file, git notes, or what an integration offers."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pytest_mlgates.core.alone import alone
from pytest_mlgates.core.ci import is_ci
from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.files import ours, write_atomically
from pytest_mlgates.core.holdouts import OFF, merged

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

NOTES = "git-notes"
_REFERENCE = "refs/notes/mlgates-holdouts"


class Ledger(Protocol):
    """Lines that only ever become more.

    Attributes:
        is_whole: Whether it is known to hold what others have written.
    """

    is_whole: bool

    def add(self, lines: Collection[str]) -> list[str]:
        """Put *lines* into it where they are missing, and return all of it.

        Raises:
            MLGatesError: if it cannot be read or written.
        """


@dataclass
class FileLedger:
    """A text file, one line each, sorted: two branches of it merge as sets."""

    path: Path
    is_whole: bool = True

    def add(self, lines: Collection[str]) -> list[str]:
        """See :class:`Ledger`."""
        try:
            known = self._known()
            if set(lines) <= set(known):  # as in a checkout that cannot be written
                return known
            ours(self.path.parent)
            with alone(self.path.with_name(f".{self.path.name}.guard"), of=self.path.name):
                known = self._known()
                found = merged([known, lines])
                if set(found) != set(known):
                    write_atomically(self.path, "".join(f"{line}\n" for line in found))
        except (OSError, UnicodeDecodeError) as error:
            raise MLGatesError(
                "the ledger of holdouts cannot be kept",
                where=str(self.path),
                got=str(getattr(error, "strerror", None) or error),
                fix='name a file that can be written: ledger = "…", or ledger = "off"',
            ) from None
        return found

    def _known(self) -> list[str]:
        return self.path.read_text("utf-8").splitlines() if self.path.exists() else []


@dataclass
class NotesLedger:
    """A note on an empty blob: fetched and pushed by git, merged by ``cat_sort_uniq``."""

    folder: Path
    is_whole: bool = True

    def add(self, lines: Collection[str]) -> list[str]:
        """See :class:`Ledger`."""
        place = self._git("rev-parse", "--git-common-dir").strip()
        with alone(self.folder / place / "mlgates-holdouts.guard", of=_REFERENCE):
            blob = self._git("hash-object", "-w", "--stdin", given="").strip()
            known = self._known(blob)
            self.is_whole = known is not None
            found = merged([known or [], lines])
            if set(found) != set(known or []):
                text = "".join(f"{line}\n" for line in found)
                self._git("notes", "--ref", _REFERENCE, "add", "-f", "-F", "-", blob, given=text)
        return found

    def _known(self, blob: str) -> list[str] | None:
        try:
            return self._git("notes", "--ref", _REFERENCE, "show", blob).splitlines()
        except MLGatesError:  # no note yet, or none fetched
            return None

    def _git(self, *arguments: str, given: str | None = None) -> str:
        environment = {
            # A run in CI may have no name to commit with.
            **{f"GIT_{who}_NAME": "mlgates" for who in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{who}_EMAIL": "mlgates@localhost" for who in ("AUTHOR", "COMMITTER")},
            **os.environ,
            "LC_ALL": "C",
        }
        try:
            done = subprocess.run(  # noqa: S603
                ["git", *arguments],  # noqa: S607
                cwd=self.folder,
                input=given,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
        except OSError as error:
            got = str(error.strerror or error)
        else:
            if done.returncode == 0:
                return done.stdout
            got = (done.stderr.strip().splitlines() or [""])[-1]
        raise MLGatesError(
            "the ledger of holdouts cannot be kept in git notes",
            where=str(self.folder),
            got=got,
            want="a git repository",
        )


def ledger_of(given: str, base: Path) -> Ledger | None:
    """The ledger that the configuration names; None where nothing is counted.

    Args:
        given: ``off``, ``git-notes``, ``mlflow``, or a file.
        base: The folder of the configuration.

    Raises:
        MLGatesError: if it is of an integration that is not there.
    """
    if given == OFF:
        return None
    if given == NOTES:
        return NotesLedger(base)
    if "/" not in given and "." not in given:
        from pytest_mlgates.extensions.manager import manager

        found: Ledger | None = manager().hook.mlgates_holdout_ledger(name=given, base=base)
        if found is None:
            raise MLGatesError(
                f"ledger {given!r} is unknown",
                want='"off", "git-notes", "mlflow", or a file: "holdouts.txt"',
            )
        return found
    # What CI checked out anew knows nothing of other runs, unless the file is committed.
    return FileLedger(base / given, is_whole=not is_ci() or (base / given).is_file())
