"""How many rows would decide a comparison of groups."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_mlgates.statistics.group_pairs import Comparison
from pytest_mlgates.statistics.quantiles import POWER, z

if TYPE_CHECKING:
    from pytest_mlgates.statistics.group_pairs import FamilyPairs


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsNeeded:
    """About how many rows each of *groups* (by place) needs in the denominator of *family*."""

    family: str
    groups: tuple[int, ...]
    rows: int


def rows_needed(table: FamilyPairs, bound: float) -> RowsNeeded | None:
    """Rows with which the preventing pair, if truly equal, would be proven with power .8.

    Planned for the bound, not for the distance seen (decision D11): a fair model's gap is the
    family's overall rate on both sides. If the pair has those rows already, the gap seen is what
    stands in the way and its distance from the bound counts instead. The larger group is taken as
    it is; where it alone is too small, both need the same number.
    """
    pair = table.worst_far()
    small, large = sorted((pair.high, pair.low), key=lambda g: table.family.sizes[g])
    sizes = table.family.sizes
    total = sum(sizes)
    overall = (sum(table.family.successes) + 1) / (total + 2)
    logs = table.comparison is Comparison.RATIO
    seen: float = float(pair.value)
    if logs:
        if not 0 < bound < 1:
            return None
        planned = -math.log(bound)
        distance = abs(math.log(seen) - math.log(bound)) if seen > 0 else math.inf
    else:
        planned, distance = bound, abs(seen - bound)
    target = planned / (z(table.confidence) + z(POWER))
    variance = (1 - overall) / overall if logs else overall * (1 - overall)
    needed = _solve(variance, variance, sizes[large], target)
    if needed is not None and needed[0] <= sizes[small]:
        rates = [(table.family.successes[g] + 1) / (sizes[g] + 2) for g in (small, large)]
        one, two = ((1 - p) / p if logs else p * (1 - p) for p in rates)
        needed = _solve(one, two, sizes[large], distance / (z(table.confidence) + z(POWER)))
    if needed is None or needed[0] <= sizes[small]:
        return None
    rows, both = needed
    return RowsNeeded(
        family=table.family.name, groups=(small, large) if both else (small,), rows=rows
    )


def _solve(one: float, two: float, large: int, target: float) -> tuple[int, bool] | None:
    """The n with ``one/n + two/large <= target^2``, or with ``(one + two)/n`` where both grow."""
    if target < 1e-9 or math.isinf(target):
        return None
    left = target * target - two / large
    alone = one / left if left > 0 else math.inf
    if alone <= large:
        return math.ceil(alone), False
    return math.ceil((one + two) / target**2), True
