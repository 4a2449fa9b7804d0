"""The fairness gate: the largest gap between groups, or the worst group, against a bound.

Names and definitions are Fairlearn's, the values equal Fairlearn's, and rates come from one
group-by of confusion counts. Where Fairlearn gives a number that means nothing (a rate of 0.0 for a
group without positives, nan for a ratio of zeros, 0.0 for "yes"/"no" against 1/0) this refuses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import MLGatesError, NoChampionError
from pytest_mlgates.core.policy import judge
from pytest_mlgates.core.text import plural
from pytest_mlgates.core.verdict import Finding, GroupValue, InputDigest, Verdict
from pytest_mlgates.engines.tables import to_table
from pytest_mlgates.gates.fairness_champion import champion_of
from pytest_mlgates.gates.fairness_families import Grouped, grouped
from pytest_mlgates.gates.fairness_text import (
    Report,
    message,
    one_person,
    pair_details,
    rate_name,
    summary,
)
from pytest_mlgates.gates.privacy import Display
from pytest_mlgates.gates.two_claims import both, without_champion
from pytest_mlgates.statistics.comparison import Comparison
from pytest_mlgates.statistics.groups import compare_groups
from pytest_mlgates.statistics.interval import UndefinedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_mlgates.engines.table import Table
    from pytest_mlgates.gates.base import Context
    from pytest_mlgates.gates.fairness_parameters import FairnessParameters
    from pytest_mlgates.gates.models import Predictions
    from pytest_mlgates.statistics.group_families import Family
    from pytest_mlgates.statistics.groups import GroupComparison, GroupRate


def evaluate(parameters: FairnessParameters, subject: Any, context: Context) -> Verdict:
    """The verdict on the gaps between the groups of *subject*.

    Args:
        parameters: Metric, sensitive columns, bound, roles.
        subject: A table with a row per judged example.
        context: Where, and what may be shown.

    Raises:
        MLGatesError: for labels, predictions or groups that cannot be judged.
    """
    table = to_table(subject, base=context.base)
    table.begin_digest()  # while it is counted
    display = Display(private=table.private, min_cell=context.min_cell)
    if parameters.no_worse_than is None:
        return _absolute(parameters, table, display)
    try:
        champion = champion_of(parameters, table, context, display)
    except NoChampionError as error:
        if not parameters.first:
            raise
        return without_champion(_absolute(parameters, table, display), error)
    verdict = _against(parameters, table, champion, display)
    return both(verdict, _absolute(parameters, table, display)) if parameters.first else verdict


def _against(
    parameters: FairnessParameters, table: Table, champion: Predictions, display: Display
) -> Verdict:
    """Whether no gap is wider than the champion's by more than the margin."""
    margin = parameters.margin or 0.0
    groups = grouped(parameters, table, display, champion)
    found = compare_groups(
        groups.families,
        comparison=Comparison.CHANGE,
        bound=margin,
        confidence=parameters.confidence,
    )
    identical = groups.differing == 0
    line = f"paired with {champion.name} on {display.rows(table.n_rows)}"
    if identical:
        line += ": the predictions are identical, no difference was seen"
    verdict = verdict_of(parameters, found, groups, table, display, (line,))
    warnings = [*verdict.warnings, *([champion.note] if champion.note else [])]
    if margin == 0:
        warnings.append("margin = 0 blocks an equally fair candidate nearly half the time")
    details = {
        "champion": champion.name,
        "champion_version": champion.version,
        "champion_pinned": champion.pinned,
        "champion_digest": champion.model_digest,
        "predictions_digest": champion.digest,
        "identical": identical,
        "features": list(champion.features),
    }
    named = InputDigest(name=champion.name, digest=champion.digest, rows=table.n_rows)
    return verdict.replace(
        details=(*verdict.details, details),
        inputs=(*verdict.inputs, named),
        warnings=tuple(warnings),
    )


def _absolute(parameters: FairnessParameters, table: Table, display: Display) -> Verdict:
    groups = grouped(parameters, table, display)
    try:
        found = compared(parameters, groups.families)
    except UndefinedError as error:
        raise _undefined(parameters, error) from None
    return verdict_of(parameters, found, groups, table, display)


