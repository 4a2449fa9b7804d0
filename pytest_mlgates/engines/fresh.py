"""Calls in fresh processes, each with a hash seed of its own.

No process that this module starts outlives it: each has its own process group, which is killed on
a timeout and on Ctrl-C; and a child ends itself when the pipe from its parent closes, should the
parent be killed.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.engines import stages, stored
from pytest_mlgates.engines.handover import extensions, pack
from pytest_mlgates.engines.runs import Run, raised

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

# sys.path is the parent's before anything of ours is imported, so that the child finds the same.
_START = (
    "import json, sys; job = json.load(open(sys.argv[1], encoding='utf-8')); "
    "sys.path[:] = job['sys_path']; "
    "from pytest_mlgates.engines.fresh_child import main; main(job)"
)
_GRACE_S = 5.0  # for exit handlers, once the result is there
_SLICE_S = 0.5
_TAIL = 2000


class FreshProcesses:
    """Runs one callable in one new process per call.

    Args:
        function: Importable, see ``handover``.
        name: What messages call it.
        timeout: Seconds per run, None: no limit.
    """

    def __init__(self, function: Callable[[], Any], name: str, timeout: float | None) -> None:
        self._name, self._timeout = name, timeout
        self._data, self._modules = pack(function, name)

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

    def run(self, number: int, hash_seed: int | None = None) -> Run:
        """Call the function in a process with ``PYTHONHASHSEED=number``, or *hash_seed*.

        Raises:
            MLGatesError: if it raises, dies, takes too long or returns what cannot be compared.
        """
        seed = number if hash_seed is None else hash_seed
        folder = self._folder / f"run-{number}"
        folder.mkdir()
        first = self._folder / "run-1" / "result"
        job = {
            "sys_path": [os.path.abspath(entry) for entry in sys.path],  # noqa: PTH100  ('' too)
            "modules": self._modules,
            "extensions": extensions(),
            "callable": str(self._folder / "callable.pkl"),
            "folder": str(folder),
            "first": str(first) if number > 1 else None,
        }
        (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
        code = self._execute(folder, number, seed)
        report = _report(folder)
        if report is None:
            raise self._died(code, folder, number)
        if report["status"] == "raised":
            raise raised(self._name, number, report["error"], report["place"])
        if report["status"] == "misuse":
            raise MLGatesError(**report["error"])
        return Run(
            fingerprint=stored.load(folder / "result"),
            duration_s=report["duration_s"],
            process=f"fresh, PYTHONHASHSEED={seed}",
            random=report["random"],
            environment=report["environment"],
            stages=stages.load(folder / "stages", first.parent / "stages"),
            facts=stages.facts(folder / "stages"),
        )

    def _execute(self, folder: Path, number: int, seed: int) -> int:
        """Run the child to its end; its exit code."""
        environment = {**os.environ, "PYTHONHASHSEED": str(seed)}
        windows = sys.platform == "win32"
        with (folder / "output.txt").open("wb") as output:
            process = subprocess.Popen(  # noqa: S603  (our own interpreter, no shell)
                [sys.executable, "-c", _START, str(folder / "job.json")],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=not windows,
            )
            try:
                return self._wait(process, folder, number)
            finally:
                _end(process)

    def _wait(self, process: subprocess.Popen[bytes], folder: Path, number: int) -> int:
        start, done_at = time.monotonic(), None
        while True:
            now = time.monotonic()
            if done_at is None and (folder / "report.json").exists():
                done_at = now
            if done_at is not None and now - done_at > _GRACE_S:
                return 0  # the result is there; what still runs is killed by the caller
            left = None if self._timeout is None else self._timeout - (now - start)
            if left is not None and left <= 0 and done_at is None:
                raise MLGatesError(
                    f"{self._name} did not end within {self._timeout:g} s in run {number}",
                    got=_tail(folder) or "no output",
                    fix="raise `timeout`, or train on fewer rows",
                )
            with contextlib.suppress(subprocess.TimeoutExpired):
                pause = _SLICE_S if left is None else max(0.01, min(_SLICE_S, left))
                return process.wait(timeout=pause)

    def _died(self, code: int, folder: Path, number: int) -> MLGatesError:
        how = f"with exit code {code}"
        if code < 0:
            with contextlib.suppress(ValueError):
                how = f"by {signal.Signals(-code).name}"
        return MLGatesError(
            f"the process of run {number} of {self._name} ended {how} before there was a result",
            got=_tail(folder) or "no output",
            want="a callable that returns its result",
            fix="call it alone in a new Python process to see why",
        )


def _report(folder: Path) -> dict[str, Any] | None:
    try:
        report: dict[str, Any] = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    except OSError:
        return None
    return report


def _tail(folder: Path) -> str:
    """The end of what the child printed; it may have printed gigabytes."""
    path = folder / "output.txt"
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - _TAIL))
        text = stream.read().decode("utf-8", "replace").strip()
    return "\n         ".join(text.splitlines()[-8:])


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill the process and whatever it started."""
    if sys.platform == "win32":
        process.kill()
    else:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()
    process.wait()
