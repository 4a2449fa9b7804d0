"""How many rows would decide a comparison of groups."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_mlgates.statistics.group_pairs import Comparison
from pytest_mlgates.statistics.quantiles import POWER, z

if TYPE_CHECKING:
    from pytest_mlgates.statistics.group_pairs import FamilyPairs, Pair


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsNeeded:
    """About how many rows each of *groups* (by place) needs in the denominator of *family*."""

    family: str
    groups: tuple[int, ...]
    rows: int


def rows_to_prove(table: FamilyPairs, bound: float) -> RowsNeeded | None:
    """Rows with which the pair that prevents proof, if truly equal, is proven with power .8.

    Planned for the bound, not for the distance seen (decision D11): a fair model's gap is the
    family's overall rate on both sides. If the pair has those rows already, the gap seen is what
    stands in the way and its distance from the bound counts instead.
    """
    pair = table.worst_far()
    small, large = _by_size(table, pair)
    sizes = table.family.sizes
    overall = (sum(table.family.successes) + 1) / (sum(sizes) + 2)
    planned = bound
    if table.comparison is Comparison.RATIO:
        planned = -math.log(bound) if 0 < bound < 1 else 0.0
    variance = _variance(table, overall)
    needed = _solve(variance, variance, sizes[large], planned, table.confidence)
    if needed is None or needed[0] > sizes[small]:
        return _in(table, small, large, needed)
    return rows_to_settle(table, pair, bound)


def rows_to_settle(table: FamilyPairs, pair: Pair, bound: float) -> RowsNeeded | None:
    """Rows with which the gap seen in *pair*, if it is the true one, is told from *bound*.

    None where no number would, because the gap is on the bound, or these rows ought to do already.
    """
    small, large = _by_size(table, pair)
    sizes, successes = table.family.sizes, table.family.successes
    one, two = (_variance(table, (successes[g] + 1) / (sizes[g] + 2)) for g in (small, large))
    seen = float(pair.value)
    distance = abs(seen - bound)
    if table.comparison is Comparison.RATIO:
        distance = abs(math.log(seen / bound)) if seen > 0 and bound > 0 else 0.0
    needed = _solve(one, two, sizes[large], distance, table.confidence)
    if needed is not None and needed[0] <= sizes[small]:
        return None
    return _in(table, small, large, needed)


def _by_size(table: FamilyPairs, pair: Pair) -> tuple[int, int]:
    small, large = sorted((pair.high, pair.low), key=lambda g: table.family.sizes[g])
    return small, large


def _variance(table: FamilyPairs, rate: float) -> float:
    """Of one row's share, or of the logarithm of a share in units of 1/n."""
    if table.comparison is Comparison.RATIO:
        return (1 - rate) / rate
    return rate * (1 - rate)


def _solve(
    one: float, two: float, large: int, distance: float, confidence: float
) -> tuple[int, bool] | None:
    """The n with ``one/n + two/large <= target^2``, or with ``(one + two)/n`` where both must grow.

    The target is the standard error with which *distance* is shown: ``distance / (z + z_.80)``. The
    larger group is taken as it is, unless the smaller would have to outgrow it.
    """
    target = distance / (z(confidence) + z(POWER))
    if target < 1e-9:
        return None
    left = target * target - two / large
    alone = one / left if left > 0 else math.inf
    if alone <= large:
        return math.ceil(alone), False
    return math.ceil((one + two) / target**2), True


def _in(
    table: FamilyPairs, small: int, large: int, needed: tuple[int, bool] | None
) -> RowsNeeded | None:
    if needed is None:
        return None
    rows, both = needed
    groups = (small, large) if both else (small,)
    return RowsNeeded(family=table.family.name, groups=groups, rows=rows)
