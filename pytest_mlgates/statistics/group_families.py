"""One number in every group, with bounds: what the comparisons of groups are made of.

A family lists its groups in a fixed order. It knows each group's value, the value of all other
groups together (its *rest*, where that is a mixture), and bounds of both at any confidence.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np

from pytest_mlgates.statistics.comparison import Comparison
from pytest_mlgates.statistics.interval import UndefinedError
from pytest_mlgates.statistics.proportions import FEW, clopper_pearson, wilson_limits
from pytest_mlgates.statistics.quantiles import t_to_z, z

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from numpy.typing import NDArray

    from pytest_mlgates.core.exact import Number
    from pytest_mlgates.statistics.interval import Measured

    Floats = NDArray[np.float64]
    Limits = tuple[Floats, Floats]

# In the place of a group: all rows of the family together.
OVERALL = -1


class Family(ABC):
    """One number in every group.

    Attributes:
        name: Which number.
        level: Which stratum the groups are compared in; 0 where there is one.
        sizes: The rows that each group's number rests on.
        absent: Groups that have no part in this level, which is no want of evidence.
        low: The least that the number can be.
        high: The most.
        is_mixture: Whether the number of all rows is the mean of the groups' by their weights.
        method: How its bounds are made.
    """

    name: str
    level: int
    sizes: Sequence[int]
    absent: Collection[int]
    low: float = -math.inf
    high: float = math.inf
    is_mixture = True
    method: str

    @cached_property
    def present(self) -> tuple[int, ...]:
        """The groups that have rows."""
        return tuple(g for g, size in enumerate(self.sizes) if size > 0 and g not in self.absent)

    @property
    def empty(self) -> tuple[int, ...]:
        """The groups that ought to have some and have none."""
        return tuple(g for g, size in enumerate(self.sizes) if size <= 0 and g not in self.absent)

    @cached_property
    def rows(self) -> Floats:
        """The sizes of the groups present."""
        return np.array([self.sizes[g] for g in self.present], dtype=np.float64)

    @abstractmethod
    def value(self, group: int) -> Number:
        """The number of *group*, or of all rows (``OVERALL``)."""

    def counted(self, group: int) -> int | None:
        """How many rows of *group* make up its share; None where it is no plain share."""
        del group
        return None

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why its bounds deserve less trust than their confidence says."""
        return ()

    @cached_property
    def values(self) -> Floats:
        """The numbers of the groups present."""
        return np.array([float(self.value(g)) for g in self.present], dtype=np.float64)

    @abstractmethod
    def limits(self, confidence: float, *, exact: bool = False) -> Limits:
        """Bounds of the numbers of the groups present, one-sided each."""

    @abstractmethod
    def overall_limits(self, confidence: float) -> tuple[float, float]:
        """Bounds of the number of all rows."""

    @cached_property
    def shares(self) -> Floats:
        """What part of all rows (of their weight) each group present has."""
        return self.rows / float(self.rows.sum())

    @abstractmethod
    def rest_limits(self, confidence: float, *, exact: bool = False) -> Limits:
        """Bounds of the number of all other groups together, for each group present."""

    @cached_property
    def rest_values(self) -> Floats:
        """The number of all other groups together, for each group present."""
        shares = self.shares
        overall = float(self.value(OVERALL))
        return np.asarray((overall - shares * self.values) / (1 - shares))

    @property
    def correlation(self) -> Floats | None:
        """Of the groups' numbers, where rows of one cluster stand in several groups."""
        return None

    @property
    def rest_correlation(self) -> Floats | None:
        """Of each group's number with that of its rest."""
        return None

    @property
    def whole_correlation(self) -> Floats:
        """Of each group's number with that of all rows, where the whole is no mixture."""
        raise NotImplementedError

    @abstractmethod
    def planned(self, comparison: Comparison, bound: float, level: float) -> tuple[Floats, Floats]:
        """Variance of each group's number (of its logarithm, for a ratio) if the gap were 2 bounds.

        Once as the higher and once as the lower of the two.
        """

    def widened(self, level: float) -> Floats:
        """The factors of variances that are themselves known from each group's rows."""
        factors = (min(t_to_z(n, level) ** 2, 1e300) for n in self.rows.tolist())
        return np.fromiter(factors, np.float64)

    @abstractmethod
    def row_variance(self, comparison: Comparison, group: int) -> float:
        """Of one row of *group* (or of all groups): the number's variance times its rows."""


