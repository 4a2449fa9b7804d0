"""The level statistical: a run with a new seed is what runs with other seeds are.

Two claims, each about every number that a run gives. ``tolerance``: the new run lies where
Student's t expects one more run of the seeds' training, and the mean of such runs is within the
tolerance of the seeds' mean. ``max_spread``: the standard deviation over seeds is at most that.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.policy import judge
from pytest_mlgates.core.text import plural
from pytest_mlgates.core.verdict import Finding, InputDigest, Verdict
from pytest_mlgates.gates.reproducibility_seeds import VALUE, SeedRun, SeedRuns, seed_values
from pytest_mlgates.gates.reproducibility_seeds_text import Claim, Loose, message, summary
from pytest_mlgates.statistics import seeds as statistics
from pytest_mlgates.statistics.seeds import Spread

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pytest_mlgates.gates.reproducibility import ReproducibilityParameters


def evaluate_seeds(
    parameters: ReproducibilityParameters,
    function: Any,
    name: str,
    base: Path,
    reference: Mapping[int, Mapping[str, float]] | None = None,
) -> Verdict:
    """Run *function* with a new seed and compare it with the runs of other seeds.

    Where that would prove it, the last seed is run once more: one that does not give the same again
    has no hold on the training, and proves nothing of seeds.

    Args:
        parameters: Of this level.
        function: Takes ``seed``, or one argument.
        name: What messages call it.
        base: The folder of the project.
        reference: Numbers by name for each seed, of runs that were stored; None: the seeds of
            *parameters* are run now.

    Raises:
        MLGatesError: if it takes no seed, raises, or returns anything but numbers.
    """
    asked = () if reference is not None else parameters.seeds or ()
    known = tuple(reference or asked)
    extra = () if parameters.tolerance is None else (new_seed(parameters, known),)
    runs = SeedRuns(parameters, function, name, base)
    found = list(map(runs.run, (*asked, *extra)))
    new = found[-1] if extra else None
    earlier = {run.seed: run.values for run in found[: len(asked)]} if reference is None else {}
    values = seed_values(reference or earlier, new, name)
    claims = _claims(parameters, values, new)
    again = None
    if found and all(claim.finding is Finding.PROVEN for claim in claims):
        again = runs.run(found[-1].seed)
        found[-1] = replace(found[-1], again=again.values)
    verdict = _verdict(parameters, name, claims, found, values, stored=reference is not None)
    return verdict.replace(warnings=(*verdict.warnings, *runs.warnings()))


def new_seed(parameters: ReproducibilityParameters, known: Sequence[int]) -> int:
    """The seed of the new run: as given, else the whole number after the largest of the others."""
    return max(known) + 1 if parameters.seed is None else parameters.seed


def _claims(
    parameters: ReproducibilityParameters,
    values: Mapping[str, Sequence[float]],
    new: SeedRun | None,
) -> list[Claim]:
    claims: list[Claim] = []
    level, many = parameters.confidence, len(values)
    for name, reference in values.items():
        if parameters.tolerance is not None and new is not None:
            shift = statistics.shift(reference, new.values[name], parameters.tolerance, level, many)
            needed = statistics.seeds_for_shift(shift, level, many)
            claims.append(Claim(name=name, found=shift, needed=needed))
        if parameters.max_spread is not None:
            spread = statistics.spread(reference, parameters.max_spread, level, many)
            needed = statistics.seeds_for_spread(spread, level, many)
            claims.append(Claim(name=name, found=spread, needed=needed))
    return claims


def _verdict(
    parameters: ReproducibilityParameters,
    name: str,
    claims: Sequence[Claim],
    runs: Sequence[SeedRun],
    values: Mapping[str, Sequence[float]],
    *,
    stored: bool,
) -> Verdict:
    findings = [claim.finding for claim in claims]
    finding = next(
        (one for one in (Finding.DISPROVEN, Finding.INCONCLUSIVE) if one in findings),
        Finding.PROVEN,
    )
    open_claims = [claim for claim in claims if claim.finding is finding]
    # Undecided: one whose own number is on the wrong side comes first.
    shown = max(open_claims, key=lambda claim: (not claim.found.holds, claim.strain))
    loose = _loose(claims, runs)
    finding = Finding.INCONCLUSIVE if loose else finding
    many = len(values)
    corrected = finding is Finding.DISPROVEN and many > 1
    count = len(next(iter(values.values())))
    limits, known = shown.found.interval, shown.found.interval.bounded
    place = f", {runs[0].process}" if runs else ""
    return Verdict(
        id="",
        kind="reproducibility",
        finding=finding,
        outcome=judge(
            finding,
            parameters.inconclusive,
            estimate_holds=all(claim.found.holds for claim in claims),
        ),
        message=message(shown, claims, name, parameters.confidence, runs, loose, stored=stored),
        summary=summary(shown, loose),
        metric=_metric(shown),
        estimate=shown.estimate,
        deciding_estimate=shown.estimate,
        lower=limits.lower if known else None,
        lower_confidence=parameters.confidence if known else None,
        upper=limits.upper if known else None,
        upper_confidence=parameters.confidence if known else None,
        correction=f"sidak over {many} values" if corrected else None,
        n=count + (parameters.tolerance is not None),
        method=f"statistical, {plural(count, 'seed')}{' stored' * stored}{place}",
        rows_needed=shown.needed if finding is Finding.INCONCLUSIVE else None,
        details=(*(claim.to_dict() for claim in claims), *(run.to_dict() for run in runs)),
        inputs=tuple(
            InputDigest(name=f"{name}, seed {run.seed}", digest=run.digest, rows=None)
            for run in runs
        ),
        warnings=_warnings(values),
    )


def _loose(claims: Sequence[Claim], runs: Sequence[SeedRun]) -> Loose | None:
    """The number that the same seed does not give again: off by over 1 % of the seeds' scatter.

    Less comes of sums in another order, and is no other draw: two draws of one normal distribution
    are as near as that in 0.6 % of the cases.
    """
    run = runs[-1] if runs else None
    if run is None or run.again is None:
        return None
    for claim in claims:
        first, second = run.values[claim.name], run.again.get(claim.name, math.nan)
        if not abs(first - second) <= claim.found.sample.deviation / 100:
            return Loose(name=claim.name, seed=run.seed, first=first, second=second)
    return None


def _metric(claim: Claim) -> str | None:
    named = None if claim.name == VALUE else claim.name
    if isinstance(claim.found, Spread):
        return "spread" if named is None else f"spread of {named}"
    return named


def _warnings(values: Mapping[str, Sequence[float]]) -> tuple[str, ...]:
    same = [name for name, found in values.items() if not statistics.Sample.of(found).deviation]
    if not same:
        return ()
    return (f"{', '.join(same)} is the same for every seed: does the callable use its seed?",)
