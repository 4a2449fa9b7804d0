"""Kill `mlgates lock` at random moments: the lock must always be whole, the old one or the new one.

python benchmarks/kill_lock.py [--kills 200]

The project has one small gate, so that much of a run is writing. Moments are spread evenly over the
measured time of a whole run, and then more finely around the moment of the write, which is found by
watching the file. Exit 1 if ever a lock was not whole.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_SEED = 7
_CONFIGURATION = """
[tables.holdout]
path = "holdout.csv"

[gates.accuracy]
kind = "metric"
table = "holdout"
metric = "accuracy"
min = 0.1
"""
_COMMAND = [sys.executable, "-m", "pytest_mlgates", "lock"]


def main() -> int:
    """Print how many of the kills left a whole lock."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    kills = parser.parse_args().kills
    with tempfile.TemporaryDirectory(prefix="mlgates-kill-") as scratch:
        folder = Path(scratch)
        (folder / "mlgates.toml").write_text(_CONFIGURATION)
        old, new, duration, written = _measured(folder)
        counts = {"old": 0, "new": 0, "damaged": 0}
        generator = random.Random(_SEED)
        for number in range(kills):
            near = number % 2 == 0
            delay = written + generator.gauss(0, 0.05) if near else generator.random() * duration
            counts[_killed(folder, max(delay, 0.0), old, new)] += 1
    whole = kills - counts["damaged"]
    print(f"{whole} of {kills} whole: {counts['old']} old, {counts['new']} new")
    return 0 if whole == kills else 1


def _measured(folder: Path) -> tuple[str, str, float, float]:
    """The lock before and after the change, and the seconds to the end and to the write."""
    lock = folder / "mlgates.lock"
    _write_table(folder, rows=50)
    subprocess.run(_COMMAND, cwd=folder, env=_environment(), check=True, capture_output=True)
    old = lock.read_text()
    _write_table(folder, rows=60)
    started, written = time.perf_counter(), None
    with subprocess.Popen(
        _COMMAND, cwd=folder, env=_environment(), stdout=subprocess.DEVNULL
    ) as run:
        while run.poll() is None:
            if written is None and lock.read_text() != old:
                written = time.perf_counter() - started
            time.sleep(0.002)
    duration = time.perf_counter() - started
    return old, lock.read_text(), duration, duration if written is None else written


def _killed(folder: Path, delay: float, old: str, new: str) -> str:
    """What is there after a run that was killed: ``old``, ``new`` or ``damaged``."""
    lock = folder / "mlgates.lock"
    lock.write_text(old)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(_COMMAND, cwd=folder, env=_environment(), **quiet) as run:
        time.sleep(delay)
        if run.poll() is None:
            os.kill(run.pid, signal.SIGKILL)
    text = lock.read_text()
    return "old" if text == old else "new" if text == new else "damaged"


def _write_table(folder: Path, *, rows: int) -> None:
    (folder / "holdout.csv").write_text("y_true,y_pred\n" + "1,1\n0,0\n" * rows)


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "CI"}


if __name__ == "__main__":
    sys.exit(main())
