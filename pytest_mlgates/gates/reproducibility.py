"""Reproducibility: a callable run several times returns the same, bit for bit, or what differs."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import Meta

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.policy import judge
from pytest_mlgates.core.text import did_you_mean, plural
from pytest_mlgates.core.tracing import told_by_fixtures
from pytest_mlgates.core.verdict import Finding, InputDigest, Verdict
from pytest_mlgates.engines.differences import compare
from pytest_mlgates.engines.fresh import FreshProcesses
from pytest_mlgates.engines.runs import Run, run_here
from pytest_mlgates.engines.stages import Divergence, first_divergence
from pytest_mlgates.gates.base import Context, GateKind, GateParameters, Number
from pytest_mlgates.gates.callables import (
    callable_name,
    refuse_no_evidence,
    refuse_same_object,
    refuse_uncallable,
)
from pytest_mlgates.gates.reading import reader
from pytest_mlgates.gates.reproducibility_causes import draws_global_numbers
from pytest_mlgates.gates.reproducibility_text import Report, message, summary

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_mlgates.engines.canonical import Fingerprint
    from pytest_mlgates.engines.differences import Difference

_PLANNED = ("tolerance", "statistical")
_MOST_DIFFERENCES = 100


def _level(value: Any) -> Any:
    if value in _PLANNED:
        raise ValueError(f"'bitwise': level {value!r} is not available yet")
    if value != "bitwise":
        hint = did_you_mean(str(value), ["bitwise"])
        raise ValueError("'bitwise', the one level there is" + (f"; {hint}" if hint else ""))
    return value


class ReproducibilityParameters(GateParameters, frozen=True, kw_only=True):
    """What a reproducibility gate takes.

    ``runs`` calls are compared with the first. ``fresh_process`` calls in a new process per run,
    each with a hash seed of its own; ``timeout`` is in seconds per such run.
    """

    runs: Annotated[int, Meta(ge=2, le=1000)] = 2
    level: Annotated[Literal["bitwise"], reader(_level)] = "bitwise"
    fresh_process: bool = False
    timeout: Annotated[Number, Meta(gt=0)] | None = None

    def __post_init__(self) -> None:
        """Refuse a time limit that cannot be kept."""
        if self.timeout is not None and not self.fresh_process:
            raise ValueError(
                "timeout needs fresh_process=True: a call in this process cannot be ended | "
                "add `fresh_process=True`, or leave out `timeout`"
            )


def evaluate(
    parameters: ReproducibilityParameters,
    function: Any,
    context: Context,  # noqa: ARG001  (every kind of gate is called alike)
) -> Verdict:
    """Run *function* and compare what it returns.

    Nothing is reset between runs in one process: a global generator that continues from run to run
    is a finding.

    Raises:
        MLGatesError: if it cannot be called, raises, or returns nothing that can be compared.
    """
    name = callable_name(function)
    refuse_uncallable(function, name)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mlgates-")))
        fresh = None
        if parameters.fresh_process:
            fresh = stack.enter_context(FreshProcesses(function, name, parameters.timeout))
        runs: list[Run] = []
        first: Any = None  # kept alive: an object that is gone leaves its place to another
        differences: list[list[Difference]] = []
        divergences: list[Divergence | None] = []
        for number in range(1, parameters.runs + 1):
            if fresh is None:
                reference = folder / "1" if number > 1 else None
                run = run_here(function, name, number, folder / str(number), reference)
            else:
                run = fresh.run(number)
            refuse_no_evidence(run.fingerprint, name)
            if number == 1:
                first = run.value
            run = replace(run, stages=(*told_by_fixtures.get(), *run.stages))
            runs.append(replace(run, value=None))
            differences.append(_compared(runs[0], run))
            divergences.append(first_divergence(runs[0].stages, run.stages))
            if number > 1 and not differences[-1]:
                refuse_same_object(first, run.value, name, number)
        report = Report(
            name=name,
            runs=runs,
            differences=differences,
            divergences=divergences,
            fresh=parameters.fresh_process,
            hash_seed_decides=_hash_seed_decides(fresh, runs, differences, divergences),
        )
    finding = Finding.DISPROVEN if report.differing else Finding.PROVEN
    return Verdict(
        id="",
        kind=KIND.name,
        finding=finding,
        outcome=judge(finding, parameters.inconclusive, estimate_holds=False),
        message=message(report),
        summary=summary(report),
        n=len(runs),
        method=f"bitwise, {plural(len(runs), 'run')}, {report.processes}",
        details=tuple(_detail(n, *pair) for n, pair in enumerate(_pairs(report), start=1)),
        inputs=(InputDigest(name=name, digest=runs[0].fingerprint.digest, rows=None),),
        warnings=_warnings(runs[0].fingerprint),
    )


def _compared(first: Run, run: Run) -> list[Difference]:
    if run.fingerprint == first.fingerprint:
        return []
    return compare(first.fingerprint, run.fingerprint)


def _hash_seed_decides(
    fresh: FreshProcesses | None,
    runs: list[Run],
    differences: list[list[Difference]],
    divergences: list[Divergence | None],
) -> bool | None:
    """Whether one more process with the hash seed of the first run repeats that run's result.

    None if there was nothing to find out.
    """
    if fresh is None or not any(differences):
        return None
    pairs = zip(runs, divergences, strict=True)
    if any(draws_global_numbers(runs[0], run, diverged) for run, diverged in pairs):
        return None
    try:
        again = fresh.run(len(runs) + 1, hash_seed=1)
    except MLGatesError:  # the verdict stands without it
        return None
    return again.fingerprint == runs[0].fingerprint


def _warnings(found: Fingerprint) -> tuple[str, ...]:
    if found.size > 1:
        return ()
    return (
        (
            "the result is a single value; equal values can come from different models: "
            "return the model or its predictions"
        ),
    )


def _pairs(report: Report) -> list[tuple[Run, list[Difference]]]:
    return list(zip(report.runs, report.differences, strict=True))


def _detail(number: int, run: Run, differences: list[Difference]) -> dict[str, Any]:
    return {
        "run": number,
        "digest": run.fingerprint.digest,
        "duration_s": round(run.duration_s, 6),
        "process": run.process,
        "global_generators": sorted(run.random),
        "differences": [found.to_dict() for found in differences[:_MOST_DIFFERENCES]],
        "differences_total": len(differences),
        "seed": run.facts.get("seed"),
        "stages": [{"stage": one.label, "digest": one.fingerprint.digest} for one in run.stages],
    }


_evaluate: Callable[[Any, Any, Context], Verdict] = evaluate
KIND = GateKind(
    name="reproducibility",
    takes="callable",
    positional=(),
    parameters=ReproducibilityParameters,
    evaluate=_evaluate,
)
