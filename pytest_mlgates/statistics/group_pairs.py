"""All pairs of groups in one family of rates, as matrices.

Everything is expressed as *badness*, which a bound limits from above: a difference is its own
badness, a ratio's is its negative. So one rule serves both.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlgates.statistics.interval import Interval, UndefinedError
from pytest_mlgates.statistics.pairs import difference_limits, ratio_limits
from pytest_mlgates.statistics.proportions import FEW, clopper_pearson, wilson_limits
from pytest_mlgates.statistics.quantiles import POWER, z

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


class Comparison(StrEnum):
    """How two rates are compared."""

    DIFFERENCE = "difference"
    RATIO = "ratio"


@dataclass(frozen=True, slots=True, kw_only=True)
class RateFamily:
    """One rate in every group: ``successes[g]`` out of ``sizes[g]``, groups in a fixed order."""

    name: str
    successes: tuple[int, ...]
    sizes: tuple[int, ...]

    @property
    def present(self) -> tuple[int, ...]:
        """The groups that have rows."""
        return tuple(g for g, size in enumerate(self.sizes) if size > 0)

    @property
    def empty(self) -> tuple[int, ...]:
        """The groups that have none."""
        return tuple(g for g, size in enumerate(self.sizes) if size <= 0)

    def rate(self, group: int) -> Fraction:
        """The rate of *group*, exactly."""
        return Fraction(self.successes[group], self.sizes[group])


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two groups of one family.

    Attributes:
        family: The family's name.
        high: The group with the higher rate, by its place in the family.
        low: The group with the lower rate.
        value: Their difference (high - low) or ratio (low / high), exactly.
        bounds: Of *value*, each side at the plain confidence.
        simultaneous: Of *value*, each side at a level that holds for all pairs at once.
    """

    family: str
    high: int
    low: int
    value: Fraction
    bounds: Interval
    simultaneous: Interval


