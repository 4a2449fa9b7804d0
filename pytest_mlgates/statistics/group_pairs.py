"""All pairs of groups in one family, and which comparisons a claim makes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlgates.statistics.comparison import Comparison
from pytest_mlgates.statistics.each_group import EachGroup
from pytest_mlgates.statistics.group_contrasts import Contrasts, Pair, gap, interval
from pytest_mlgates.statistics.pairs import difference_limits, ratio_limits
from pytest_mlgates.statistics.to_overall import ToOverall

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pytest_mlgates.statistics.group_families import Family

    Floats = NDArray[np.float64]


class BetweenGroups(Contrasts):
    """Every group against every other; [i, j]: i in the role of the higher number."""

    def _count(self) -> int:
        return math.comb(len(self.groups), 2)

    def _arrange(self) -> None:
        self.plain, self.corrected = self._limits()
        difference = self.comparison is Comparison.DIFFERENCE
        sign, first, second = (1.0, 1, 0) if difference else (-1.0, 0, 1)
        self.far = _without_diagonal(sign * self.plain[first])
        self.near = _without_diagonal(sign * self.corrected[second])
        values = self.family.values
        with np.errstate(divide="ignore", invalid="ignore"):
            seen = (
                values[:, None] - values[None, :]
                if difference
                else -(values[None, :] / values[:, None])
            )
        seen[np.isnan(seen)] = -1.0  # 0/0: two equal rates
        self.seen = _without_diagonal(seen)

    def _limits(self) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
        """Bounds of every pair at the plain and at the simultaneous level, both at once."""
        levels = (self.confidence, self.simultaneous)
        found = [self.family.limits(level, exact=self.exact) for level in levels]
        lower, upper = (np.stack(side) for side in zip(*found, strict=True))  # (level, group)
        values, rho = self.family.values, self.family.correlation
        first = (values[:, None], lower[:, :, None], upper[:, :, None])
        second = (values[None, :], lower[:, None, :], upper[:, None, :])
        if self.comparison is Comparison.DIFFERENCE:
            low, high = difference_limits(*first, *second, rho)
        else:
            low, high = ratio_limits(*second, *first, rho)
        return (low[0], high[0]), (low[1], high[1])

    def at(self, row: int, column: int) -> Pair:
        """The pair, the higher number first."""
        high, low = row, column
        top, bottom = (self.family.value(self.groups[k]) for k in (high, low))
        if top < bottom:
            high, low, top, bottom = low, high, bottom, top
        plain, corrected = (
            interval((lower[high, low], upper[high, low]))
            for lower, upper in (self.plain, self.corrected)
        )
        return Pair(
            family=self.family.name,
            level=self.family.level,
            high=self.groups[high],
            low=self.groups[low],
            value=gap(self.comparison, top, bottom),
            bounds=plain,
            simultaneous=corrected,
        )

    def least_variance(self, bound: float) -> float:
        """Of the pair with the most rows."""
        one, two = self.family.planned(self.comparison, bound, self.simultaneous)
        variance = one[:, None] + two[None, :]
        np.fill_diagonal(variance, np.inf)
        return float(variance.min())

    def widest(self) -> Pair:
        """The pair of the highest and the lowest number, exactly."""
        values = [self.family.value(g) for g in self.groups]
        high = max(range(len(values)), key=lambda k: values[k])
        low = min(range(len(values)), key=lambda k: values[k])
        if high == low:  # all are equal: any two groups stand for it
            low = 1 - high if high < 2 else 0
        return self.at(high, low)


def contrasts(
    family: Family,
    comparison: Comparison,
    *,
    to_overall: bool,
    confidence: float,
    share: float,
    of: int = 1,
    exact: bool = False,
) -> Contrasts:
    """The comparisons that a claim about *family* makes."""
    kind: type[Contrasts] = BetweenGroups
    if not comparison.is_gap:
        kind = EachGroup
    elif to_overall:
        kind = ToOverall
    return kind(family, comparison, confidence=confidence, share=share, of=of, exact=exact)


def _without_diagonal(matrix: Floats) -> Floats:
    np.fill_diagonal(matrix, -np.inf)
    return matrix
