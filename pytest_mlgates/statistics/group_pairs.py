"""All comparisons that a claim about groups makes in one family, as matrices.

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

from pytest_mlgates.statistics.group_families import (
    OVERALL,
    Comparison,
    Family,
    MeasuredFamily,
    RateFamily,
)
from pytest_mlgates.statistics.interval import Interval, UndefinedError
from pytest_mlgates.statistics.pairs import difference_limits, ratio_limits, sidak
from pytest_mlgates.statistics.quantiles import POWER, z

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pytest_mlgates.core.exact import Number

    Floats = NDArray[np.float64]

__all__ = [
    "OVERALL",
    "Comparison",
    "Contrasts",
    "Family",
    "MeasuredFamily",
    "Pair",
    "RateFamily",
    "contrasts",
]


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
        return self.at(*_argmax(self.seen))

    def worst_far(self) -> Pair:
        """The one whose plain bound reaches furthest: the one that a proof has to win against."""
        return self.at(*_argmax(self.far))

    def worst_near(self) -> Pair:
        """The one whose simultaneous bound shows the most: what a disproof rests on."""
        return self.at(*_argmax(self.near))

    def distinguishable(self) -> Pair | None:
        """The worst-looking among those told apart from no gap at the simultaneous level."""
        told_apart = self.near > self.no_gap
        if not told_apart.any():
            return None
        return self.at(*_argmax(np.where(told_apart, self.seen, -np.inf)))

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


class BetweenGroups(Contrasts):
    """Every group against every other; [i, j]: i in the role of the higher number."""

    def _count(self) -> int:
        return math.comb(len(self.groups), 2)

    def _arrange(self) -> None:
        self.plain = self.family.limits(self.confidence, exact=self.exact)
        self.corrected = self.family.limits(self.simultaneous, exact=self.exact)
        difference = self.comparison is Comparison.DIFFERENCE
        sign, first, second = (1.0, 1, 0) if difference else (-1.0, 0, 1)
        everything = (slice(None), None), (None, slice(None))
        self.far = _without_diagonal(sign * self._limits(self.plain, *everything)[first])
        self.near = _without_diagonal(sign * self._limits(self.corrected, *everything)[second])
        values = self.family.values
        with np.errstate(divide="ignore", invalid="ignore"):
            seen = (
                values[:, None] - values[None, :]
                if difference
                else -(values[None, :] / values[:, None])
            )
        # 0/0: two equal rates.
        self.seen = _without_diagonal(np.nan_to_num(seen, nan=-1.0, neginf=-np.inf))

    def _limits(self, limits: tuple[Floats, Floats], high: Any, low: Any) -> tuple[Floats, Floats]:
        """Of the groups at *high* and *low*: indices into the groups, or whole axes."""
        lower, upper = limits
        values = self.family.values
        rho: Any = self.family.correlation
        if rho is not None and isinstance(high, int):
            rho = rho[high, low]
        first = (values[high], lower[high], upper[high])
        second = (values[low], lower[low], upper[low])
        if self.comparison is Comparison.DIFFERENCE:
            return difference_limits(*first, *second, rho)
        return ratio_limits(*second, *first, rho)

    def at(self, row: int, column: int) -> Pair:
        """The pair, the higher number first."""
        high, low = row, column
        top, bottom = (self.family.value(self.groups[k]) for k in (high, low))
        if top < bottom:
            high, low, top, bottom = low, high, bottom, top
        plain, corrected = (self._limits(one, high, low) for one in (self.plain, self.corrected))
        return Pair(
            family=self.family.name,
            level=self.family.level,
            high=self.groups[high],
            low=self.groups[low],
            value=_gap(self.comparison, top, bottom),
            bounds=_interval(plain),
            simultaneous=_interval(corrected),
        )

    def least_variance(self, bound: float) -> float:
        """Of the pair with the most rows."""
        one, two = self.family.planned(self.comparison, bound)
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


class ToOverall(Contrasts):
    """Every group against all rows together (decision D6).

    ``p_g - p = (1 - n_g/n)(p_g - p_rest)``, MOVER on group against rest, scaled; a ratio to the
    whole is a growing function of the ratio to the rest in the same way. Column 0: the group in the
    role of the higher number; column 1: all rows.
    """

    noun = ("group", "groups")

    def _count(self) -> int:
        return len(self.groups)

    def _arrange(self) -> None:
        family = self.family
        self.plain = self._limits(self.confidence)
        self.corrected = self._limits(self.simultaneous)
        difference = self.comparison is Comparison.DIFFERENCE
        self.far = self.plain[1] if difference else -self.plain[0]
        self.near = self.corrected[0] if difference else -self.corrected[1]
        overall = float(family.value(OVERALL))
        values = family.values
        with np.errstate(divide="ignore", invalid="ignore"):
            self.seen = np.nan_to_num(
                np.stack([values - overall, overall - values], axis=1)
                if difference
                else -np.stack([overall / values, values / overall], axis=1),
                nan=-1.0,
                neginf=-np.inf,
            )

    def _limits(self, confidence: float) -> tuple[Floats, Floats]:
        family = self.family
        own = (family.values, *family.limits(confidence, exact=self.exact))
        rest = (family.rest_values, *family.rest_limits(confidence, exact=self.exact))
        rho, share = family.rest_correlation, family.shares
        if self.comparison is Comparison.DIFFERENCE:
            lower, upper = difference_limits(*own, *rest, rho)
            scale = 1 - share
            return (
                np.stack([scale * lower, -scale * upper], axis=1),
                np.stack([scale * upper, -scale * lower], axis=1),
            )
        # Low over high: the whole over the group, and the group over the whole.
        whole = [share + (1 - share) * r for r in ratio_limits(*rest, *own, rho)]
        with np.errstate(divide="ignore", invalid="ignore"):
            group = [_over_whole(r, share) for r in ratio_limits(*own, *rest, rho)]
        return np.stack([whole[0], group[0]], axis=1), np.stack([whole[1], group[1]], axis=1)

    def at(self, row: int, column: int) -> Pair:
        """The group and all rows, the higher number first."""
        family, group = self.family, self.groups[row]
        own, overall = family.value(group), family.value(OVERALL)
        if own != overall:
            column = 0 if own > overall else 1
        high, low = (group, OVERALL) if column == 0 else (OVERALL, group)
        top, bottom = (own, overall) if column == 0 else (overall, own)
        return Pair(
            family=family.name,
            level=family.level,
            high=high,
            low=low,
            value=_gap(self.comparison, top, bottom),
            bounds=_interval((self.plain[0][row, column], self.plain[1][row, column])),
            simultaneous=_interval(
                (self.corrected[0][row, column], self.corrected[1][row, column])
            ),
        )

    def least_variance(self, bound: float) -> float:
        """Of the group with the most rows on both sides."""
        one, _ = self.family.planned(self.comparison, bound)
        rows, share = self.family.rows, self.family.shares
        rest = one * rows / (rows.sum() - rows)
        return float(((1 - share) ** 2 * (one + rest)).min())


class EachGroup(Contrasts):
    """Every group on its own against the bound: the worst group counts.

    For numbers that ought to be 0 in every group, column 1 holds them with the other sign.
    """

    noun = ("group", "groups")

    def _count(self) -> int:
        return len(self.groups)

    def _level(self, share: float, count: int) -> float:
        two_sided = self.comparison is Comparison.FURTHEST
        return sidak(share, count) if two_sided else math.exp(math.log(share) / count)

    def _arrange(self) -> None:
        self.plain = self.family.limits(self.confidence, exact=self.exact)
        self.corrected = self.family.limits(self.simultaneous, exact=self.exact)
        values = self.family.values
        (lower, upper), (low, high) = self.plain, self.corrected
        if self.comparison is Comparison.LOWEST:
            self.far, self.near, self.seen = (-a[:, None] for a in (lower, high, values))
        elif self.comparison is Comparison.HIGHEST:
            self.far, self.near, self.seen = (a[:, None] for a in (upper, low, values))
        else:
            self.far = np.stack([upper, -lower], axis=1)
            self.near = np.stack([low, -high], axis=1)
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
        told_apart = self.near > none
        if not told_apart.any():
            return None
        return self.at(*_argmax(np.where(told_apart, self.seen, -np.inf)))

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
        return bool(quantiles * math.sqrt(self.least_variance(bound)) <= 2 * room)

    def least_variance(self, bound: float) -> float:
        """Of the group with the most rows."""
        return float(self.family.planned(self.comparison, bound)[0].min())


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


def _refuse_no_ratio(family: Family) -> None:
    values = [family.value(g) for g in family.present]
    if min(values) < 0:
        raise UndefinedError(f"{family.name}: a ratio of numbers under 0")
    if not any(values):
        raise UndefinedError(f"{family.name}: a ratio of rates that are 0 in every group")


def _gap(comparison: Comparison, top: Number, bottom: Number) -> Number:
    if comparison is Comparison.DIFFERENCE:
        return top - bottom
    return bottom / top if top else Fraction(1)  # two rates of 0 are equal


def _over_whole(ratio: Floats, share: Floats) -> Floats:
    """The ratio to the whole from the ratio to the rest: ``r / (w r + 1 - w)``."""
    return np.where(np.isinf(ratio), 1 / share, ratio / (share * ratio + 1 - share))


def _interval(limits: tuple[Any, Any]) -> Interval:
    return Interval(float(limits[0]), float(limits[1]))


def _without_diagonal(matrix: Floats) -> Floats:
    np.fill_diagonal(matrix, -np.inf)
    return matrix


def _argmax(matrix: Floats) -> tuple[int, int]:
    row, column = np.unravel_index(int(np.argmax(matrix)), matrix.shape)
    return int(row), int(column)