def compared(parameters: FairnessParameters, families: Sequence[Family]) -> GroupComparison:
    """What *families* say about the absolute bound of *parameters*.

    Raises:
        UndefinedError: where the metric does not exist on these numbers.
    """
    limit = parameters.limit
    assert limit is not None  # noqa: S101  (the parameters' validator refused it)
    return compare_groups(
        families,
        comparison=parameters.comparison,
        bound=limit,
        confidence=parameters.confidence,
        to_overall=parameters.method == "to_overall",
        mean=parameters.agg == "mean",
    )


def _undefined(parameters: FairnessParameters, error: UndefinedError) -> MLGatesError:
    ratio = parameters.comparison is Comparison.RATIO
    other = parameters.metric.replace("_ratio", "_difference")
    if other == parameters.metric:
        other = "demographic_parity_difference"
    return MLGatesError(
        f"{parameters.metric} does not exist on these rows",
        got=str(error),
        want="a rate over 0 in at least one group, and none under 0: 0/0 is no ratio"
        if ratio
        else "rows that the metric can be computed from: what is undefined never passes",
        fix=f'the difference exists: use "{other}" with `max`' if ratio else "",
    )


def verdict_of(
    parameters: FairnessParameters,
    found: GroupComparison,
    groups: Grouped,
    table: Table,
    display: Display,
    lines: tuple[str, ...] = (),
) -> Verdict:
    """The verdict that *found* amounts to; *lines* are added to its message."""
    report = Report(parameters=parameters, found=found, grouped=groups, display=display)
    lines = (*lines, *one_person(report))
    return Verdict(
        id="",
        kind="fairness",
        metric=parameters.metric,
        by=parameters.by,
        finding=found.finding,
        outcome=judge(found.finding, parameters.inconclusive, estimate_holds=found.estimate_holds),
        estimate=None if report.hides_pair(found.widest) else float(found.estimate),
        deciding_estimate=None
        if report.hides_pair(found.deciding)
        else float(found.deciding_estimate),
        lower=None if report.any_hidden else found.lower,
        lower_confidence=found.confidence,
        upper=None if report.any_hidden else found.upper,
        upper_confidence=found.confidence,
        correction=found.correction,
        n=display.record(table.n_rows),
        bound=parameters.bound(),
        method=found.method,
        policy=parameters.inconclusive,
        groups=tuple(_group_value(rate, report) for rate in found.rates),
        details=tuple(pair_details(report)),
        counts=_counts(groups, display),
        message=message(report, lines),
        summary=summary(report),
        inputs=(
            InputDigest(name=table.name, digest=table.digest(groups.columns), rows=table.n_rows),
            *table.origins,
        ),
        rows_needed=found.rows_needed.rows if found.rows_needed and not report.any_hidden else None,
        warnings=_warnings(found, report),
    )


def _counts(groups: Grouped, display: Display) -> dict[str, Any]:
    """What a verifier computes the verdict from again; nothing of a private table."""
    counted = groups.counts
    if counted is None or display.private:
        return {}
    return counted.record()


def _group_value(rate: GroupRate, report: Report) -> GroupValue:
    """The record of one group's number; of a private one nothing that gives a small count away."""
    group = report.display.values(report.grouped.groups[rate.group])
    unsized = (rate.family, rate.level, rate.group) in report.unsized
    n = None if unsized else report.display.record(rate.n)
    name = rate_name(report, rate.family, rate.level)
    if report.hides(rate.family, rate.level, rate.group):
        return GroupValue(group=group, n=n, value=None, rate=name)
    return GroupValue(
        group=group,
        n=n,
        value=None if rate.value is None else float(rate.value),
        lower=rate.interval.lower,
        upper=rate.interval.upper,
        rate=name,
        successes=rate.successes,
    )


def _warnings(found: GroupComparison, report: Report) -> tuple[str, ...]:
    warnings = list(report.grouped.warnings)
    for family in report.grouped.families:
        if not report.any_hidden:
            warnings.extend(f"{family.name} of a group: {doubt}" for doubt in family.doubts)
    if found.finding is Finding.INCONCLUSIVE and found.estimate_holds and report.raw_breaks:
        rows = report.rows()
        warnings.append(report.undecided_gap(named=True) + (f"; {rows}" if rows else ""))
    hidden = sum(report.hides(rate.family, rate.level, rate.group) for rate in found.rates)
    if hidden:
        warnings.append(
            f"{plural(hidden, 'rate')} from counts under {report.display.min_cell} not recorded: "
            "the table is private"
        )
    return tuple(warnings)
