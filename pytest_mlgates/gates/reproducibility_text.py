"""What a reproducibility gate says: what differs, where first, by how much, and the usual cause."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_mlgates.core.text import plural
from pytest_mlgates.engines.stages import first_divergence
from pytest_mlgates.gates import reproducibility_stress as stress
from pytest_mlgates.gates.reproducibility_causes import cause

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_mlgates.engines.differences import Difference
    from pytest_mlgates.engines.runs import Run
    from pytest_mlgates.engines.stages import Divergence

_MOST_SHOWN = 5


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
            f"{plural(first.size, 'value')}{_seed(report)}"
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
    return "\n".join([f"{what}{_seed(report)}", *lines])


def unseen(report: Report) -> tuple[str, ...]:
    """A warning of a step that differs although nothing that the user named does."""
    if report.differing:
        return ()
    first = report.runs[0].stages
    found = (first_divergence(first, run.stages, result_differs=True) for run in report.runs)
    labels = dict.fromkeys(one.label for one in found if one is not None)
    return tuple(
        f"{label!r} differs between the runs, and the result does not show it: return what "
        "depends on it"
        for label in list(labels)[:1]
    )


def _seed(report: Report) -> str:
    """With which seed, where ``pytest_mlgates.seed`` or the fixture ``mlgate_seed`` set one."""
    value = report.runs[0].facts.get("seed")
    return "" if value is None else f", with seed {value}"
