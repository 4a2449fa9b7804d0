"""The mean of the gaps of several families (``agg="mean"``): every combination of their pairs.

The mean of two largest gaps is the largest of all means of one gap each. MOVER on the average
(decision D6) bounds each of them; of the millions of combinations only those on the fronts count,
where no other gap is both larger and less certain.
"""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlgates.statistics.group_contrasts import Contrasts, Pair
from pytest_mlgates.statistics.interval import Interval
from pytest_mlgates.statistics.quantiles import POWER, z

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Place = tuple[int, int]


class Averaged:
    """The mean of the gaps of *tables*, with the interface of one table of contrasts."""

    def __init__(self, tables: Sequence[Contrasts]) -> None:
        self.tables = tuple(tables)
        first = self.tables[0]
        self.family, self.comparison, self.groups = first.family, first.comparison, first.groups
        self.confidence, self.simultaneous = first.confidence, first.simultaneous
        self.count = math.prod(table.count for table in self.tables)
        self.no_gap, self.noun = first.no_gap, ("combination of pairs", "combinations of pairs")
        self._far_at, self._far = self._best("far")
        self._near_at, self._near = self._best("near")

    @property
    def far_most(self) -> float:
        """What the badness of a combination may be, at the plain level."""
        return self._far

    @property
    def near_most(self) -> float:
        """What the badness of some combination is at least, at a level for all of them."""
        return self._near

    def widest(self) -> Pair:
        """The widest gaps together."""
        return self._mean([table.widest() for table in self.tables])

    def worst_far(self) -> Pair:
        """The combination that a proof has to win against."""
        return self._mean([t.at(*at) for t, at in zip(self.tables, self._far_at, strict=True)])

    def worst_near(self) -> Pair:
        """The combination that a disproof rests on."""
        return self._mean([t.at(*at) for t, at in zip(self.tables, self._near_at, strict=True)])

    def distinguishable(self) -> Pair | None:
        """The widest gaps if they are told apart from none, else the clearest combination."""
        for pair in (self.widest(), self.worst_near()):
            low, high = pair.simultaneous.lower, pair.simultaneous.upper
            if (low > 0 if self.no_gap == 0 else high < 1) and pair.value != -self.no_gap:
                return pair
        return None

    def can_show_twice(self, bound: float) -> bool:
        """Whether some combination has the rows to show a mean gap of twice *bound*."""
        variance = sum(table.least_variance(bound) for table in self.tables)
        family = self.tables[0].family
        gap = min(2 * bound, family.high - family.low)
        if self.no_gap:
            if not 0 < bound < 1:
                return bound <= 0
            gap = -2 * math.log(bound)
        quantiles = z(self.simultaneous) + z(POWER)
        return bool(quantiles * math.sqrt(variance) / len(self.tables) <= gap)

    def _best(self, side: str) -> tuple[list[Place], float]:
        """The combination that reaches furthest, and how far."""
        fronts = [_front(table, side) for table in self.tables]
        sign = 1.0 if side == "far" else -1.0
        found = max(
            itertools.product(*fronts),
            key=lambda parts: sum(p[1] for p in parts) + sign * math.hypot(*(p[2] for p in parts)),
        )
        reach = math.hypot(*(part[2] for part in found))
        total = sum(part[1] for part in found) + sign * reach
        return [part[0] for part in found], total / len(found)

    def _mean(self, pairs: list[Pair]) -> Pair:
        value = sum((pair.value for pair in pairs), Fraction(0)) / len(pairs)
        first = pairs[0]
        return Pair(
            family=first.family,
            level=first.level,
            high=first.high,
            low=first.low,
            value=value,
            bounds=_averaged(value, [(p.value, p.bounds) for p in pairs]),
            simultaneous=_averaged(value, [(p.value, p.simultaneous) for p in pairs]),
            others=tuple(pairs),
        )


def _averaged(value: float | Fraction, parts: list[tuple[float | Fraction, Interval]]) -> Interval:
    down = math.hypot(*(float(v) - bounds.lower for v, bounds in parts)) / len(parts)
    up = math.hypot(*(bounds.upper - float(v) for v, bounds in parts)) / len(parts)
    return Interval(float(value) - down, float(value) + up)


def _front(table: Contrasts, side: str) -> list[tuple[Place, float, float]]:
    """The places that no other beats in both the gap seen and its reach to *side*.

    To the far side a longer reach is worse, to the near side a shorter one.
    """
    seen = table.seen
    with np.errstate(invalid="ignore"):  # a pair that is none, less itself
        reach = table.far - seen if side == "far" else seen - table.near
    usable = np.flatnonzero(np.isfinite(seen).ravel())
    gaps, reaches = seen.ravel()[usable], np.nan_to_num(reach.ravel()[usable], nan=np.inf)
    worse = -reaches if side == "far" else reaches
    front: list[tuple[Place, float, float]] = []
    best = math.inf
    for k in np.lexsort((worse, -gaps)):
        if worse[k] < best:
            best = float(worse[k])
            row, column = np.unravel_index(int(usable[k]), seen.shape)
            front.append(((int(row), int(column)), float(gaps[k]), float(reaches[k])))
    return front
