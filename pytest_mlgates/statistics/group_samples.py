"""Families made of rows: shares and means of rows that have weights or belong to clusters.

Everything goes through *units*: one number per independent observation (a row, or a cluster of
rows) whose mean is the group's number and whose spread is the ratio-linearised spread of that
number (decisions D4 and D5).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pytest_mlgates.statistics.comparison import Comparison
from pytest_mlgates.statistics.group_families import (
    OVERALL,
    Family,
    ShareFamily,
)
from pytest_mlgates.statistics.group_influence import whole_correlation
from pytest_mlgates.statistics.means import hall, rests_on_few
from pytest_mlgates.statistics.quantiles import t, z

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from numpy.typing import NDArray

    from pytest_mlgates.core.exact import Number
    from pytest_mlgates.statistics.group_families import Limits

    Floats = NDArray[np.float64]
    Codes = NDArray[np.intp]


class Units(NamedTuple):
    """The independent observations of one group.

    Attributes:
        mean: The weighted mean of its rows.
        values: One number per observation, of that mean and of its linearised spread.
        kish: As how many equal observations they count by their weights alone.
        clustered: Whether they are totals of clusters.
    """

    mean: float
    values: Floats
    kish: float
    clustered: bool

    @property
    def variance(self) -> float:
        """Of the mean: decision D5 for rows, D4 for clusters."""
        n = len(self.values)
        if n < 2:
            return math.inf if self.clustered else 0.0
        squares = float(np.sum((self.values - self.mean) ** 2)) / n**2
        return squares * n / (n - 1) if self.clustered else squares


def units(values: Floats, weights: Floats | None, clusters: Codes | None) -> Units:
    """The independent observations of rows with *values*; there must be some weight."""
    if clusters is None:
        if weights is None:
            return Units(float(np.mean(values)), values, float(len(values)), clustered=False)
        totals: Floats = weights * values
        sizes: Floats = weights
    else:
        _, places = np.unique(clusters, return_inverse=True)
        sizes = np.bincount(places, weights=weights).astype(np.float64)
        mass = values if weights is None else weights * values
        totals = np.bincount(places, weights=mass).astype(np.float64)
    weight = float(sizes.sum())
    mean = float(totals.sum()) / weight
    linear = mean + (totals - mean * sizes) * (len(sizes) / weight)
    kish = weight**2 / float(np.sum(sizes * sizes))
    return Units(mean, linear, kish, clustered=clusters is not None)


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Rows of several groups.

    Attributes:
        values: A number per row.
        groups: The group of each row, by its place.
        count: How many groups there are.
        weights: Positive, or None where every row counts alike.
        clusters: The cluster of each row, or None where rows are independent.
    """

    values: Floats
    groups: Codes
    count: int
    weights: Floats | None = None
    clusters: Codes | None = None

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """The rows of each group."""
        return tuple(np.bincount(self.groups, minlength=self.count).tolist())

    @cached_property
    def _order(self) -> Codes:
        return np.argsort(self.groups, kind="stable")

    @cached_property
    def _starts(self) -> Codes:
        return np.concatenate([[0], np.cumsum(self.sizes)]).astype(np.intp)

    def units(self, group: int, *, rest: bool = False) -> Units:
        """Of *group*, of all rows (``OVERALL``), or of all other groups together."""
        if group == OVERALL:
            return units(self.values, self.weights, self.clusters)
        own = slice(self._starts[group], self._starts[group + 1])
        rows = np.delete(self._order, own) if rest else self._order[own]
        return units(
            self.values[rows],
            None if self.weights is None else self.weights[rows],
            None if self.clusters is None else self.clusters[rows],
        )

    def rows(self, group: int) -> Codes:
        """The places of the rows of *group*."""
        return self._order[self._starts[group] : self._starts[group + 1]]

    def weight(self, group: int) -> float:
        """What the rows of *group* weigh."""
        if self.weights is None:
            return float(self.sizes[group])
        return float(self.weights[self.rows(group)].sum())

    def hits(self, group: int) -> Fraction | None:
        """The share of ones in *group* exactly, where every row counts alike."""
        if self.weights is not None:
            return None
        rows = self.values
        if group != OVERALL:
            rows = rows[self.rows(group)]
        return Fraction(int(rows.sum()), max(len(rows), 1))

    @cached_property
    def _residuals(self) -> tuple[Codes, Codes, Floats, Floats] | None:
        """Cluster, group, total and weight of each cell; None if no cluster has several groups."""
        if self.clusters is None:
            return None
        _, clusters = np.unique(self.clusters, return_inverse=True)
        cells, places = np.unique(clusters * self.count + self.groups, return_inverse=True)
        if len(cells) == int(clusters.max()) + 1:
            return None
        weights = np.ones(len(self.values)) if self.weights is None else self.weights
        return (
            cells // self.count,
            cells % self.count,
            np.bincount(places, weights=weights * self.values).astype(np.float64),
            np.bincount(places, weights=weights).astype(np.float64),
        )

    def correlation(self, present: tuple[int, ...]) -> Floats | None:
        """Of the groups' means, from the clusters that they share."""
        found = self._residuals
        if found is None:
            return None
        cluster, group, totals, weights = found
        weight = np.bincount(group, weights=weights, minlength=self.count)
        total = np.bincount(group, weights=totals, minlength=self.count)
        with np.errstate(invalid="ignore", divide="ignore"):
            residual = (totals - (total / weight)[group] * weights) / weight[group]
        products = np.zeros((len(present), len(present)))
        column = np.full(self.count, -1)
        column[list(present)] = np.arange(len(present))
        step = max(1, 4_000_000 // len(present))  # so that the dense part stays small
        for start in range(0, int(cluster.max()) + 1, step):
            rows = slice(*np.searchsorted(cluster, [start, start + step]))
            dense = np.zeros((step, len(present)))
            dense[cluster[rows] - start, column[group[rows]]] = residual[rows]
            products += dense.T @ dense
        return _correlations(products)

    def rest_correlation(self, present: tuple[int, ...]) -> Floats | None:
        """Of each group's mean with that of all other groups together."""
        found = self._residuals
        if found is None:
            return None
        cluster, group, totals, weights = found
        every_total = np.bincount(cluster, weights=totals)
        every_weight = np.bincount(cluster, weights=weights)
        out = []
        for g in present:
            own = group == g
            total, weight = np.zeros_like(every_total), np.zeros_like(every_weight)
            total[cluster[own]], weight[cluster[own]] = totals[own], weights[own]
            mine = total - total.sum() / weight.sum() * weight
            other_total, other_weight = every_total - total, every_weight - weight
            rest = other_total - other_total.sum() / other_weight.sum() * other_weight
            spread = math.sqrt(float(mine @ mine) * float(rest @ rest))
            out.append(float(mine @ rest) / spread if spread > 0 else 0.0)
        return np.asarray(np.clip(np.array(out), -1.0, 1.0))


class _Rows(Family):
    """What families of rows share."""

    sample: Sample

    @property
    def shares(self) -> Floats:
        """By weight."""
        weights = np.array([self.sample.weight(g) for g in self.present])
        return np.asarray(weights / weights.sum())

    @cached_property
    def own(self) -> list[Units]:
        """The observations of each group present."""
        return [self.sample.units(g) for g in self.present]

    @cached_property
    def whole(self) -> Units:
        """The observations of all rows."""
        return self.sample.units(OVERALL)

    @cached_property
    def correlation(self) -> Floats | None:
        """From the clusters that groups share."""
        return self.sample.correlation(self.present)

    @cached_property
    def rest_correlation(self) -> Floats | None:
        """From the clusters that a group shares with others."""
        return self.sample.rest_correlation(self.present)

    @property
    def doubts(self) -> tuple[str, ...]:
        """Where few observations of a group carry its spread."""
        found = (rests_on_few(one.values) for one in self.own)
        return tuple(dict.fromkeys(one for some in found for one in some))

    def _units(self, group: int) -> Units:
        return self.whole if group == OVERALL else self.own[self.present.index(group)]


class SampledShares(_Rows, ShareFamily):
    """A share of rows with weights or clusters: Wilson on as many rows as they are worth."""

    def __init__(
        self, *, name: str, sample: Sample, level: int = 0, absent: Collection[int] = ()
    ) -> None:
        self.name, self.level, self.absent = name, level, frozenset(absent)
        self.sample, self.sizes = sample, sample.sizes
        what = "wilson bounds on effective rows"
        self.method = what if sample.clusters is None else f"{what} of clusters, t"

    def value(self, group: int) -> Number:
        """The weighted share of *group*; exact where every row counts alike."""
        exact = self.sample.hits(group)
        return self._units(group).mean if exact is None else exact

    def counted(self, group: int) -> int | None:
        """The successes of *group*, where every row counts alike."""
        share = self.sample.hits(group)
        n = sum(self.sizes) if group == OVERALL else self.sizes[group]
        return None if share is None else int(share * n)

    @property
    def doubts(self) -> tuple[str, ...]:
        """Plain shares have exact bounds, whatever they are."""
        plain = self.sample.weights is None and self.sample.clusters is None
        return () if plain else super().doubts

    def effective(self, confidence: float) -> Floats:
        """By D5 (weights) or D4 (clusters, with t in the place of z)."""
        sizes = [self.sizes[g] for g in self.present]
        return np.array(
            [_effective(one, n, confidence) for one, n in zip(self.own, sizes, strict=True)]
        )

    def effective_rest(self, confidence: float) -> Floats:
        """The same of all other groups together."""
        total = sum(self.sizes)
        return np.array(
            [
                _effective(self.sample.units(g, rest=True), total - self.sizes[g], confidence)
                for g in self.present
            ]
        )


class MeanFamily(_Rows):
    """A mean of numbers per row: Hall's bounds on its observations.

    Args:
        name: Which mean.
        sample: The rows.
        low: The least that one row can be.
        high: The most.
        root: The square root of the mean is meant (RMSE); the bounds are of the root then.
        level: Which stratum.
        absent: Groups that have no part in it.
    """

    def __init__(
        self,
        *,
        name: str,
        sample: Sample,
        low: float = -math.inf,
        high: float = math.inf,
        root: bool = False,
        level: int = 0,
        absent: Collection[int] = (),
    ) -> None:
        self.name, self.level, self.absent = name, level, frozenset(absent)
        self.sample, self.sizes = sample, sample.sizes
        self.low, self.high, self.root = low, high, root
        self.is_mixture = not root
        what = "hall bounds" if sample.clusters is None else "hall bounds on cluster totals"
        self.method = f"the root of {what}" if root else what

    def value(self, group: int) -> float:
        """The weighted mean of *group*, or its root."""
        mean = self._units(group).mean
        return math.sqrt(mean) if self.root else mean

    def limits(self, confidence: float, *, exact: bool = False) -> Limits:
        """By Hall."""
        del exact
        return self._limits(self.own, confidence)

    def rest_limits(self, confidence: float, *, exact: bool = False) -> Limits:
        """By Hall, on all other groups together."""
        del exact
        rests = (self.sample.units(g, rest=True) for g in self.present)
        return self._limits(rests, confidence)

    def overall_limits(self, confidence: float) -> tuple[float, float]:
        """By Hall, on all rows."""
        lower, upper = self._limits([self.whole], confidence)
        return float(lower[0]), float(upper[0])

    def _limits(self, observed: Iterable[Units], confidence: float) -> Limits:
        low, high = (0.0, math.inf) if self.root else (self.low, self.high)
        found = [hall(one.values, confidence, low=low, high=high) for one in observed]
        lower = np.array([one.lower for one in found], dtype=np.float64)
        upper = np.array([one.upper for one in found], dtype=np.float64)
        return (np.sqrt(lower), np.sqrt(upper)) if self.root else (lower, upper)

    @cached_property
    def whole_correlation(self) -> Floats:
        """Of a group's root with that of all rows: that of their means."""
        return whole_correlation(self.sample, self.sample.values, self.present)

    def planned(self, comparison: Comparison, bound: float, level: float) -> tuple[Floats, Floats]:
        """As much variance as all rows together have."""
        del bound
        variances = self.row_variance(comparison, OVERALL) / self.rows * self.widened(level)
        return variances, variances

    def row_variance(self, comparison: Comparison, group: int) -> float:
        """Of one row; of its logarithm for a ratio."""
        observed = self._units(group)
        n = float(self.rows.sum()) if group == OVERALL else float(self.sizes[group])
        variance = observed.variance * n
        mean = observed.mean
        if self.root:
            variance /= 4 * max(mean, 1e-300)
            mean = math.sqrt(mean)
        return variance / max(mean * mean, 1e-300) if comparison is Comparison.RATIO else variance


def kish(weights: Floats) -> float:
    """As how many equal rows rows with *weights* count: ``(sum w)^2 / sum w^2``."""
    return float(weights.sum()) ** 2 / float(np.sum(weights * weights))


def _effective(observed: Units, rows: int, confidence: float) -> float:
    share, variance = observed.mean, observed.variance
    found = observed.kish if variance <= 0 or not math.isfinite(variance) else 0.0
    if not found:
        found = share * (1 - share) / variance
    found = min(found, float(rows))
    if not observed.clustered:
        # Where the few rows of the rarer kind happen to weigh little, the spread seen is too small.
        return min(found, observed.kish)
    clusters = len(observed.values)
    # Wilson with t is Wilson with z on fewer rows.
    return found * (z(confidence) / t(confidence, clusters - 1)) ** 2 if clusters > 1 else 0.0


def _correlations(products: Floats) -> Floats:
    spread = np.sqrt(np.diag(products))
    with np.errstate(invalid="ignore", divide="ignore"):
        found = products / np.outer(spread, spread)
    return np.asarray(np.clip(np.nan_to_num(found), -1.0, 1.0))
