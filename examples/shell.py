"""What the scripts of this folder share: a scratch copy of an example, and commands run in it.

Standard library only; what runs are the commands that people type.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
EXAMPLE = REPOSITORY / "examples" / "income"


@dataclass
class Run:
    """What a place answered to a change: its commands, as people see them, and their exit code."""

    place: str
    code: int = 0
    output: str = ""
    seconds: float = 0.0
    complaints: list[str] = field(default_factory=list)

    @property
    def failed_gates(self) -> set[str]:
        return set(re.findall(r"^gate '(.+)' (?:failed|could not)", self.output, re.MULTILINE))

    @property
    def rows(self) -> list[str]:
        return [line for line in self.output.splitlines() if re.match(r" *(FAIL|ERROR)  ", line)]


class Stopped(BaseException):
    """Somebody asked to stop."""


class Shell:
    """Runs commands in a scratch folder, cut off from the user's own git, pre-commit and MLflow."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self._running: set[subprocess.Popen[str]] = set()
        self._lock = threading.RLock()  # a signal may find this thread holding it
        self._stopped = False
        foreign = ("GIT_", "PRE_COMMIT", "PYTEST_", "MLFLOW_", "MLGATES_", "GITHUB_", "SKIP")
        foreign += ("PYTHON", "CI")
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(foreign)},
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
            "PRE_COMMIT_HOME": str(scratch / "pre-commit"),
            "TMPDIR": str(scratch / "tmp"),
            "PIP_NO_CACHE_DIR": "1",
            "VIRTUALENV_OVERRIDE_APP_DATA": str(scratch / "virtualenv"),
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "PYTHONIOENCODING": "utf-8",
            "OMP_NUM_THREADS": "1",  # several variants run side by side
            "OPENBLAS_NUM_THREADS": "1",
        }
        (scratch / "tmp").mkdir()
        constraints = REPOSITORY / "constraints.txt"
        if constraints.exists():
            self.environment["PIP_CONSTRAINT"] = str(constraints)

    def run(self, command: str, folder: Path, run: Run, **environment: str) -> bool:
        """Run *command* in *folder*, add what it prints to *run*; whether it exited with 0."""
        start = time.monotonic()
        run.output += f"$ {command}\n"
        status(f"{folder.name}: {command}")
        with self._lock:
            if self._stopped:
                raise Stopped
            process = subprocess.Popen(  # noqa: S602  (commands of this file and of the CI file)
                command,
                shell=True,
                cwd=folder,
                env={**self.environment, **environment},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,
            )
            self._running.add(process)
        output, _ = process.communicate()
        with self._lock:
            self._running.discard(process)
            if self._stopped:
                raise Stopped
        run.output += output
        run.code = process.returncode
        run.seconds += time.monotonic() - start
        return run.code == 0

    def must(self, command: str, folder: Path, **environment: str) -> str:
        """The output of a command that is no gate and has to work."""
        run = Run("")
        if not self.run(command, folder, run, **environment):
            raise SystemExit(f"{run.output}\nexit code {run.code}: this cannot go on")
        return run.output.partition("\n")[2].strip()

    def stop(self) -> None:
        """End everything that runs."""
        with self._lock:
            self._stopped = True
            for process in self._running:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)


def copy_of_example(folder: Path) -> Path:
    """``examples/income`` as *folder*, without what earlier runs left in it."""
    ignored = shutil.ignore_patterns(*(EXAMPLE / ".gitignore").read_text().split(), "mlruns")
    return shutil.copytree(EXAMPLE, folder, ignore=ignored)


def status(text: str) -> None:
    """What runs now, on one line of a terminal that the next output takes over."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text[:78]}\r", end="", file=sys.stderr, flush=True)


def heading(text: str) -> None:
    status("")
    print(f"\n=== {text} {'=' * (74 - len(text))}", flush=True)


def stop_on_signals(shell: Shell) -> None:
    """End what runs and clean up, once: later signals do not interrupt the cleaning."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def stop(*_: object) -> None:
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)
        shell.stop()
        raise Stopped

    for number in numbers:
        signal.signal(number, stop)
