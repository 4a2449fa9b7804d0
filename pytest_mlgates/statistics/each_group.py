"""Every group's own number against the bound."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlgates.statistics.comparison import Comparison
from pytest_mlgates.statistics.group_contrasts import Contrasts, Pair, argmax
from pytest_mlgates.statistics.group_families import OVERALL
from pytest_mlgates.statistics.interval import Interval
from pytest_mlgates.statistics.pairs import sidak
from pytest_mlgates.statistics.proportions import FAR_OUT
from pytest_mlgates.statistics.quantiles import POWER, z

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


class EachGroup(Contrasts):
    """Every group on its own against the bound: the worst group counts.

    For numbers that ought to be 0 in every group, column 1 holds them with the other sign.

    Attributes:
        apart: What each group's badness is at least, to tell it from all rows: as ``near``, which a
            disproof rests on, but by Wilson's bounds.
    """

    apart: Floats

    noun = ("group", "groups")

    def _count(self) -> int:
        return len(self.groups)

    def _level(self, share: float, count: int) -> float:
        two_sided = self.comparison is Comparison.FURTHEST
        return sidak(share, count) if two_sided else math.exp(math.log(share) / count)

    def _arrange(self) -> None:
        self.plain = self.family.limits(self.confidence, exact=self.exact)
        # Wilson's bounds fail far out in the tails: of twenty groups of 30 rows that are all at
        # their bound of .95 one was blocked in .26 (nominal .05).
        exact = self.exact or self.simultaneous > FAR_OUT
        self.corrected = self.family.limits(self.simultaneous, exact=exact)
        apart = self.family.limits(self.simultaneous, exact=self.exact)
        values = self.family.values
        (lower, upper), (low, high) = self.plain, self.corrected
        if self.comparison is Comparison.LOWEST:
            self.far, self.near, self.seen = (-a[:, None] for a in (lower, high, values))
            self.apart = -apart[1][:, None]
        elif self.comparison is Comparison.HIGHEST:
            self.far, self.near, self.seen = (a[:, None] for a in (upper, low, values))
            self.apart = apart[0][:, None]
        else:
            self.far = np.stack([upper, -lower], axis=1)
            self.near = np.stack([low, -high], axis=1)
            self.apart = np.stack([apart[0], -apart[1]], axis=1)
            self.seen = np.stack([values, -values], axis=1)

    def at(self, row: int, column: int) -> Pair:
        """The group alone; a number that ought to be 0 without its sign."""
        value = self.family.value(self.groups[row])
        plain, corrected = (
            Interval(float(one[0][row]), float(one[1][row])) for one in (self.plain, self.corrected)
        )
        if self.comparison is Comparison.FURTHEST and (value < 0 or (value == 0 and column)):
            value = -value
            plain, corrected = (Interval(-one.upper, -one.lower) for one in (plain, corrected))
        return Pair(
            family=self.family.name,
            level=self.family.level,
            high=self.groups[row],
            low=None,
            value=value,
            bounds=plain,
            simultaneous=corrected,
        )

    def distinguishable(self) -> Pair | None:
        """The worst group that the rows tell apart from all rows together, or from 0.

        The number of all rows is taken as it is: it has the group's rows in it, and so varies less
        from the group than one that had not.
        """
        none = 0.0
        if self.comparison is not Comparison.FURTHEST:
            overall = float(self.family.value(OVERALL))
            none = -overall if self.comparison is Comparison.LOWEST else overall
        told_apart = self.apart > none
        if not told_apart.any():
            return None
        return self.at(*argmax(np.where(told_apart, self.seen, -np.inf)))

    def whole(self) -> Pair:
        """All rows together against the bound."""
        family = self.family
        bounds = Interval(*family.overall_limits(self.confidence))
        return Pair(
            family=family.name,
            level=family.level,
            high=OVERALL,
            low=None,
            value=family.value(OVERALL),
            bounds=bounds,
            simultaneous=bounds,
        )

    def can_show_twice(self, bound: float) -> bool:
        """Whether some group's rows show a gap of twice the room between *bound* and perfection."""
        best = self.family.high if self.comparison is Comparison.LOWEST else self.family.low
        room = abs(bound) if self.comparison is Comparison.FURTHEST else abs(best - bound)
        quantiles = z(self.simultaneous) + z(POWER)
        gap = min(2 * room, self.family.high - self.family.low)
        return bool(quantiles * math.sqrt(self.least_variance(bound)) <= gap)

    def least_variance(self, bound: float) -> float:
        """Of the group with the most rows."""
        return float(self.family.planned(self.comparison, bound, self.simultaneous)[0].min())
