"""The fairness gate: the largest gap between groups in a rate, against a bound.

Names and definitions are Fairlearn's, the values equal Fairlearn's, and everything comes from one
group-by of confusion counts. Where Fairlearn gives a number that means nothing (a rate of 0.0 for a
group without positives, nan for a ratio of zeros, 0.0 for "yes"/"no" against 1/0) this refuses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.policy import judge
from pytest_mlgates.core.text import listing, plural
from pytest_mlgates.core.verdict import Finding, GroupValue, InputDigest, Policy, Verdict
from pytest_mlgates.engines.tables import to_table
from pytest_mlgates.gates.base import Context, GateKind
from pytest_mlgates.gates.fairness_parameters import METRICS, SELECTION, TPR, FairnessParameters
from pytest_mlgates.gates.fairness_text import RATES, TIMES, Report, message, pair_details, summary
from pytest_mlgates.gates.labels import confusion, refuse_many_groups, refuse_unsupported_roles
from pytest_mlgates.gates.privacy import Display
from pytest_mlgates.statistics.groups import RateFamily, compare_groups
from pytest_mlgates.statistics.interval import UndefinedError

if TYPE_CHECKING:
    from pytest_mlgates.engines.table import Table
    from pytest_mlgates.gates.labels import Cells, Confusion, Group
    from pytest_mlgates.statistics.groups import GroupComparison, GroupRate


def evaluate_fairness(parameters: FairnessParameters, subject: Any, context: Context) -> Verdict:
    """The verdict on the largest gap between the groups of *subject*.

    Args:
        parameters: Metric, sensitive columns, bound, roles.
        subject: A table with a row per judged example.
        context: Where, and what may be shown.

    Raises:
        MLGatesError: for labels, predictions or groups that cannot be judged.
    """
    table = to_table(subject, base=context.base)
    table.begin_digest()  # while it is counted
    refuse_unsupported_roles(parameters, "fairness")
    display = Display(private=table.private, min_cell=context.min_cell)
    for column in parameters.by:
        table.require(column, role="by")
    counts = confusion(
        table, parameters, metric=parameters.metric, binary=True, display=display, by=parameters.by
    )
    groups = list(counts.groups)
    display.register(groups)
    _refuse_no_comparison(parameters, table, groups)
    families = [_family(name, counts) for name in METRICS[parameters.metric].rates]
    _refuse_empty(parameters, families, groups, table, display)
    limit_value = parameters.limit
    assert limit_value is not None  # noqa: S101  (the parameters' validator refused it)
    try:
        found = compare_groups(
            families,
            comparison=parameters.comparison,
            bound=limit_value,
            confidence=parameters.confidence,
        )
    except UndefinedError as error:
        raise _no_ratio(parameters, error) from None
    return _verdict(parameters, found, groups, table, display)


def _family(name: str, counts: Confusion) -> RateFamily:
    """One rate of every group, from its confusion counts."""
    positive = counts.classes.positive
    pairs = [_counted(name, cells, positive) for cells in counts.groups.values()]
    return RateFamily(
        name=name, successes=tuple(k for k, _ in pairs), sizes=tuple(n for _, n in pairs)
    )


def _counted(name: str, cells: Cells, positive: Any) -> tuple[int, int]:
    """Successes and denominator: rows predicted positive, of all, the positives, or the rest."""
    hits = rows = 0
    for (truth, predicted), n in cells.items():
        if name == SELECTION or (truth == positive) == (name == TPR):
            rows += n
            hits += n if predicted == positive else 0
    return hits, rows


def _refuse_no_comparison(
    parameters: FairnessParameters, table: Table, groups: list[Group]
) -> None:
    by = TIMES.join(repr(column) for column in parameters.by)
    if len(groups) < 2:
        raise MLGatesError(
            f"{parameters.metric} compares groups, and by {by} of table {table.name!r} has one",
            got="1 group of " + ("all rows" if table.private else plural(table.n_rows, "row")),
            want="at least two groups: one group is equal to itself whatever the model does",
            fix="use rows of all groups, or another sensitive column",
        )
    refuse_many_groups(len(groups), by, table)


def _refuse_empty(
    parameters: FairnessParameters,
    families: list[RateFamily],
    groups: list[Group],
    table: Table,
    display: Display,
) -> None:
    """A group without a denominator has no rate; Fairlearn would call it 0.0."""
    for family in families:
        if not family.empty:
            continue
        rate = RATES[family.name]
        names = [display.group(groups[g]) for g in family.empty]
        raise MLGatesError(
            f"{parameters.metric} needs {rate.of} in every group, and "
            f"{plural(len(names), 'group')} of table {table.name!r} "
            f"{'has' if len(names) == 1 else 'have'} none",
            got=f"0 {rate.of} in {listing(names)}",
            want=f"a {family.name} for every group: no group is ever dropped",
            fix=f"add {rate.of} of {'this group' if len(names) == 1 else 'these groups'}, or gate "
            "demographic parity, which needs none",
        )


def _no_ratio(parameters: FairnessParameters, error: UndefinedError) -> MLGatesError:
    other = parameters.metric.replace("_ratio", "_difference")
    if other == parameters.metric:
        other = "demographic_parity_difference"
    return MLGatesError(
        f"{parameters.metric} does not exist on these rows",
        got=str(error),
        want="a rate over 0 in at least one group: 0/0 is no ratio",
        fix=f'the difference exists: use "{other}" with `max`',
    )


def _verdict(
    parameters: FairnessParameters,
    found: GroupComparison,
    groups: list[Group],
    table: Table,
    display: Display,
) -> Verdict:
    report = Report(
        metric=parameters.metric,
        by=parameters.by,
        found=found,
        groups=tuple(groups),
        policy=Policy(parameters.inconclusive),
        display=display,
    )
    columns = (*parameters.by, parameters.y_true, parameters.y_pred)
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
        method="mover on wilson bounds (clopper-pearson for few), intersection-union",
        policy=parameters.inconclusive,
        groups=tuple(_group_value(rate, report) for rate in found.rates),
        details=tuple(pair_details(report)),
        message=message(report),
        summary=summary(report),
        inputs=(
            InputDigest(name=table.name, digest=table.digest(columns), rows=table.n_rows),
            *(InputDigest(name=n, digest=d, rows=None) for n, d in table.origins),
        ),
        rows_needed=found.rows_needed.rows if found.rows_needed and not report.any_hidden else None,
        warnings=_warnings(found, report),
    )


def _group_value(rate: GroupRate, report: Report) -> GroupValue:
    """The record of one group's rate; of a private one nothing that gives a small count away."""
    group = report.display.values(report.groups[rate.group])
    unsized = (rate.family, rate.group) in report.unsized
    n = None if unsized else report.display.record(rate.n)
    if report.hides(rate.family, rate.group):
        return GroupValue(group=group, n=n, value=None, rate=rate.family)
    return GroupValue(
        group=group,
        n=n,
        value=None if rate.value is None else float(rate.value),
        lower=rate.interval.lower,
        upper=rate.interval.upper,
        rate=rate.family,
        successes=rate.successes,
    )


def _warnings(found: GroupComparison, report: Report) -> tuple[str, ...]:
    warnings = []
    if found.finding is Finding.INCONCLUSIVE and found.estimate_holds and report.raw_breaks:
        rows = report.rows()
        warnings.append(report.undecided_gap(named=True) + (f"; {rows}" if rows else ""))
    hidden = sum(report.hides(rate.family, rate.group) for rate in found.rates)
    if hidden:
        warnings.append(
            f"{plural(hidden, 'rate')} from counts under {report.display.min_cell} not recorded: "
            "the table is private"
        )
    return tuple(warnings)


KIND = GateKind(
    name="fairness",
    takes="table",
    positional=("metric",),
    parameters=FairnessParameters,
    evaluate=evaluate_fairness,
)
