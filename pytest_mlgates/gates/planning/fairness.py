"""What a fairness gate can settle and prove: by the sizes of its groups."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.text import limit, listing, number
from pytest_mlgates.engines.tables import to_table
from pytest_mlgates.gates.fairness_counts import hits
from pytest_mlgates.gates.labels import confusion, refuse_many_groups
from pytest_mlgates.gates.planning.fairness_numbers import bounded_numbers
from pytest_mlgates.gates.planning.model import PRACTICALLY_NEVER, Bounded, Plan, Reach, Rows
from pytest_mlgates.gates.privacy import Display
from pytest_mlgates.statistics.comparison import Comparison
from pytest_mlgates.statistics.group_power import GroupSizes
from pytest_mlgates.statistics.pairs import sidak
from pytest_mlgates.statistics.quantiles import POWER

if TYPE_CHECKING:
    from pytest_mlgates.engines.table import Table
    from pytest_mlgates.gates.base import Context, Gate
    from pytest_mlgates.gates.fairness_parameters import FairnessParameters
    from pytest_mlgates.gates.labels import Group

# What other ways to compare groups change; this plans for every pair of groups alone.
_PLANNED = {
    "method": "between_groups",
    "agg": "worst_case",
    "control": None,
    "bins": None,
    "no_worse_than": None,
    "sample_weight": None,
    "cluster": None,
    "query": None,
}


def plan_fairness(gate: Gate, subject: Any, context: Context) -> Plan:
    """The plan of a fairness gate on a table.

    Raises:
        MLGatesError: for what the gate itself would refuse.
    """
    parameters: FairnessParameters = gate.parameters  # type: ignore[assignment]
    table = to_table(subject, base=context.base)
    display = Display(private=table.private, min_cell=context.min_cell)
    if not _of_counts(parameters):
        bounds, n = bounded_numbers(parameters, table, context, display)
        return Plan(
            id=gate.id,
            kind="fairness",
            claim=f"{parameters.metric} by {' × '.join(parameters.by)}",
            table=table.name,
            n=display.record(table.n_rows),
            confidence=parameters.confidence,
            bounds=tuple(bounds),
            notes=(f"{n} groups; approximate, from the bounds as they are",),
        )
    for column in parameters.by:
        table.require(column, role="by")
    counts = confusion(
        table,
        parameters,
        metric=parameters.metric,
        binary=any(measure.binary for measure in parameters.measures),
        display=display,
        by=parameters.by,
    )
    groups = list(counts.groups)
    display.register(groups)
    by = " × ".join(parameters.by)
    if len(groups) < 2:
        raise MLGatesError(
            f"{parameters.metric} compares groups, and by {by} of table {table.name!r} has one",
            want="at least two groups: one group is equal to itself whatever the model does",
        )
    refuse_many_groups(len(groups), by, table)
    rates = {
        measure.name: [
            hits(measure.name, cells, counts.classes.positive) for cells in counts.groups.values()
        ]
        for measure in parameters.measures
    }
    counted = {measure.name: measure.of for measure in parameters.measures}
    return Plan(
        id=gate.id,
        kind="fairness",
        claim=f"{parameters.metric} by {by}",
        table=table.name,
        n=display.record(table.n_rows),
        confidence=parameters.confidence,
        bounds=(_bounded(parameters, rates, counted, groups, table, display),),
        notes=(f"{len(groups)} groups",),
    )


def _of_counts(parameters: FairnessParameters) -> bool:
    """Whether every pair of groups is compared by rates of independent rows that count alike."""
    shares = all(m.needs == "classes" and m.form == "share" for m in parameters.measures)
    pairs = parameters.comparison in (Comparison.DIFFERENCE, Comparison.RATIO)
    return shares and pairs and all(getattr(parameters, k) == v for k, v in _PLANNED.items())


def _bounded(
    parameters: FairnessParameters,
    rates: dict[str, list[tuple[int, int]]],
    of: dict[str, str],
    groups: list[Group],
    table: Table,
    display: Display,
) -> Bounded:
    bound = parameters.limit
    assert bound is not None  # noqa: S101  (the parameters' validator refused it)
    confidence, comparison = parameters.confidence, parameters.comparison
    share = 1 - (1 - confidence) / len(rates)
    level = sidak(share, math.comb(len(groups), 2))
    best: list[Reach] = []
    worst: list[Reach] = []
    rows: list[Rows] = []
    chance, veiled, useful = 1.0, False, False
    for name, counted in rates.items():
        _refuse_empty(parameters, name, counted, of[name], groups, table, display)
        sized = _sized(counted, comparison, bound)
        settled, partners = sized.settled(level)
        violations = abs(settled - bound)
        small = [display.small(n, hits, n - hits) for hits, n in counted]
        hidden = [one or small[int(k)] for one, k in zip(small, partners, strict=True)]
        # Of two that show as little, as in any pair, the smaller stands in the way.
        place = max(range(len(groups)), key=lambda g: (violations[g], -counted[g][1]))
        first = int(violations.argmin())
        best.append(
            _reach(float(settled[first]), bound, None, None, of[name], hidden=hidden[first])
        )
        worst.append(
            _reach(
                float(settled[place]),
                bound,
                display.group(groups[place]),
                counted[place][1],
                of[name],
                hidden=hidden[place],
            )
        )
        useful = useful or violations[first] <= _whole(comparison, bound)
        chance *= sized.chance(confidence)
        veiled = veiled or any(small)
        rows.append(
            Rows(
                count=sized.least(confidence, POWER ** (1 / len(rates))),
                what=f"{of[name]} in every group",
                premise=f"if all groups are truly equal, at {number(sized.rate)}",
            )
        )
    side = "max" if comparison is Comparison.DIFFERENCE else "min"
    return Bounded(
        bound=f"{side} {limit(bound)}",
        settles=min(best, key=_size),
        bottleneck=max(worst, key=_size),
        useful=bool(useful),
        chance=None if veiled else chance,
        fine="if all groups are truly equal",
        provable=chance > PRACTICALLY_NEVER + 1e-9,
        rows=() if veiled else tuple(rows),
    )


def _sized(counted: list[tuple[int, int]], comparison: Comparison, bound: float) -> GroupSizes:
    hits, rows = (sum(column) for column in zip(*counted, strict=True))
    return GroupSizes(
        sizes=tuple(n for _, n in counted),
        rate=(hits + 1) / (rows + 2),
        comparison=comparison,
        bound=bound,
    )


def _size(reach: Reach) -> float:
    """The violation, for order: what is withheld or settles nothing is the largest."""
    return math.inf if reach.violation is None else reach.violation


def _whole(comparison: Comparison, bound: float) -> float:
    """Twice the bound (decision D1): on the logarithms for a ratio; all there is for no gap."""
    if comparison is Comparison.DIFFERENCE:
        return 2 * bound or 1.0
    return bound - (bound**3 if bound < 1 else 0.0)


def _reach(
    value: float, bound: float, where: str | None, n: int | None, of: str, *, hidden: bool
) -> Reach:
    if hidden:
        return Reach(n=None, value=None, violation=None, of=of, where=where, hidden=True)
    possible = 0 < value <= 1
    return Reach(
        n=n,
        of=of,
        value=value if possible else None,
        violation=abs(value - bound) if possible else None,
        where=where,
    )


def _refuse_empty(
    parameters: FairnessParameters,
    name: str,
    counted: list[tuple[int, int]],
    of: str,
    groups: list[Group],
    table: Table,
    display: Display,
) -> None:
    empty = [display.group(group) for group, (_, n) in zip(groups, counted, strict=True) if n == 0]
    if empty:
        raise MLGatesError(
            f"{parameters.metric} needs {of} in every group of table {table.name!r}",
            got=f"0 {of} in {listing(empty)}",
            want=f"a {name} for every group: no group is ever dropped",
        )
