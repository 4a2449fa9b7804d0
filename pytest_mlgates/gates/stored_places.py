"""Where a stored run lies, in a file or in a run of MLflow, and the command that makes it."""

from __future__ import annotations

import os
import re
import shlex
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pytest_mlgates.core.ci import is_ci
from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.engines import stored_runs
from pytest_mlgates.extensions.manager import manager
from pytest_mlgates.gates.stored_references import RUN

if TYPE_CHECKING:
    from pytest_mlgates.engines.stored_runs import StoredRun
    from pytest_mlgates.gates.base import Context


class Place(Protocol):
    """A place that holds one stored run."""

    def read(self) -> StoredRun:
        """The run; FileNotFoundError if there is none."""

    def refuse(self) -> None:
        """Raise, before anything is trained, where nothing can be kept."""

    def write(self, run: StoredRun) -> StoredRun:
        """Keep *run* in the place of what is there."""


@dataclass(frozen=True, slots=True)
class InFile:
    """A file and its values beside it."""

    path: Path

    def read(self) -> StoredRun:
        """The run; FileNotFoundError if there is none."""
        return stored_runs.load(self.path)

    def refuse(self) -> None:
        """Raise for a file of something else."""
        stored_runs.refuse_foreign(self.path)

    def write(self, run: StoredRun) -> StoredRun:
        """Replace the file, atomically."""
        return stored_runs.save(run, self.path)


@dataclass(frozen=True, slots=True)
class InRun:
    """Artifacts of a run of MLflow: ``mlgates/NAME.json`` and its values."""

    run: str
    name: str
    base: Path

    def read(self) -> StoredRun:
        """The run; FileNotFoundError if that run of MLflow has none."""
        with tempfile.TemporaryDirectory(prefix="mlgates-") as folder:
            found = manager().hook.mlgates_read_artifacts(
                reference=f"runs:/{self.run}", name=self.name, folder=Path(folder), base=self.base
            )
            self._known(found)
            return stored_runs.load(Path(folder) / f"{self.name}.json")

    def refuse(self) -> None:
        """Reading it has raised where the run of MLflow cannot be reached."""

    def write(self, run: StoredRun) -> StoredRun:
        """Log the artifacts, the values first."""
        with tempfile.TemporaryDirectory(prefix="mlgates-") as folder:
            written = stored_runs.save(run, Path(folder) / f"{self.name}.json")
            files = sorted(Path(folder).iterdir(), key=lambda file: file.suffix == ".json")
            done = manager().hook.mlgates_write_artifacts(
                reference=f"runs:/{self.run}", files=files, base=self.base
            )
            self._known(done)
            return written

    def _known(self, done: Any) -> None:
        if done is None:
            raise MLGatesError(f"nothing here reads or writes 'runs:/{self.run}'")


def place_of(against: str, context: Context) -> Place:
    """Where *against* leads to."""
    match = RUN.fullmatch(against)
    if match is None:
        return InFile(context.base / against)
    return InRun(match["run"], re.sub(r"[^\w.@-]+", "-", context.gate), context.base)


def refuse_in_ci(option: str) -> None:
    """Misuse where CI is set: a run that stores what it should be compared with is always green.

    Raises:
        MLGatesError: naming the *option* and what does it there.
    """
    if not is_ci():
        return
    raise MLGatesError(
        f"{option} is refused in CI: a run that stores what it should be compared with judges "
        "nothing",
        got=f"CI={os.environ['CI']}",
        want="a stored run that somebody made, looked at and committed",
        fix="leave it out; to make one on this class of machine: mlgates record GATE, or unset CI",
    )


def command(context: Context) -> str:
    """What makes the stored run of the gate that is being evaluated."""
    test = re.match(r"(?P<node>.+?::.+?) (@pytest\.mark\.|mlgate\.)", context.where)
    if test is not None:
        return f"pytest --mlgates-record {shlex.quote(test['node'])}"
    if "gates." in context.where:
        return f"mlgates record {shlex.quote(context.gate)}"
    return "call it once with `record=True`"
