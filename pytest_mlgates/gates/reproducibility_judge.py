"""Reproducibility: a callable run several times returns the same, or what differs."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.policy import judge
from pytest_mlgates.core.text import plural
from pytest_mlgates.core.tracing import told_by_fixtures
from pytest_mlgates.core.verdict import Finding, InputDigest, Verdict
from pytest_mlgates.engines.differences import compare
from pytest_mlgates.engines.runs import Run, run_here
from pytest_mlgates.engines.stages import Divergence, first_divergence
from pytest_mlgates.engines.written import FEW_FILES, Written
from pytest_mlgates.gates import against_seeds
from pytest_mlgates.gates import reproducibility_stress as stress
from pytest_mlgates.gates.against import Against
from pytest_mlgates.gates.callables import (
    callable_name,
    refuse_no_evidence,
    refuse_same_object,
    refuse_uncallable,
)
from pytest_mlgates.gates.reproducibility_causes import draws_global_numbers
from pytest_mlgates.gates.reproducibility_statistical import evaluate_seeds
from pytest_mlgates.gates.reproducibility_text import Report, message, summary, unseen
from pytest_mlgates.gates.reproducibility_tolerance import (
    Nearness,
    single_value,
    within_tolerance,
)

if TYPE_CHECKING:
    from pytest_mlgates.engines.commands import Commands
    from pytest_mlgates.engines.differences import Difference
    from pytest_mlgates.engines.fresh import FreshProcesses
    from pytest_mlgates.engines.variations import Conditions
    from pytest_mlgates.gates.base import Context
    from pytest_mlgates.gates.reproducibility import ReproducibilityParameters

_MOST_DIFFERENCES = 100


def evaluate(
    parameters: ReproducibilityParameters,
    function: Any,
    context: Context,
) -> Verdict:
    """Run *function* and compare what it returns.

    Nothing is reset between runs in one process: a global generator that continues from run to run
    is a finding.

    Raises:
        MLGatesError: if it cannot be called, raises, or returns nothing that can be compared.
    """
    name = callable_name(function)
    against = Against.of(parameters.against, context)
    if parameters.level == "statistical":
        if against is None:
            return evaluate_seeds(parameters, function, name, context.base)
        return against_seeds.evaluate(against, parameters, function, name)
    refuse_uncallable(function, name)
    near = Nearness.of(parameters)
    count = parameters.runs if against is None else against.runs(parameters.runs)
    with ExitStack() as stack:
        fresh = stress.processes(parameters, function, name, context)
        if fresh is not None:  # its folder goes even if this process is killed
            stack.enter_context(fresh)
        else:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mlgates-")))
            written = Written.by_function(name, context.base, FEW_FILES)
        planned = stress.plan(parameters, count)
        runs: list[Run] = []
        first: Any = None  # kept alive: an object that is gone leaves its place to another
        differences: list[list[Difference]] = []
        divergences: list[Divergence | None] = []
        for number, conditions in enumerate(planned, start=1):
            stress.tell(context, number, planned)
            if fresh is None:
                reference = folder / "1" if number > 1 else None
                with written.listening_here(folder) as heard:
                    run = run_here(function, name, number, folder / str(number), reference)
                written.note(number, heard)
            else:
                run = fresh.run(number, conditions=conditions)
            refuse_no_evidence(run.fingerprint, name)
            if number == 1:
                first = run.value
            run = replace(run, stages=(*told_by_fixtures.get(), *run.stages))
            runs.append(replace(run, value=None))
            # Now: a later run may change what this one returned.
            run.fingerprint.digests(like=runs[0].fingerprint)
            found = _compared(runs[0], run) if near is None else near.beyond(runs[0], run)
            differences.append(found)
            held = near is None or found  # within the tolerance, stages may differ
            parted = first_divergence(runs[0].stages, run.stages, result_differs=bool(found))
            divergences.append(parted if held else None)
            if number > 1 and run.fingerprint == runs[0].fingerprint:
                refuse_same_object(first, run.value, name, number)
        report = Report(
            name=name,
            runs=runs,
            differences=differences,
            divergences=divergences,
            fresh=fresh is not None,
            hash_seed_decides=_hash_seed_decides(
                fresh, planned[0], runs, differences, divergences, near
            ),
            variations=[conditions.variation for conditions in planned],
        )
        warnings = (written if fresh is None else fresh).warnings()
        settled = None if against is None else against.settle(report, parameters)
        if near is not None:
            verdict = within_tolerance(parameters, near, report, _details(report))
            verdict = stress.stressed(verdict, report, warnings)
            return verdict if settled is None else settled.applied(verdict)
    finding = Finding.DISPROVEN if report.differing else Finding.PROVEN
    verdict = Verdict(
        id="",
        kind="reproducibility",
        finding=finding,
        outcome=judge(finding, parameters.inconclusive, estimate_holds=False),
        message=message(report),
        summary=summary(report),
        n=len(runs),
        method=f"bitwise, {plural(len(runs), 'run')}, {report.processes}",
        details=_details(report),
        inputs=(InputDigest(name=name, digest=runs[0].fingerprint.digest, rows=None),),
        warnings=(*single_value(runs[0].fingerprint), *unseen(report)),
    )
    verdict = stress.stressed(verdict, report, warnings)
    return verdict if settled is None else settled.applied(verdict)


def _compared(first: Run, run: Run) -> list[Difference]:
    if run.fingerprint == first.fingerprint:
        return []
    return compare(first.fingerprint, run.fingerprint)


def _hash_seed_decides(
    fresh: FreshProcesses | Commands | None,
    conditions: Conditions,
    runs: list[Run],
    differences: list[list[Difference]],
    divergences: list[Divergence | None],
    near: Nearness | None,
) -> bool | None:
    """Whether one more process under the *conditions* of the first run repeats its result.

    None if there was nothing to find out.
    """
    if fresh is None or not any(differences):
        return None
    pairs = zip(runs, divergences, strict=True)
    if any(draws_global_numbers(runs[0], run, diverged) for run, diverged in pairs):
        return None
    try:
        again = fresh.run(len(runs) + 1, conditions=conditions)
    except MLGatesError:  # the verdict stands without it
        return None
    if near is not None:
        return near.holds(runs[0], again)
    return again.fingerprint == runs[0].fingerprint


def _details(report: Report) -> tuple[dict[str, Any], ...]:
    pairs = zip(report.runs, report.differences, strict=True)
    details = [_detail(number, *pair) for number, pair in enumerate(pairs, start=1)]
    return tuple(
        one | ({"variation": variation} if (variation := report.variation(one["run"])) else {})
        for one in details
    )


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