class FamilyPairs:
    """The bounds of all pairs of one family, computed at once.

    Args:
        family: The counts; groups without rows take no part.
        comparison: Difference or ratio.
        confidence: Of the plain bounds, one-sided.
        simultaneous: The level of the bounds that hold for all pairs at once.
        exact: Clopper-Pearson in every group.

    Raises:
        UndefinedError: for fewer than two groups with rows, or a ratio of rates that are all 0.
    """

    def __init__(
        self,
        family: RateFamily,
        comparison: Comparison,
        *,
        confidence: float,
        simultaneous: float,
        exact: bool = False,
    ) -> None:
        self.family = family
        self.comparison = comparison
        self.groups = family.present
        if len(self.groups) < 2:
            raise UndefinedError(f"{family.name}: fewer than two groups have rows to compare")
        rates = [family.rate(g) for g in self.groups]
        if comparison is Comparison.RATIO and not any(rates):
            raise UndefinedError(f"{family.name}: a ratio of rates that are 0 in every group")
        self.sizes = np.array([family.sizes[g] for g in self.groups], dtype=np.float64)
        self._successes = np.array([family.successes[g] for g in self.groups], dtype=np.float64)
        self.rates = self._successes / self.sizes
        self.confidence = confidence
        self.plain = self._group_limits(confidence, exact=exact)
        self.corrected = self._group_limits(simultaneous, exact=exact)
        plain, corrected = self._limits(*self.plain), self._limits(*self.corrected)
        # [i, j]: i in the role of the higher rate. Diagonals never win a maximum.
        first, second = (1, 0) if comparison is Comparison.DIFFERENCE else (0, 1)
        sign = 1.0 if comparison is Comparison.DIFFERENCE else -1.0
        self.far = _without_diagonal(sign * plain[first])
        self.near = _without_diagonal(sign * corrected[second])
        self.high = max(range(len(rates)), key=lambda k: rates[k])
        self.low = min(range(len(rates)), key=lambda k: rates[k])
        if self.high == self.low:  # all rates are equal: any two groups stand for it
            self.low = 1 - self.high if self.high < 2 else 0

    @property
    def no_gap(self) -> float:
        """The badness of two equal rates."""
        return 0.0 if self.comparison is Comparison.DIFFERENCE else -1.0

    def pair(self, high: int, low: int) -> Pair:
        """The pair at [*high*, *low*] of the matrices, the higher rate first."""
        if self.rates[high] < self.rates[low]:
            high, low = low, high
        top, bottom = (self.family.rate(self.groups[k]) for k in (high, low))
        if self.comparison is Comparison.DIFFERENCE:
            value = top - bottom
        else:  # two rates of 0 are equal
            value = bottom / top if top else Fraction(1)
        return Pair(
            family=self.family.name,
            high=self.groups[high],
            low=self.groups[low],
            value=value,
            bounds=self._one(self.plain, high, low),
            simultaneous=self._one(self.corrected, high, low),
        )

    def widest(self) -> Pair:
        """The pair of the highest and the lowest rate."""
        return self.pair(self.high, self.low)

    def worst_far(self) -> Pair:
        """The pair whose plain bound reaches furthest: the one that a proof has to win against."""
        return self.pair(*_argmax(self.far))

    def worst_near(self) -> Pair:
        """The pair whose simultaneous bound shows the most: the one that a disproof rests on."""
        return self.pair(*_argmax(self.near))

    def widest_distinguishable(self) -> Pair | None:
        """The pair with the largest gap among those told apart at the simultaneous level."""
        told_apart = self.near > self.no_gap
        if not told_apart.any():
            return None
        if self.comparison is Comparison.DIFFERENCE:
            gaps = self.rates[:, None] - self.rates[None, :]
        else:
            with np.errstate(divide="ignore", invalid="ignore"):
                gaps = -self.rates[None, :] / self.rates[:, None]
        return self.pair(*_argmax(np.where(told_apart, gaps, -np.inf)))

    def can_show_twice(self, bound: float, simultaneous: float) -> bool:
        """Whether some pair has the rows to show a gap of twice *bound* with power .8.

        ``(z_simultaneous + z_.80) SE <= 2 bound`` with the SE of two rates at the overall rate
        +- bound; for a ratio a gap of bound^2 on the logarithms, with rates at the overall rate
        times and divided by the bound. Shares next to 0 and 1 are drawn towards a half by one row
        on either side, else a clipped rate would have no variance and one row would do.
        """
        overall = float(self._successes.sum() / self.sizes.sum())
        quantiles = z(simultaneous) + z(POWER)
        if self.comparison is Comparison.DIFFERENCE:
            gap = min(2 * bound, 1.0)
            high = self._planned(min(overall + bound, 1.0))
            low = self._planned(max(overall - bound, 0.0))
            one, two = high * (1 - high) / self.sizes, low * (1 - low) / self.sizes
        else:
            if not 0 < bound < 1:
                return bound <= 0
            gap = -2 * math.log(bound)
            high = self._planned(min(overall / bound, 1.0))
            low = self._planned(overall * bound)
            one, two = (1 - high) / high / self.sizes, (1 - low) / low / self.sizes
        variance = one[:, None] + two[None, :]
        np.fill_diagonal(variance, np.inf)
        return bool(quantiles * math.sqrt(float(variance.min())) <= gap)

    def _planned(self, rate: float) -> Floats:
        return (rate * self.sizes + 1) / (self.sizes + 2)

    def _group_limits(self, confidence: float, *, exact: bool) -> tuple[Floats, Floats]:
        lower, upper = wilson_limits(self.rates, self.sizes, z(confidence))
        few = np.minimum(self._successes, self.sizes - self._successes) <= FEW
        for k in np.flatnonzero(few | exact):
            bounds = clopper_pearson(int(self._successes[k]), int(self.sizes[k]), confidence)
            lower[k], upper[k] = bounds.lower, bounds.upper
        return np.clip(lower, 0.0, 1.0), np.clip(upper, 0.0, 1.0)

    def _limits(self, lower: Floats, upper: Floats) -> tuple[Floats, Floats]:
        high = (self.rates[:, None], lower[:, None], upper[:, None])
        low = (self.rates[None, :], lower[None, :], upper[None, :])
        if self.comparison is Comparison.DIFFERENCE:
            return difference_limits(*high, *low)
        return ratio_limits(*low, *high)

    def _one(self, limits: tuple[Floats, Floats], high: int, low: int) -> Interval:
        lower, upper = limits
        first = (self.rates[high], lower[high], upper[high])
        second = (self.rates[low], lower[low], upper[low])
        if self.comparison is Comparison.DIFFERENCE:
            down, up = difference_limits(*first, *second)
        else:
            down, up = ratio_limits(*second, *first)
        return Interval(float(down), float(up))


def _without_diagonal(matrix: Floats) -> Floats:
    np.fill_diagonal(matrix, -np.inf)
    return matrix


def _argmax(matrix: Floats) -> tuple[int, int]:
    row, column = np.unravel_index(int(np.argmax(matrix)), matrix.shape)
    return int(row), int(column)
