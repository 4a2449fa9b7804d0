"""What a reproducibility gate says: what differs, where first, by how much, and the usual cause."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_mlgates.core.text import plural
from pytest_mlgates.gates import reproducibility_stress as stress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_mlgates.engines.differences import Difference
    from pytest_mlgates.engines.runs import Run
    from pytest_mlgates.engines.stages import Divergence

_MOST_SHOWN = 5
# A sum in another order is off by a few units in the last place per step; other causes by far more.
_ROUNDING_ULP = 1024


@dataclass(frozen=True, kw_only=True)
class Report:
    """What the runs gave.

    Attributes:
        name: The callable.
        runs: All runs.
        differences: Of each run's result from that of the first; those of the first are empty.
        divergences: The first stage in which each run differs from the first.
        fresh: Whether each ran in a process of its own.
        variations: What alone was other in each run than in run 1; "" for its repetitions.
        hash_seed_decides: Whether the hash seed alone brought the first result back; None: unknown.
    """

    name: str
    runs: list[Run]
    differences: list[list[Difference]]
    divergences: list[Divergence | None]
    fresh: bool
    hash_seed_decides: bool | None
    variations: Sequence[str] = ()

    def variation(self, number: int) -> str:
        """What alone was other in run *number* than in run 1; "" for its repetitions."""
        return self.variations[number - 1] if number <= len(self.variations) else ""

    @property
    def differing(self) -> list[int]:
        """The numbers of the runs that differ from run 1."""
        pairs = zip(self.differences, self.divergences, strict=True)
        return [number for number, pair in enumerate(pairs, start=1) if any(pair)]

    def found(self, number: int) -> Sequence[Difference]:
        """What differs first in run *number*: in its first stage that does, else in its result."""
        diverged = self.divergences[number - 1]
        return self.differences[number - 1] if diverged is None else diverged.differences

    @property
    def others(self) -> str:
        """What the runs beside the first are."""
        return "other run" if any(self.variations) else "repetition"

    @property
    def processes(self) -> str:
        """Where the runs took place."""
        return "fresh processes" if self.fresh else "one process"


def summary(report: Report) -> str:
    """One line for the table of a run."""
    if not report.differing:
        return f"bitwise, {report.processes}: proven"
    found = report.found(report.differing[0])
    more = f" and {len(found) - 1:,} more" if len(found) > 1 else ""
    diverged = report.divergences[report.differing[0] - 1]
    where = diverged.label if diverged is not None else found[0].path
    return f"bitwise, {report.processes}: disproven, {where} differs{more}"


def message(report: Report) -> str:
    """What, where and by how much, want, why, fix, in the template of the house."""
    first = report.runs[0].fingerprint
    count = plural(len(report.runs), "run")
    if not report.differing:
        parts = sum(leaf.size > 0 for leaf in first.leaves.values())
        return (
            f"{report.name} is reproducible bit for bit (level bitwise proven): {count} in "
            f"{report.processes}, equal in {plural(parts, 'part')} and "
            f"{plural(first.size, 'value')}"
        )
    number = report.differing[0]
    found, diverged = report.found(number), report.divergences[number - 1]
    differing = len(report.differing)
    what = (
        f"{report.name} is not reproducible bit for bit (level bitwise disproven): "
        f"{differing:,} of {plural(len(report.runs) - 1, report.others)} in {report.processes} "
        f"{'differs' if differing == 1 else 'differ'} from run 1, "
        f"{stress.run_name(report, number)} "
    )
    if diverged is None:
        what += f"in {plural(len(found), 'part')} of {len(first.leaves):,}"
    else:
        what += f"from stage {diverged.label!r} on ({diverged.place + 1} of {diverged.of})"
    lines = [f"  - {item.path}: {item.text}" for item in found[:_MOST_SHOWN]]
    if diverged is not None and diverged.other is not None:
        there = f"tells {diverged.other!r} there" if diverged.other else "does not have it"
        side = "run 1" if diverged.place >= diverged.of else f"run {number}"
        lines.append(f"  - {diverged.label}: {side} {there}")
    if len(found) > _MOST_SHOWN:
        lines.append(f"  - and {plural(len(found) - _MOST_SHOWN, 'more part')}")
    why, fix = cause(report, number)
    lines += ["  want:  the same bits in every run", f"  why:   {why}", f"  fix:   {fix}"]
    return "\n".join([what, *lines])


def cause(report: Report, number: int) -> tuple[str, str]:
    """The usual cause of what run *number* shows, and what to do about it."""
    if (varied := stress.cause(report, number)) is not None:
        return varied
    found = report.found(number)
    mine, theirs = report.runs[0].random, report.runs[number - 1].random
    drawn = sorted(name for name in {*mine, *theirs} if mine.get(name) != theirs.get(name))
    if drawn:
        why = f"it draws from the global generator {' and '.join(drawn)} and does not seed it, so "
        why += "each run finds it in another state"
        fix = f"call {' and '.join(map(_seeding, drawn))} at the start of the function, or pass "
        return why, fix + "random_state= or a generator of its own"
    if any(item.aspect == "mutated" for item in found):
        why = "a later run changed what run 1 had returned: state is kept between runs"
        return why, "build the model and its data inside of the function"
    if report.hash_seed_decides:
        why = "with the hash seed of run 1 its result comes back: the order of a set, or hash(), "
        why += "gets into the result (PYTHONHASHSEED)"
        return why, "iterate over sorted(…) instead of the set; use hashlib instead of hash()"
    if any(item.clock for item in found):
        why = "the values are the time of the run: the clock gets into the result"
        return why, "leave the time out of the result, or pass it in as an argument"
    if any(item.aspect == "order" for item in found):
        why = "equal values come in another order: an unseeded shuffle, iteration over a set, a "
        why += "folder listing, or threads that finish in any order"
        return why, "seed the shuffle (random_state=…), and sort what has no order of its own"
    if found and all(item.max_ulp is not None and item.max_ulp <= _ROUNDING_ULP for item in found):
        why = "only the last bits differ: sums were taken in another order, as threads do"
        return why, "train with one thread (n_jobs=1, OMP_NUM_THREADS=1)"
    why = "no global generator explains it: look for a generator without a seed "
    why += "(random_state=None, default_rng()), the clock, the environment, "
    if report.fresh and report.hash_seed_decides is None:
        why += "the order of a set, "
    why += "or state kept between runs"
    return why, "pass a seed to every generator, and build everything inside of the function"


def _seeding(name: str) -> str:
    return "np.random.seed(7)" if name == "numpy.random" else "random.seed(7)"
