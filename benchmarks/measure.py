"""Runs of processes: seconds, memory, answers."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import platform
import subprocess
import sys
import sysconfig
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Sample:
    """Seconds and MB of one process; `inside` is what came after its imports."""

    whole: float
    whole_cpu: float
    peak: float
    inside: float = 0.0
    inside_cpu: float = 0.0
    answers: tuple[Any, ...] = ()


def environment() -> dict[str, str]:
    """Byte code is kept, as users have it; nobody's telemetry.

    Digests are not remembered from run to run: who measures that says so (`known_digest`).
    """
    dropped = ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "CI")
    kept = {k: v for k, v in os.environ.items() if k not in dropped}
    own = {"GX_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1", "MLGATES_DIGEST_CACHE": "off"}
    return {**kept, **own}


def command(arguments: Sequence[str | Path], *, folder: Path | None = None) -> Sample:
    """A program, from its start to its end.

    Raises:
        RuntimeError: if it does not end with 0.
    """
    start = time.perf_counter()
    process = subprocess.Popen(
        arguments,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env=environment(),
    )
    assert process.stdout is not None
    said = process.stdout.read().decode()
    _, status, used = os.wait4(process.pid, 0)
    whole = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{arguments} ended with {process.returncode}:\n{said[-2000:]}")
    sample = Sample(whole, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
    last = said.strip().rpartition("\n")[2]
    if not last.startswith('{"inside"'):
        return sample
    found = json.loads(last)
    return Sample(
        sample.whole,
        sample.whole_cpu,
        found["peak"] or sample.peak,
        found["inside"],
        found["inside_cpu"],
        tuple(map(tuple, found["answers"])),
    )


def engine(name: str, path: Path) -> Sample:
    """A function of `engines`, `decode` or a peer, as `module:function`, on *path*."""
    return command([sys.executable, Path(__file__).with_name("child.py"), name, path])


def table(kind: str, folder: Path, rows: int) -> Path:
    """A table of `tables`, made elsewhere: this process stays small.

    A child's peak memory is at least that of the process that started it.
    """
    made = subprocess.run(
        [sys.executable, Path(__file__).with_name("tables.py"), kind, folder, str(rows)],
        env=environment(),
        check=True,
        stdout=subprocess.PIPE,
    )
    return Path(made.stdout.decode())


def plan(folder: Path) -> list[str]:
    """The scans that `mlgates check` announces for the configuration in *folder*."""
    said = subprocess.run(
        [Path(sys.executable).with_name("mlgates"), "check", "--explain", "--json", "-"],
        cwd=folder,
        env=environment(),
        check=True,
        capture_output=True,
    )
    return [scan for scans in json.loads(said.stdout).values() for scan in scans]


def compile_all() -> None:
    """Byte code for everything that will be imported, so that no run pays for it."""
    spec = importlib.util.find_spec("pytest_mlgates")
    assert spec is not None
    assert spec.origin is not None
    places = [Path(__file__).parent, sysconfig.get_path("purelib"), Path(spec.origin).parent]
    arguments = [sys.executable, "-m", "compileall", "-q", *places]
    # Templates that some packages ship do not compile; that is no reason to stop.
    subprocess.run(arguments, env=environment(), check=False, capture_output=True)


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    names = ("duckdb", "great_expectations", "narwhals", "pandas", "polars", "pyarrow")
    peers = ("pandera", "pointblank", "dataframely")
    return {
        "cpus": os.cpu_count(),
        "python": platform.python_version(),
        "versions": {name: importlib.metadata.version(name) for name in (*names, *peers)},
    }
