"""What any comparisons of groups in one family have in common.

Everything is expressed as *badness*, which a bound limits from above: a difference is its own
badness, a ratio's or a lowest value's is its negative. So one rule serves them all.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlgates.statistics.comparison import Comparison
from pytest_mlgates.statistics.group_families import OVERALL, Family
from pytest_mlgates.statistics.interval import Interval, UndefinedError
from pytest_mlgates.statistics.pairs import sidak
from pytest_mlgates.statistics.quantiles import POWER, z

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pytest_mlgates.core.exact import Number

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two groups of one family, or a group and all rows, or a group alone.

    Attributes:
        family: The family's name.
        high: The group with the higher number, by its place in the family; ``OVERALL`` for all rows
            together.
        low: The group with the lower number; None where a group stands alone against the bound.
        value: Their difference (high - low) or ratio (low / high), or the group's own number.
        bounds: Of *value*, each side at the plain confidence.
        simultaneous: Of *value*, each side at a level that holds for all comparisons at once.
        level: The stratum they are compared in.
        others: Where gaps of several families are averaged: those after the first, and *value* and
            the bounds are of the average.
    """

    family: str
    high: int
    low: int | None
    value: Number
    bounds: Interval
    simultaneous: Interval
    level: int = 0
    others: tuple[Pair, ...] = ()

    @property
    def parts(self) -> tuple[Pair, ...]:
        """The pairs that it averages: itself, mostly."""
        return (self, *self.others)

    @property
    def groups(self) -> tuple[int, ...]:
        """Its groups, all rows together not among them."""
        return tuple(g for g in (self.high, self.low) if g is not None and g != OVERALL)


class Contrasts(ABC):
    """The comparisons of one family with their bounds, computed at once.

    Args:
        family: The numbers; groups without rows take no part.
        comparison: What is compared with the bound.
        confidence: Of the plain bounds, one-sided.
        share: The confidence that the bounds of all comparisons together keep.
        of: How many comparisons each of these is combined with.
        exact: Clopper-Pearson in every group.

    Attributes:
        far: What each comparison's badness may be, at the plain level.
        near: What it is at least, at a level that holds for all of them at once.
        seen: What it is in these rows.
        count: How many comparisons there are.
        simultaneous: The level of each of them.

    Raises:
        UndefinedError: for fewer than two groups with rows, or a ratio of numbers that are all 0.
    """

    far: Floats
    near: Floats
    seen: Floats
    count: int
    simultaneous: float
    noun = ("pair", "pairs")

    def __init__(
        self,
        family: Family,
        comparison: Comparison,
        *,
        confidence: float,
        share: float,
        of: int = 1,
        exact: bool = False,
    ) -> None:
        self.family, self.comparison = family, comparison
        self.groups = family.present
        if len(self.groups) < 2:
            raise UndefinedError(f"{family.name}: fewer than two groups have rows to compare")
        if comparison is Comparison.RATIO:
            _refuse_no_ratio(family)
        self.confidence, self.exact = confidence, exact
        self.count = self._count()
        self.simultaneous = self._level(share, self.count * of)
        self._arrange()

    @abstractmethod
    def _count(self) -> int:
        """How many comparisons are made."""

    def _level(self, share: float, count: int) -> float:
        """The level of each of *count* comparisons."""
        return sidak(share, count)

    @abstractmethod
    def _arrange(self) -> None:
        """Fill ``far``, ``near`` and ``seen``."""

    @abstractmethod
    def at(self, row: int, column: int) -> Pair:
        """The comparison at a place of the matrices."""

    @property
    def far_most(self) -> float:
        """What the worst badness may be, at the plain level."""
        return float(self.far.max())

    @property
    def near_most(self) -> float:
        """What the worst badness is at least, at the simultaneous level."""
        return float(self.near.max())

    @property
    def no_gap(self) -> float:
        """The badness of no gap at all."""
        return -1.0 if self.comparison is Comparison.RATIO else 0.0

    def widest(self) -> Pair:
        """The comparison that looks worst."""
        return self.at(*argmax(self.seen))

    def worst_far(self) -> Pair:
        """The one whose plain bound reaches furthest: the one that a proof has to win against."""
        return self.at(*argmax(self.far))

    def worst_near(self) -> Pair:
        """The one whose simultaneous bound shows the most: what a disproof rests on."""
        return self.at(*argmax(self.near))

    def distinguishable(self) -> Pair | None:
        """The worst-looking among those told apart from no gap at the simultaneous level."""
        told_apart = self.near > self.no_gap
        if not told_apart.any():
            return None
        return self.at(*argmax(np.where(told_apart, self.seen, -np.inf)))

    def can_show_twice(self, bound: float) -> bool:
        """Whether some comparison has the rows to show a gap of twice *bound* with power .8.

        ``(z_simultaneous + z_.80) SE <= 2 bound`` with the SE of two groups that far apart; for a
        ratio a gap of bound^2 on the logarithms.
        """
        quantiles = z(self.simultaneous) + z(POWER)
        if self.comparison is Comparison.RATIO:
            if not 0 < bound < 1:
                return bound <= 0
            gap = -2 * math.log(bound)
        else:
            width = self.family.high - self.family.low
            gap = min(2 * bound, width if math.isfinite(width) else math.inf)
        return bool(quantiles * math.sqrt(self.least_variance(bound)) <= gap)

    @abstractmethod
    def least_variance(self, bound: float) -> float:
        """Of the comparison with the most rows, if its gap were twice *bound*."""


def gap(comparison: Comparison, top: Number, bottom: Number) -> Number:
    """The difference *top* - *bottom*, or the ratio *bottom* / *top*."""
    if comparison is Comparison.DIFFERENCE:
        return top - bottom
    return bottom / top if top else Fraction(1)  # two rates of 0 are equal


def interval(limits: tuple[Any, Any]) -> Interval:
    """*limits* as an interval of plain numbers."""
    return Interval(float(limits[0]), float(limits[1]))


def argmax(matrix: Floats) -> tuple[int, int]:
    """The place of the greatest number."""
    row, column = np.unravel_index(int(np.argmax(matrix)), matrix.shape)
    return int(row), int(column)


def _refuse_no_ratio(family: Family) -> None:
    values = [family.value(g) for g in family.present]
    if min(values) < 0:
        raise UndefinedError(f"{family.name}: a ratio of numbers under 0")
    if not any(values):
        raise UndefinedError(f"{family.name}: a ratio of rates that are 0 in every group")
