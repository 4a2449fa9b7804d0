"""How many rows would decide a comparison of groups."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_mlgates.statistics.comparison import Comparison
from pytest_mlgates.statistics.group_families import OVERALL
from pytest_mlgates.statistics.group_mean import Averaged
from pytest_mlgates.statistics.group_pairs import BetweenGroups
from pytest_mlgates.statistics.quantiles import POWER, z

if TYPE_CHECKING:
    from pytest_mlgates.statistics.group_contrasts import Contrasts, Pair
    from pytest_mlgates.statistics.group_families import Family


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsNeeded:
    """About how many rows each of *groups* (by place) needs in the denominator of *family*."""

    family: str
    groups: tuple[int, ...]
    rows: int
    level: int = 0


@dataclass(frozen=True, slots=True)
class _Side:
    """A group of a pair: its rows, and the variance of one of them."""

    group: int
    rows: float
    variance: float


def rows_to_prove(table: Contrasts | Averaged, bound: float) -> RowsNeeded | None:
    """Rows with which the pair that prevents proof, if truly equal, is proven with power .8.

    Planned for the bound, not for the distance seen (decision D11): a fair model's gap is the
    family's overall rate on both sides. If the pair has those rows already, the gap seen is what
    stands in the way and its distance from the bound counts instead.
    """
    pair = table.worst_far()
    if not table.comparison.is_gap:
        return rows_to_settle(table, pair, bound)
    planned = bound
    if table.comparison is Comparison.RATIO:
        planned = -math.log(bound) if 0 < bound < 1 else 0.0
    found = _rows(table, pair, planned, seen=False)
    return found if found is None or _more(table, found) else rows_to_settle(table, pair, bound)


def rows_to_settle(table: Contrasts | Averaged, pair: Pair, bound: float) -> RowsNeeded | None:
    """Rows with which the gap seen in *pair*, if it is the true one, is told from *bound*.

    None where no number would, because the gap is on the bound, or these rows ought to do already.
    """
    value = float(pair.value)
    distance = abs(value - bound)
    if table.comparison is Comparison.RATIO:
        distance = abs(math.log(value / bound)) if value > 0 and bound > 0 else 0.0
    found = _rows(table, pair, distance, seen=True)
    return found if found is not None and _more(table, found) else None


def undecided(table: Contrasts | Averaged, bound: float) -> list[RowsNeeded]:
    """Every group that has too few rows for a proof itself, with the rows that would do."""
    if isinstance(table, Averaged) or not table.comparison.is_gap:
        return []
    ratio = table.comparison is Comparison.RATIO
    planned = (-math.log(bound) if 0 < bound < 1 else 0.0) if ratio else bound
    limit = -bound if ratio else bound
    out = []
    between = isinstance(table, BetweenGroups)
    across, down = table.far.argmax(axis=1).tolist(), table.far.argmax(axis=0).tolist()
    for place, group in enumerate(table.groups):
        row, column = place, across[place]
        if between and table.far[down[place], place] > table.far[row, column]:
            row, column = down[place], place
        if table.far[row, column] <= limit:
            continue
        if between:
            found = _of_two(table, (table.groups[row], table.groups[column]), planned)
        else:
            found = _rows(table, table.at(row, column), planned, seen=False)
        if found and group in found.groups and found.rows > table.family.sizes[group]:
            one = RowsNeeded(
                family=found.family, level=found.level, groups=(group,), rows=found.rows
            )
            out.append(one)
    return out


def _of_two(table: Contrasts, groups: tuple[int, int], distance: float) -> RowsNeeded | None:
    """What :func:`_rows` plans for two groups, without their bounds: there are many such pairs."""
    family = table.family
    variance = family.row_variance(table.comparison, OVERALL)
    target = distance / (z(table.confidence) + z(POWER))
    if target < 1e-9 or not math.isfinite(variance):
        return None
    sides = [_Side(group, float(family.sizes[group]), variance) for group in groups]
    if sides[1].rows < sides[0].rows:
        sides.reverse()
    rows, both = _solve(sides, target**2)
    chosen = sides if both else sides[:1]
    return RowsNeeded(
        family=family.name,
        level=family.level,
        groups=tuple(side.group for side in chosen),
        rows=rows,
    )


def _rows(
    table: Contrasts | Averaged, pair: Pair, distance: float, *, seen: bool
) -> RowsNeeded | None:
    """The rows of the weakest part of *pair* with which *distance* is shown."""
    tables = table.tables if isinstance(table, Averaged) else (table,)
    parts = pair.others if isinstance(table, Averaged) else (pair,)
    found = []
    for one, part in zip(tables, parts, strict=True):
        sides, scale = _sides(one, part, seen=seen)
        spent = scale**2 * sum(side.variance / side.rows for side in sides)
        found.append((spent, one, part, sides, scale))
    weakest = max(found, key=lambda item: item[0])
    others = sum(item[0] for item in found) - weakest[0]
    _, one, part, sides, scale = weakest
    # The standard error with which the distance is shown, of the part alone.
    target = len(parts) * distance / (z(table.confidence) + z(POWER))
    left = (target**2 - others) / scale**2
    if target < 1e-9 or left <= 0 or not math.isfinite(sum(side.variance for side in sides)):
        return None
    rows, both = _solve(sides, left)
    small = sides[0]
    chosen = sides if both else [small]
    groups = tuple(side.group for side in chosen if side.group != OVERALL)
    return RowsNeeded(family=part.family, level=part.level, groups=groups, rows=rows)


def _sides(table: Contrasts, pair: Pair, *, seen: bool) -> tuple[list[_Side], float]:
    """The groups of *pair*, the smaller first, and the factor of their difference."""
    family = table.family

    def side(group: int) -> _Side:
        variance = family.row_variance(table.comparison, group if seen else OVERALL)
        return _Side(group, float(family.sizes[group]), variance)

    if OVERALL not in (pair.high, pair.low):
        return sorted((side(g) for g in pair.groups), key=lambda one: one.rows), 1.0
    if not pair.groups:  # all rows together against the bound
        total = float(family.rows.sum())
        return [_Side(OVERALL, total, family.row_variance(table.comparison, OVERALL))], 1.0
    own = side(pair.groups[0])
    rest = float(family.rows.sum()) - own.rows
    variance = family.row_variance(table.comparison, OVERALL)
    return [own, _Side(OVERALL, rest, variance)], rest / (rest + own.rows)


def _solve(sides: list[_Side], left: float) -> tuple[int, bool]:
    """The n with ``one/n + two/large <= left``, or with ``(one + two)/n`` where both must grow.

    The larger group is taken as it is, unless the smaller would have to outgrow it.
    """
    small = sides[0]
    if len(sides) == 1:
        return math.ceil(small.variance / left), False
    large = sides[1]
    rest = left - large.variance / large.rows
    alone = small.variance / rest if rest > 0 else math.inf
    if alone <= large.rows:
        return math.ceil(alone), False
    return math.ceil((small.variance + large.variance) / left), True


def _more(table: Contrasts | Averaged, found: RowsNeeded) -> bool:
    """Whether *found* is more than the smallest of its groups has."""
    family: Family = table.family
    if isinstance(table, Averaged):
        family = next(t.family for t in table.tables if t.family.name == found.family)
    if not found.groups:
        return found.rows > float(family.rows.sum())
    return found.rows > min(family.sizes[g] for g in found.groups)
