"""Not less fair than the champion: every gap between two groups, for two models on the same rows.

``|c_i - c_j| - |h_i - h_j|`` of the candidate's and the champion's numbers in each pair of groups
(decision D6), never a difference of two maxima. With ``x = c - h`` and ``y = c + h`` it is
``max(min(x_ij, y_ij), -max(x_ij, y_ij))``: both are means of rows, so the pairing is kept, and each
of the two bounds that meet takes half of alpha.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlgates.statistics.group_contrasts import Pair
from pytest_mlgates.statistics.group_families import OVERALL, Family
from pytest_mlgates.statistics.group_pairs import BetweenGroups
from pytest_mlgates.statistics.group_samples import Sample
from pytest_mlgates.statistics.interval import Interval
from pytest_mlgates.statistics.means import hall, rests_on_few
from pytest_mlgates.statistics.paired import mean_difference, share_difference
from pytest_mlgates.statistics.pairs import difference_limits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pytest_mlgates.core.exact import Number
    from pytest_mlgates.statistics.comparison import Comparison
    from pytest_mlgates.statistics.group_families import Limits

    Floats = NDArray[np.float64]


# Of two models in smaller groups the rows that tell them apart may all be missing.
FEW_ROWS = 50


class PairedFamily(Family):
    """One number in every group of two models.

    Args:
        candidate: The candidate's numbers.
        champion: The champion's, over the same groups.
        first: The rows that the candidate's are made of.
        second: The same rows with the champion's values.
        shares: Whether the rows are 0 or 1.
    """

    def __init__(
        self,
        candidate: Family,
        champion: Family,
        *,
        first: Sample,
        second: Sample,
        shares: bool,
    ) -> None:
        self.name, self.level, self.absent = candidate.name, candidate.level, candidate.absent
        self.sizes, self.low, self.high = candidate.sizes, candidate.low, candidate.high
        self.candidate, self.champion = candidate, champion
        self._first, self._second, self._shares = first, second, shares
        self._change = _with(first, first.values - second.values)
        self._sum = _with(first, first.values + second.values)
        plain = first.weights is None and first.clusters is None
        self._plain = plain
        self.method = (
            "bonett-price and hall bounds" if shares and plain else "hall bounds on paired rows"
        )

    @property
    def differing(self) -> int:
        """On how many rows the two are not alike."""
        return int(np.count_nonzero(self._change.values))

    def differing_in(self, group: int) -> tuple[int, int]:
        """On how many rows of *group* the candidate's value is higher, and lower."""
        changed = self._change.values[self._change.groups == group]
        return int(np.count_nonzero(changed > 0)), int(np.count_nonzero(changed < 0))

    @property
    def doubts(self) -> tuple[str, ...]:
        """Where the models differ on few observations of a group; shares of rows know that."""
        if self._shares and self._plain:
            return ()
        found = [one for g in self.present for one in rests_on_few(self._change.units(g).values)]
        if min(self.sizes[g] for g in self.present) < FEW_ROWS:
            found.append(
                f"under {FEW_ROWS} rows: those on which the candidate is worse may all be missing, "
                "and the bounds err by up to .27 instead of .05"
            )
        return tuple(dict.fromkeys(found))

    def value(self, group: int) -> Number:
        """The candidate's number."""
        return self.candidate.value(group)

    def counted(self, group: int) -> int | None:
        """The candidate's successes."""
        return self.candidate.counted(group)

    def limits(self, confidence: float, *, exact: bool = False) -> Limits:
        """Of the candidate's numbers."""
        return self.candidate.limits(confidence, exact=exact)

    def overall_limits(self, confidence: float) -> tuple[float, float]:
        """Of the candidate's number on all rows."""
        return self.candidate.overall_limits(confidence)

    def rest_limits(self, confidence: float, *, exact: bool = False) -> Limits:
        """Of the candidate's numbers."""
        return self.candidate.rest_limits(confidence, exact=exact)

    def changes(self, confidence: float) -> Limits:
        """Bounds of candidate minus champion in each group."""
        return _limits([self._one_change(g, confidence) for g in self.present])

    def sums(self, confidence: float) -> Limits:
        """Bounds of candidate plus champion in each group."""
        low, high = 2 * self.low, 2 * self.high
        return _limits(
            [hall(self._sum.units(g).values, confidence, low=low, high=high) for g in self.present]
        )

    @property
    def change_correlation(self) -> tuple[Floats | None, Floats | None]:
        """Of the groups' changes, and of their sums, where clusters stand in several groups."""
        return self._change.correlation(self.present), self._sum.correlation(self.present)

    def _one_change(self, group: int, confidence: float) -> Interval:
        width = self.high - self.low
        changed = self._change.units(group).values
        if not self._plain or not changed.any():
            if self._plain and self._shares:
                same = np.zeros(len(changed), dtype=np.bool_)
                return share_difference(same, same, confidence).interval
            return hall(changed, confidence, low=-width, high=width)
        one, two = (sample.units(group).values for sample in (self._first, self._second))
        if self._shares:
            return share_difference(one > 0.5, two > 0.5, confidence).interval
        return mean_difference(one, two, confidence, low=-width, high=width).interval

    def planned(self, comparison: Comparison, bound: float, level: float) -> tuple[Floats, Floats]:
        """As much as the two differ on all rows together."""
        del bound
        variances = self.row_variance(comparison, OVERALL) / self.rows * self.widened(level)
        return variances, variances

    def row_variance(self, comparison: Comparison, group: int) -> float:
        """Of one row's change; for shares one more row differs in either direction."""
        del comparison
        found = self._change.units(group)
        n = float(self.rows.sum()) if group == OVERALL else float(self.sizes[group])
        spread = found.variance * n
        return spread + 2 / (n + 2) if self._shares else spread


