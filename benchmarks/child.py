"""One run in a process of its own: what it took, what it answered, as one line of JSON.

    python benchmarks/child.py engines:polars orders.parquet

It imports next to nothing: the parent's clock is on the whole process.
"""

from __future__ import annotations

import json
import sys
import time
from importlib import import_module


def main(name: str, path: str) -> None:
    """Time the function *name* (`module:function`) on *path*, without its imports."""
    module, _, function = name.partition(":")
    run = getattr(import_module(module), function)(path)
    wall, cpu = time.perf_counter(), time.process_time()
    answers = run()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    found = {"inside": wall, "inside_cpu": cpu, "peak": _peak(), "answers": answers}
    sys.stdout.write("\n" + json.dumps(found) + "\n")


def _peak() -> float:
    """The process's highest resident memory, in MB (0 where the system does not tell)."""
    try:
        with open("/proc/self/status") as status:  # noqa: PTH123  (pathlib is an import)
            peak = next(line for line in status if line.startswith("VmHWM"))
    except OSError:
        return 0.0
    return float(peak.split()[1]) / 1024


if __name__ == "__main__":
    main(*sys.argv[1:])