class ShareFamily(Family):
    """A share of rows in every group: bounds by Wilson on as many rows as the data are worth."""

    low, high = 0.0, 1.0
    method = "wilson bounds (clopper-pearson for few)"

    @cached_property
    def _known(self) -> dict[tuple[float, bool], Limits]:
        return {}

    @abstractmethod
    def effective(self, confidence: float) -> Floats:
        """As how many independent rows the rows of each group present count."""

    @cached_property
    def _worth(self) -> Floats:
        """What planning takes the rows for."""
        return self.effective(0.95)

    def effective_rest(self, confidence: float) -> Floats:
        """The same of all other groups together."""
        del confidence
        return np.asarray(float(self.rows.sum()) - self.rows)

    def limits(self, confidence: float, *, exact: bool = False) -> Limits:
        """By decision D2; kept, since several comparisons ask for the same."""
        if (confidence, exact) not in self._known:
            self._known[confidence, exact] = share_limits(
                self.values, self.effective(confidence), confidence, exact=exact
            )
        return self._known[confidence, exact]

    def rest_limits(self, confidence: float, *, exact: bool = False) -> Limits:
        """By decision D2."""
        effective = self.effective_rest(confidence)
        return share_limits(self.rest_values, effective, confidence, exact=exact)

    def overall_limits(self, confidence: float) -> tuple[float, float]:
        """By decision D2, every group's rows worth what they are worth."""
        total = np.array([self.effective(confidence).sum()])
        lower, upper = share_limits(np.array([float(self.value(OVERALL))]), total, confidence)
        return float(lower[0]), float(upper[0])

    def planned(self, comparison: Comparison, bound: float, level: float) -> tuple[Floats, Floats]:
        """At the overall rate +- the bound (times and divided by it, for a ratio).

        Shares next to 0 and 1 are drawn towards a half by one row on either side, else a clipped
        rate would have no variance and one row would do. And no group shows more than one in which
        nothing happened, which leaves rates up to ``1 - (1 - level)^(1/n)`` open: two rows tell
        nothing, however far apart groups are.
        """
        overall = float(self.value(OVERALL))
        sizes = np.maximum(self._worth, 1e-9)
        if comparison is Comparison.RATIO:
            high, low = min(overall / bound, 1.0), overall * bound
        elif comparison is Comparison.DIFFERENCE:
            high, low = min(overall + bound, 1.0), max(overall - bound, 0.0)
        else:
            high = low = bound
        one, two = ((rate * sizes + 1) / (sizes + 2) for rate in (high, low))
        if comparison is Comparison.RATIO:
            return (1 - one) / one / sizes, (1 - two) / two / sizes
        least = ((1 - (1 - level) ** (1 / sizes)) / z(level)) ** 2
        first, second = (np.maximum(p * (1 - p) / sizes, least) for p in (one, two))
        return first, second

    def row_variance(self, comparison: Comparison, group: int) -> float:
        """Of one share, or of the logarithm of a share in units of 1/n, worth what rows are."""
        if (comparison, group) not in self._row_variances:
            self._row_variances[comparison, group] = self._row_variance(comparison, group)
        return self._row_variances[comparison, group]

    @cached_property
    def _row_variances(self) -> dict[tuple[Comparison, int], float]:
        """Every pair of groups asks for them."""
        return {}

    def _row_variance(self, comparison: Comparison, group: int) -> float:
        sizes, effective = self.rows, self._worth
        if group == OVERALL:
            n, worth = float(sizes.sum()), float(sizes.sum() / max(float(effective.sum()), 1e-9))
        else:
            place = self.present.index(group)
            n, worth = float(sizes[place]), float(sizes[place] / max(float(effective[place]), 1e-9))
        rate = (float(self.value(group)) * n + 1) / (n + 2)
        return worth * ((1 - rate) / rate if comparison is Comparison.RATIO else rate * (1 - rate))


class RateFamily(ShareFamily):
    """One rate in every group: ``successes[g]`` out of ``sizes[g]``, exactly."""

    def __init__(
        self,
        *,
        name: str,
        successes: tuple[int, ...],
        sizes: tuple[int, ...],
        level: int = 0,
        absent: Collection[int] = (),
    ) -> None:
        self.name, self.level, self.absent = name, level, frozenset(absent)
        self.successes, self.sizes = successes, sizes

    @cached_property
    def _exact(self) -> dict[int, Fraction]:
        rates = {g: Fraction(self.successes[g], self.sizes[g]) for g in self.present}
        return {**rates, OVERALL: Fraction(sum(self.successes), sum(self.sizes))}

    def value(self, group: int) -> Fraction:
        """The rate of *group*, exactly."""
        return self._exact[group]

    def counted(self, group: int) -> int:
        """The successes of *group*."""
        return sum(self.successes) if group == OVERALL else self.successes[group]

    def effective(self, confidence: float) -> Floats:
        """Every row counts as one."""
        del confidence
        return self.rows


class Together(Protocol):
    """How the numbers of groups hang together."""

    def between(self, present: tuple[int, ...]) -> Floats | None:
        """The correlation of the groups' numbers; None where none share a cluster."""

    def with_whole(self, present: tuple[int, ...]) -> Floats:
        """The correlation of each group's number with that of all rows."""


