"""Plans of fairness gates whose numbers are more than counts: approximate, from their bounds."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pytest_mlgates.core.errors import MLGatesError, NoChampionError
from pytest_mlgates.core.text import limit
from pytest_mlgates.gates.fairness_champion import champion_of
from pytest_mlgates.gates.fairness_families import grouped
from pytest_mlgates.gates.planning.model import PRACTICALLY_NEVER, Bounded, Reach, Rows
from pytest_mlgates.statistics.comparison import Comparison
from pytest_mlgates.statistics.contrast_power import power_of
from pytest_mlgates.statistics.group_families import OVERALL
from pytest_mlgates.statistics.groups import comparisons
from pytest_mlgates.statistics.interval import UndefinedError

if TYPE_CHECKING:
    from pytest_mlgates.engines.table import Table
    from pytest_mlgates.gates.base import Context
    from pytest_mlgates.gates.fairness_parameters import FairnessParameters
    from pytest_mlgates.gates.privacy import Display
    from pytest_mlgates.statistics.group_families import Family

_FINE = {
    Comparison.CHANGE: "if it is truly as fair as the champion",
    Comparison.LOWEST: "if every group is truly like all rows together",
    Comparison.HIGHEST: "if every group is truly like all rows together",
    Comparison.FURTHEST: "if no group truly errs in a direction",
}


def bounded_numbers(
    parameters: FairnessParameters, table: Table, context: Context, display: Display
) -> tuple[list[Bounded], int]:
    """The plan of each side (champion, absolute bound), and how many groups there are.

    Raises:
        MLGatesError: for what the gate itself would refuse.
    """
    found: list[Bounded] = []
    groups = 0
    if parameters.no_worse_than is not None:
        try:
            champion = champion_of(parameters, table, context, display)
        except NoChampionError:
            if not parameters.first:
                raise
        else:
            numbers = grouped(parameters, table, display, champion)
            groups = len(numbers.groups)
            margin = parameters.margin or 0.0
            found.append(
                _side(parameters, numbers.families, Comparison.CHANGE, margin, display, numbers)
            )
    if parameters.limit is not None:
        numbers = grouped(parameters, table, display)
        groups = len(numbers.groups)
        found.append(
            _side(
                parameters,
                numbers.families,
                parameters.comparison,
                parameters.limit,
                display,
                numbers,
            )
        )
    return found, groups


def _side(
    parameters: FairnessParameters,
    families: list[Family],
    comparison: Comparison,
    bound: float,
    display: Display,
    numbers: object,
) -> Bounded:
    groups = numbers.groups  # type: ignore[attr-defined]
    try:
        tables = comparisons(
            families,
            comparison,
            to_overall=parameters.method == "to_overall" and comparison is not Comparison.CHANGE,
            mean=parameters.agg == "mean",
            confidence=parameters.confidence,
            exact=False,
        )
    except UndefinedError as error:
        raise MLGatesError(f"{parameters.metric} does not exist on these rows: {error}") from None
    sign = -1.0 if comparison in (Comparison.RATIO, Comparison.LOWEST) else 1.0
    best, worst = math.inf, -1.0
    place, rows_of, chance, factor = 0, 0, 1.0, 0.0
    for table in tables:
        none = sign * _none(comparison, table.family)
        found = power_of(table, sign * bound, none, len(groups) * len(tables))
        chance *= found.chance
        best = min(best, float(found.settled.min()))
        at = int(found.settled.argmax())
        if float(found.settled[at]) > worst:
            worst, place = float(found.settled[at]), found.groups[at]
            rows_of = int(table.family.sizes[place])
        factor = max(factor, found.factor)
    hidden = display.private
    needed = math.ceil(rows_of * factor) if math.isfinite(factor) else None
    whole = abs(_none(comparison, families[0]) - bound) * 2 or 1.0
    side = "max" if sign > 0 else "min"
    if comparison is Comparison.CHANGE:
        side = "margin"
    fine = _FINE.get(comparison, "if all groups are truly equal")
    return Bounded(
        bound=f"{side} {limit(bound)}",
        settles=_reach(best, bound, sign, None, None, hidden=hidden),
        bottleneck=_reach(worst, bound, sign, display.group(groups[place]), rows_of, hidden=hidden),
        useful=best <= whole,
        chance=None if hidden else chance,
        fine=fine,
        provable=chance > PRACTICALLY_NEVER,
        rows=()
        if hidden
        else (Rows(count=needed, what="rows like those of the worst group", premise=fine),),
    )


def _none(comparison: Comparison, family: Family) -> float:
    """What a model that is truly fine would show."""
    if comparison is Comparison.RATIO:
        return 1.0
    if comparison in (Comparison.LOWEST, Comparison.HIGHEST):
        return float(family.value(OVERALL))
    return 0.0


def _reach(
    violation: float, bound: float, sign: float, where: str | None, n: int | None, *, hidden: bool
) -> Reach:
    if hidden or not math.isfinite(violation):
        return Reach(n=None, value=None, violation=None, where=where, hidden=hidden)
    return Reach(n=n, value=bound + sign * violation, violation=violation, where=where)
