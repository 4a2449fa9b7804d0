"""What differs between the runs of a stress test: one thing at a time, against run 1."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, get_args

from pytest_mlgates.core.errors import MLGatesError

if TYPE_CHECKING:
    from collections.abc import Collection

Name = Literal["hash_seed", "threads", "row_order", "working_directory"]
NAMES: tuple[str, ...] = get_args(Name)

# Of each run in a process of its own: whatever differs, they explain nothing.
TEMPORARY_VARIABLES = ("TMPDIR", "TEMP", "TMP")
# Read when a library is loaded, hence given to the process before it starts.
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "POLARS_MAX_THREADS",
    "RAYON_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
    "LOKY_MAX_CPU_COUNT",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What one run in a process of its own finds around it.

    Attributes:
        hash_seed: Its ``PYTHONHASHSEED``.
        variation: What alone is other than in run 1; "" for its repetitions.
        threads: How many threads libraries may use; None: as the environment says.
        elsewhere: Whether it is called in an empty folder.
        permuted: Whether the rows of its arguments come in another order.
    """

    hash_seed: int
    variation: str = ""
    threads: int | None = None
    elsewhere: bool = False
    permuted: bool = False

    def environment(self) -> dict[str, str]:
        """The variables that make it so."""
        found = {"PYTHONHASHSEED": str(self.hash_seed)}
        if self.threads is not None:
            found |= dict.fromkeys(THREAD_VARIABLES, str(self.threads))
        return found

    @property
    def process(self) -> str:
        """Where the run takes place, for people."""
        text = f"fresh, PYTHONHASHSEED={self.hash_seed}"
        if self.threads is not None:
            text += f", {self.threads} thread{'' if self.threads == 1 else 's'}"
        text += ", in an empty folder" if self.elsewhere else ""
        return text + (", rows in another order" if self.permuted else "")


def planned(runs: int, vary: Collection[str] = ()) -> list[Conditions]:
    """The conditions of every run: run 1, its repetitions, then one run per variation.

    Every repetition has a hash seed of its own, unless ``hash_seed`` is a variation: then the
    repetitions repeat run 1 in all, and one run more has another. (A gate that asks for another
    variation must not become weaker by that.) A variation changes one thing against run 1.

    Raises:
        MLGatesError: if the number of threads cannot be varied here.
    """
    threads = _threads() if "threads" in vary else None
    first = Conditions(hash_seed=1, threads=threads)
    apart = "hash_seed" in vary
    found = [replace(first, hash_seed=1 if apart else number) for number in range(1, runs + 1)]
    changes = {
        "hash_seed": replace(first, hash_seed=2),
        "threads": replace(first, threads=1),
        "row_order": replace(first, permuted=True),
        "working_directory": replace(first, elsewhere=True),
    }
    return found + [replace(changes[name], variation=name) for name in vary]


def _threads() -> int:
    """How many threads run 1 uses, where one run more uses one."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity is not None else os.cpu_count() or 1
    if cores < 2:
        raise MLGatesError(
            "the number of threads cannot be varied here",
            got="one processor: libraries use one thread, whatever they are told",
            want="a machine with two processors or more",
            fix='leave out "threads" where there is one: vary=["hash_seed"]',
        )
    return min(cores, 8)