class BetweenModels(BetweenGroups):
    """Every pair of groups: how much wider its gap is than the champion's."""

    family: PairedFamily

    def _arrange(self) -> None:
        # Two bounds meet in each comparison: each takes half of the error.
        self.plain = self._changed(1 - (1 - self.confidence) / 2)
        self.corrected = self._changed(self.simultaneous)
        values = np.array([float(self.family.champion.value(g)) for g in self.groups])
        own = self.family.values
        self.seen = np.abs(own[:, None] - own[None, :]) - np.abs(values[:, None] - values[None, :])
        self.far, self.near = self.plain[1].copy(), self.corrected[0].copy()
        for matrix in (self.seen, self.far, self.near):
            np.fill_diagonal(matrix, -np.inf)

    def _changed(self, confidence: float) -> Limits:
        family = self.family
        own = family.values
        champion = np.array([float(family.champion.value(g)) for g in self.groups])
        rho_x, rho_y = family.change_correlation
        lx, ux = _between(own - champion, family.changes(confidence), rho_x)
        ly, uy = _between(own + champion, family.sums(confidence), rho_y)
        lower = np.maximum(np.minimum(lx, ly), np.minimum(-ux, -uy))
        upper = np.maximum(np.minimum(ux, uy), np.minimum(-lx, -ly))
        return lower, upper

    def at(self, row: int, column: int) -> Pair:
        """The pair, the group with the candidate's higher number first."""
        family = self.family
        one, two = self.groups[row], self.groups[column]
        if family.value(one) < family.value(two):
            one, two = two, one
        gap: Number = family.value(one) - family.value(two)
        before: Number = family.champion.value(one) - family.champion.value(two)
        before = before if before >= 0 else -before
        change: Number = gap - before
        return Pair(
            family=family.name,
            level=family.level,
            high=one,
            low=two,
            value=change,
            bounds=_interval(self.plain, row, column),
            simultaneous=_interval(self.corrected, row, column),
        )

    def widest(self) -> Pair:
        """The pair whose gap has grown most, exactly."""
        places = np.argwhere(self.seen >= self.seen.max() - 1e-9)
        return max((self.at(int(i), int(j)) for i, j in places), key=lambda pair: pair.value)

    def least_variance(self, bound: float) -> float:
        """Of the pair with the most rows."""
        found = super().least_variance(bound)
        return found if math.isfinite(found) else math.inf


def _with(sample: Sample, values: Floats) -> Sample:
    return Sample(
        values=values,
        groups=sample.groups,
        count=sample.count,
        weights=sample.weights,
        clusters=sample.clusters,
    )


def _limits(found: list[Interval]) -> Limits:
    return (
        np.array([one.lower for one in found], dtype=np.float64),
        np.array([one.upper for one in found], dtype=np.float64),
    )


def _between(values: Floats, limits: Limits, rho: Floats | None) -> Limits:
    lower, upper = limits
    first = (values[:, None], lower[:, None], upper[:, None])
    second = (values[None, :], lower[None, :], upper[None, :])
    return difference_limits(*first, *second, rho)


def _interval(limits: Limits, row: int, column: int) -> Interval:
    return Interval(float(limits[0][row, column]), float(limits[1][row, column]))
