"""Calls in fresh processes, each with a hash seed of its own (see ``variations``).

No process that this module starts outlives it, see ``processes``.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.engines import stages, stored
from pytest_mlgates.engines.handover import extensions, pack
from pytest_mlgates.engines.permuting import permuted
from pytest_mlgates.engines.processes import Ended, execute
from pytest_mlgates.engines.runs import Run, raised
from pytest_mlgates.engines.variations import Conditions
from pytest_mlgates.engines.written import Written

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

# sys.path is the parent's before anything of ours is imported, so that the child finds the same.
_START = (
    "import json, sys; job = json.load(open(sys.argv[1], encoding='utf-8')); "
    "sys.path[:] = job['sys_path']; "
    "from pytest_mlgates.engines.fresh_child import main; main(job)"
)


class FreshProcesses:
    """Runs one callable in one new process per call.

    Args:
        function: Importable, see ``handover``.
        name: What messages call it.
        timeout: Seconds per run, None: no limit.
        base: The folder of the project (default: the working directory).
        written: What earlier runs of the same training wrote, where there were others before.
    """

    def __init__(
        self,
        function: Callable[[], Any],
        name: str,
        timeout: float | None,
        base: Path | None = None,
        written: Written | None = None,
    ) -> None:
        self._function, self._name, self._timeout = function, name, timeout
        self.written = written or Written.by_function(name, base or Path.cwd())
        self._data, self._modules = pack(function, name)

    def warnings(self) -> tuple[str, ...]:
        """What it wrote into the project."""
        return self.written.warnings()

    def __enter__(self) -> Self:
        """Make the folder in which results are kept until the end of the block."""
        self._scratch = tempfile.TemporaryDirectory(prefix="mlgates-")
        self._folder = Path(self._scratch.name)
        (self._folder / "callable.pkl").write_bytes(self._data)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove the folder."""
        self._scratch.cleanup()

    def run(
        self,
        number: int,
        hash_seed: int | None = None,
        conditions: Conditions | None = None,
        noted_as: int | None = None,
    ) -> Run:
        """Call the function under *conditions*, else with ``PYTHONHASHSEED=number`` or *hash_seed*.

        Args:
            number: Of the run in this block.
            hash_seed: Of a run without conditions.
            conditions: What it finds around it.
            noted_as: Its number among all runs of the training, where that is another.

        Raises:
            MLGatesError: if it raises, dies, takes too long, returns what cannot be compared, or
                reads what an earlier run wrote.
        """
        if conditions is None:
            conditions = Conditions(hash_seed=number if hash_seed is None else hash_seed)
        folder = self._folder / f"run-{number}"
        folder.mkdir()
        first = self._folder / "run-1" / "result"
        job = {
            "sys_path": [os.path.abspath(entry) for entry in sys.path],  # noqa: PTH100  ('' too)
            "modules": self._modules,
            "extensions": extensions(),
            "callable": str(self._callable(conditions)),
            "folder": str(folder),
            "watched": list(map(str, self.written.folders)),
            "scratch": str(self._folder),
            "earlier": list(self.written.files),
            "first": str(first) if number > 1 else None,
        }
        (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
        with self.written.listening(self._folder) as heard:
            ended = self._execute(folder, number, conditions)
        report = _report(folder)
        if report is None:
            raise self._died(ended, number)
        if report["status"] == "raised":
            raise raised(self._name, number, report["error"], report["place"])
        if report["status"] == "misuse":
            raise MLGatesError(**report["error"])
        heard.written, heard.read = report["written"], (*report["read"], *heard.read)
        self.written.note(noted_as or number, heard)
        return Run(
            fingerprint=stored.load(folder / "result"),
            duration_s=report["duration_s"],
            process=conditions.process,
            random=report["random"],
            environment=report["environment"],
            stages=stages.load(folder / "stages", first.parent / "stages"),
            facts=stages.facts(folder / "stages"),
        )

    def _callable(self, conditions: Conditions) -> Path:
        """The file with the callable, its arguments permuted where that is asked for."""
        if not conditions.permuted:
            return self._folder / "callable.pkl"
        path = self._folder / "permuted.pkl"
        if not path.exists():
            path.write_bytes(pack(permuted(self._function, self._name), self._name)[0])
        return path

    def _execute(self, folder: Path, number: int, conditions: Conditions) -> Ended:
        """Run the child to its end."""
        where = folder / "elsewhere"
        where.mkdir()
        return execute(
            [sys.executable, "-c", _START, str(folder / "job.json")],
            name=self._name,
            number=number,
            scratch=self._folder,
            folder=folder,
            where=where if conditions.elsewhere else None,
            environment=conditions.environment(),
            timeout=self._timeout,
            is_done=(folder / "report.json").exists,
        )

    def _died(self, ended: Ended, number: int) -> MLGatesError:
        return MLGatesError(
            f"the process of run {number} of {self._name} ended {ended.how} before there was a "
            "result",
            got=ended.tail or "no output",
            want="a callable that returns its result",
            fix="call it alone in a new Python process to see why",
        )


def _report(folder: Path) -> dict[str, Any] | None:
    try:
        report: dict[str, Any] = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    except OSError:
        return None
    return report