class MeasuredFamily(Family):
    """A number that is no mean of rows (F1, an AUC, R2): measured in each group on its own.

    Args:
        name: Which number.
        measures: For each group a function of the confidence; None without rows.
        whole: The same for all rows.
        sizes: The rows of each group.
        low: The least that the number can be.
        high: The most.
        level: Which stratum.
        absent: Groups that have no part in it.
        together: How the numbers hang together, asked where clusters or all rows make them.
    """

    is_mixture = False

    def __init__(
        self,
        *,
        name: str,
        measures: Sequence[Callable[[float], Measured] | None],
        whole: Callable[[float], Measured],
        sizes: tuple[int, ...],
        low: float,
        high: float,
        level: int = 0,
        absent: Collection[int] = (),
        together: Together | None = None,
    ) -> None:
        self.name, self.level, self.absent = name, level, frozenset(absent)
        self.sizes, self.low, self.high = sizes, low, high
        self._measures, self._whole, self._together = measures, whole, together
        self._found: dict[tuple[int, float], Measured] = {}
        self.method = self.measured(self.present[0], 0.95).method if self.present else ""

    def measured(self, group: int, confidence: float) -> Measured:
        """The number of *group* with its bounds, computed once."""
        if (group, confidence) not in self._found:
            measure = self._whole if group == OVERALL else self._measures[group]
            if measure is None:
                raise UndefinedError(f"{self.name} of no rows")
            self._found[group, confidence] = measure(confidence)
        return self._found[group, confidence]

    def value(self, group: int) -> Number:
        """The number of *group*."""
        return self.measured(group, 0.95).value

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why its bounds deserve less trust than their confidence says."""
        found = (self.measured(g, 0.95).warnings for g in self.present)
        return tuple(dict.fromkeys(one for some in found for one in some))

    def limits(self, confidence: float, *, exact: bool = False) -> Limits:
        """The metric's own bounds."""
        del exact
        found = [self.measured(g, confidence).interval for g in self.present]
        lower = np.array([one.lower for one in found], dtype=np.float64)
        upper = np.array([one.upper for one in found], dtype=np.float64)
        return lower, upper

    def overall_limits(self, confidence: float) -> tuple[float, float]:
        """The metric's own bounds on all rows."""
        found = self.measured(OVERALL, confidence).interval
        return found.lower, found.upper

    def rest_limits(self, confidence: float, *, exact: bool = False) -> Limits:
        """There are none: the whole is no mixture."""
        raise NotImplementedError

    @cached_property
    def correlation(self) -> Floats | None:
        """From the clusters that groups share."""
        return None if self._together is None else self._together.between(self.present)

    @cached_property
    def whole_correlation(self) -> Floats:
        """Of a group with all rows, of which it is a part."""
        if self._together is None:  # bounds as of independent numbers: too wide
            return np.zeros(len(self.present))
        return self._together.with_whole(self.present)

    def planned(self, comparison: Comparison, bound: float, level: float) -> tuple[Floats, Floats]:
        """As seen: such a number's variance at another value is not known."""
        del bound
        per_row = [self.row_variance(comparison, g) for g in self.present]
        variances = np.array(per_row, dtype=np.float64) / self.rows * self.widened(level)
        return variances, variances

    def row_variance(self, comparison: Comparison, group: int) -> float:
        """From the width of the bounds."""
        found = self.measured(group, 0.95)
        width = (found.interval.upper - found.interval.lower) / (2 * z(0.95))
        if comparison is Comparison.RATIO:
            width /= max(abs(float(found.value)), 1e-12)
        n = float(self.rows.sum()) if group == OVERALL else float(self.sizes[group])
        return width * width * n


def share_limits(
    shares: Floats, sizes: Floats, confidence: float, *, exact: bool = False
) -> Limits:
    """Wilson's bounds of many shares, Clopper-Pearson's for few or where *exact*."""
    with np.errstate(divide="ignore", invalid="ignore"):
        lower, upper = wilson_limits(shares, sizes, z(confidence))
    successes = shares * sizes
    few = np.minimum(successes, sizes - successes) <= FEW + 1e-9
    for k in np.flatnonzero(few | exact):
        hits = _near_whole(float(successes[k]))
        bounds = clopper_pearson(hits, _near_whole(float(sizes[k])), confidence)
        lower[k], upper[k] = bounds.lower, bounds.upper
    return np.clip(lower, 0.0, 1.0), np.clip(upper, 0.0, 1.0)


def _near_whole(value: float) -> float:
    """A count that a division left a hair off, whole again."""
    whole = round(value)
    return float(whole) if abs(value - whole) < 1e-9 * max(1.0, value) else value
