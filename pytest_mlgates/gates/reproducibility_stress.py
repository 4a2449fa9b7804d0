"""Stress of a reproducibility gate: where its runs take place, and which variation broke it."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.text import plural
from pytest_mlgates.core.verdict import Finding, Verdict
from pytest_mlgates.engines.commands import Command, Commands
from pytest_mlgates.engines.fresh import FreshProcesses
from pytest_mlgates.engines.outputs import OPAQUE
from pytest_mlgates.engines.permuting import permuted
from pytest_mlgates.engines.variations import planned

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_mlgates.engines.variations import Conditions
    from pytest_mlgates.gates.base import Context
    from pytest_mlgates.gates.reproducibility import ReproducibilityParameters
    from pytest_mlgates.gates.reproducibility_text import Report

_WITH = {
    "hash_seed": "with another hash seed",
    "threads": "with one thread",
    "row_order": "with the rows in another order",
    "working_directory": "in another working directory",
}
_CAUSES = {
    "hash_seed": (
        "the order of a set, or hash(), gets into the result (PYTHONHASHSEED)",
        "iterate over sorted(…) instead of the set; use hashlib instead of hash()",
    ),
    "threads": (
        "with another number of threads sums are taken in another order",
        "train with one thread (n_jobs=1, OMP_NUM_THREADS=1), or prove level='tolerance'",
    ),
    "row_order": (
        "the order of the rows decides: a split by position, a sum, results that come row by row",
        (
            "sort the rows by a key first and return the model or what it predicts on other "
            "rows; where the last bits alone differ, prove level='tolerance'"
        ),
    ),
    "working_directory": (
        "what it reads depends on the folder that it is called in",
        "name files relative to the module: Path(__file__).parent / 'data.csv'",
    ),
}
_OPAQUE = (
    "the bytes of such a file may differ where the model in it does not (its memory, its times)",
    (
        "write the predictions too, as CSV or Parquet, and name them in the place of the model: "
        'outputs = ["predictions.csv"]'
    ),
)


def processes(
    parameters: ReproducibilityParameters, function: Any, name: str, context: Context
) -> FreshProcesses | Commands | None:
    """What runs *function* in processes of its own; None where it is called in this one.

    Raises:
        MLGatesError: if it cannot be handed over, or has no rows to put into another order.
    """
    rows = "row_order" in parameters.vary
    if isinstance(function, Command):
        function.refuse(parameters.vary)
        exact = parameters.level == "bitwise"
        return Commands(function, parameters.timeout, exact=exact)
    if rows:
        permuted(function, name)
    if not parameters.fresh_process:
        return None
    return FreshProcesses(function, name, parameters.timeout, context.base)


def plan(parameters: ReproducibilityParameters, runs: int) -> list[Conditions]:
    """The conditions of all runs.

    Raises:
        MLGatesError: if something cannot be varied here.
    """
    return planned(runs, parameters.vary)


def tell(context: Context, number: int, conditions: Sequence[Conditions]) -> None:
    """Let the layer above show how far the gate is."""
    if context.progress is not None:
        variation = conditions[number - 1].variation
        context.progress(
            f"run {number} of {len(conditions)}" + (f" ({variation})" if variation else "")
        )


def broken(report: Report) -> list[int]:
    """The numbers of the runs that a variation broke, and nothing else.

    Where run 1 does not repeat itself under its own conditions, no variation is to blame.
    """
    repeats = report.hash_seed_decides
    differing = report.differing
    plain = any(not report.variation(number) for number in differing)
    if repeats is False or (plain and repeats is None):
        return []
    return [number for number in differing if report.variation(number)]


def cause(report: Report, number: int) -> tuple[str, str] | None:
    """Why run *number* differs, and what to do; None if no variation and no kind of file did it."""
    found = report.found(number)
    if found and all(PurePath(item.path.rstrip('"]')).suffix in OPAQUE for item in found):
        return _OPAQUE
    return _CAUSES[report.variation(number)] if number in broken(report) else None


def run_name(report: Report, number: int) -> str:
    """``run 3 (with another hash seed)``."""
    variation = report.variation(number)
    return f"run {number} ({_WITH[variation]})" if variation else f"run {number}"


def stressed(verdict: Verdict, report: Report, warnings: Sequence[str]) -> Verdict:
    """*verdict* with what every variation did, and *warnings*."""
    if warnings:
        verdict = verdict.replace(warnings=(*verdict.warnings, *warnings))
    tried = [n for n in range(1, len(report.runs) + 1) if report.variation(n)]
    if not tried:
        return verdict
    guilty = broken(report)
    if verdict.finding is Finding.PROVEN:
        also = ", ".join(_WITH[report.variation(n)] for n in tried)
        return verdict.replace(message=_added(verdict.message, [f"  - also {also}"]))
    lines = []
    for number in guilty:
        found, diverged = report.found(number), report.divergences[number - 1]
        first = diverged.label if diverged is not None else found[0].path
        lines.append(
            f"  - broken by {report.variation(number)}: {_WITH[report.variation(number)]} "
            f"(run {number}) {first} differs" + (f" ({found[0].text})" if found else "")
        )
    if guilty:
        names = [report.variation(n) for n in guilty]
        held = [report.variation(n) for n in tried if n not in report.differing]
        lines += [f"  - not by {', '.join(held)}"] if held else []
        verdict = verdict.replace(summary=f"{verdict.summary}; broken by {', '.join(names)}")
    elif report.differing:
        lines.append(
            f"  - {plural(len(tried), 'variation')} ({', '.join(map(report.variation, tried))}) "
            "cannot be judged: run 1 does not repeat itself as it is"
        )
    return verdict.replace(message=_added(verdict.message, lines))


def _added(message: str, lines: Sequence[str]) -> str:
    """*lines* behind what was found, before what is wanted."""
    head, mark, rest = message.partition("\n  want:")
    return "\n".join([head, *lines]) + mark + rest
