"""A metric with how far each row moves it: one way to bounds for weights, clusters and pairs.

The influence value of a row is the derivative of the metric by that row's share (Hampel 1974). A
sum of them over the rows, or over the rows of each cluster, gives the variance (decisions D4 and
D5: ratio-linearised, never a mean of cluster means), and the metric's own scale gives bounds that
stay inside its range.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlgates.statistics.interval import Interval, Measured, UndefinedError
from pytest_mlgates.statistics.proportions import FEW, clopper_pearson, wilson_limits
from pytest_mlgates.statistics.quantiles import t, z

if TYPE_CHECKING:
    from fractions import Fraction

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FEW_CLUSTERS = 30
# From here on t and the normal agree to a thousandth.
_MANY = 1000
UNEVEN_WEIGHTS = (
    "the weights are so uneven that the rows count as fewer than half of them: the bounds rest on "
    "few rows"
)


class Scale(StrEnum):
    """Where bounds are taken: delta method there, then back."""

    PLAIN = "plain"
    SHARE = "share"
    LOGIT = "logit"
    FISHER_Z = "fisher z"
    COMPLEMENT = "log of what is missing from 1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A metric on some rows.

    Attributes:
        value: Exact where it comes from counts.
        moves: The influence value of each row, in row order; with weights, at the weighted shares.
        times: How many rows have each of *moves*, where rows are counted; else each stands for one.
        scale: Where its bounds are taken.
        low: The least it can be.
        high: The most.
        reach: The most that rows of a share of 1 could move it: what bounds a value that no row
            moves. Infinite where that is unknown.
        method: The name of the formula.
        base: For a share of some of the rows only (precision, recall): which. Bounds rest on these.
        warnings: Why its bounds deserve less trust than their confidence says.
    """

    value: float | Fraction
    moves: Floats
    times: NDArray[np.int64] | None = None
    scale: Scale = Scale.PLAIN
    low: float = -math.inf
    high: float = math.inf
    reach: float = math.inf
    method: str = "influence values"
    base: NDArray[np.bool_] | None = None
    warnings: tuple[str, ...] = ()

    @property
    def n(self) -> int:
        """Its rows."""
        return len(self.moves) if self.times is None else int(self.times.sum())


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How rows were drawn.

    Attributes:
        weights: What each row counts, mean 1, of shape ``(n,)``; None: 1.
        clusters: The cluster of each row as 0 … G-1; None: rows are independent.
    """

    weights: Floats | None = None
    clusters: NDArray[np.intp] | None = None

    @property
    def plain(self) -> bool:
        """Whether rows are independent and count alike."""
        return self.weights is None and self.clusters is None

    def of(self, rows: NDArray[np.bool_] | None) -> Sampling:
        """The same for a selection of *rows*: weights of mean 1 there, clusters counted there."""
        if rows is None or self.plain:
            return self
        weights = None if self.weights is None else scaled(self.weights[rows])
        clusters = None
        if self.clusters is not None:
            clusters = np.unique(self.clusters[rows], return_inverse=True)[1].reshape(-1)
        return Sampling(weights=weights, clusters=clusters)

    def mean(self, values: Floats) -> float:
        """The weighted mean of *values*."""
        if self.weights is None:
            return float(np.mean(values))
        return float(np.dot(self.weights, values) / len(values))

    def units(self, n: int) -> float:
        """How many independent rows these are at most: clusters, or Kish's number for weights."""
        if self.clusters is not None:
            totals = np.bincount(self.clusters, weights=self.weights)
            return float(np.sum(totals) ** 2 / np.sum(totals**2))
        if self.weights is not None:
            return float(np.sum(self.weights) ** 2 / np.sum(self.weights**2))
        return float(n)

    def count(self) -> int:
        """How many units there are, of those that count at all: clusters, or rows."""
        if self.clusters is None:
            return 0 if self.weights is None else int(np.count_nonzero(self.weights))
        return int(np.count_nonzero(np.bincount(self.clusters, weights=self.weights)))

    def deviation(self, found: Estimate) -> tuple[float, float]:
        """The standard error of *found*, and its degrees of freedom.

        ``sqrt(G/(G-1) sum_c (sum_{i in c} w_i IF_i)^2) / n``, every row a cluster where there are
        none.

        Raises:
            UndefinedError: for no rows.
        """
        n = found.n
        if n == 0:
            raise UndefinedError("no rows")
        sums = found.moves if self.weights is None else self.weights * found.moves
        if self.clusters is not None:
            sums = np.asarray(np.bincount(self.clusters, weights=sums), dtype=np.float64)
        units = n if self.plain else self.count()
        if units < 2:
            return math.inf, 1.0
        squares = sums * sums if found.times is None else sums * sums * found.times
        return math.sqrt(units / (units - 1) * float(np.sum(squares))) / n, units - 1.0

    def warnings(self, n: int) -> tuple[str, ...]:
        """Why bounds deserve less trust than they say."""
        found = []
        if self.weights is not None and self.units(n) < n / 2 and self.clusters is None:
            found.append(UNEVEN_WEIGHTS)
        if self.clusters is not None:
            count = self.count()
            if count < FEW_CLUSTERS:
                found.append(
                    f"{count} clusters are few: under {FEW_CLUSTERS} these bounds are too narrow "
                    "(error about .085 instead of .05 at 20)"
                )
        return tuple(found)


PLAIN = Sampling()


def scaled(weights: Floats) -> Floats:
    """*weights* with a mean of 1.

    Raises:
        UndefinedError: where all are 0.
    """
    total = float(np.sum(weights))
    if not total > 0:
        raise UndefinedError("all weights are 0")
    return np.asarray(weights * (len(weights) / total))


def bounds(found: Estimate, confidence: float, sampling: Sampling = PLAIN) -> Measured:
    """The value of *found* with its bounds.

    Args:
        found: The metric and its influence values.
        confidence: Of each bound, one-sided.
        sampling: Weights and clusters of the rows.

    Raises:
        UndefinedError: for no rows.
    """
    if found.base is not None:
        found, sampling = _within(found, found.base, sampling)
    n = found.n
    error, df = sampling.deviation(found)
    # Shares of independent rows keep Wilson's normal quantile.
    normal = sampling.clusters is None and (found.scale is Scale.SHARE or n > _MANY)
    quantile = z(confidence) if normal else t(confidence, df)
    value = float(found.value)
    units = sampling.units(n)
    if found.scale is Scale.SHARE:
        most = math.inf if sampling.clusters is not None else units
        interval = _of_share(value, error, units, most, quantile, confidence)
    elif not math.isfinite(error):
        interval = Interval(found.low, found.high)
    elif error <= 1e-15 * max(1.0, abs(value)):
        interval = _unmoved(value, found.reach, units, confidence)
    else:
        interval = _SCALES[found.scale](value, quantile * error)
    how = ["weighted"] if sampling.weights is not None else []
    how += ["by cluster totals"] if sampling.clusters is not None else []
    return Measured(
        value=found.value,
        interval=interval.clipped(found.low, found.high),
        n=n,
        method=", ".join([found.method, *how]),
        warnings=(*found.warnings, *sampling.warnings(n)),
    )


def _within(
    found: Estimate, base: NDArray[np.bool_], sampling: Sampling
) -> tuple[Estimate, Sampling]:
    """A share of the rows in *base* as what it is: a mean over these, drawn as these were.

    The rows outside say nothing about it, and must not count as evidence: five of five rows called
    positive are right among 1,000, and prove a precision of .55, not one of .997.
    """
    part = sampling.mean(base.astype(np.float64))
    return replace(found, moves=found.moves[base] * part, base=None), sampling.of(base)


def _of_share(
    value: float, error: float, units: float, most: float, quantile: float, confidence: float
) -> Interval:
    """Wilson on the effective number of rows; for few of a kind no narrower than Clopper-Pearson.

    ``n_eff = m (1 - m) / se^2`` (decision D5); for weights no more than Kish's: where the few
    rows that are wrong happen to count little, the spread seen is too small (error .08 to .10 at
    nominal .05 for a share of .97 of 100 to 1,000 uneven rows; at most .05 so).
    """
    size = units
    if error > 0 and 0 < value < 1:
        size = min(most, value * (1 - value) / error**2)
    if not size > 0:
        return Interval(0.0, 1.0)
    lower, upper = wilson_limits(value, size, quantile)
    if min(value, 1 - value) * size <= FEW:
        exact = clopper_pearson(value * size, size, confidence)
        lower, upper = min(lower, exact.lower), max(upper, exact.upper)
    return Interval(float(lower), float(upper)).clipped(0.0, 1.0)


def _unmoved(value: float, reach: float, units: float, confidence: float) -> Interval:
    """What no row moves proves nothing by a width of zero.

    Where none of n rows differs, at most ``1 - alpha^(1/n)`` of all rows do (Clopper and Pearson
    1934, no success), and these move the metric by at most *reach* each.
    """
    width = -math.expm1(math.log(1 - confidence) / units) * reach
    return Interval(value - width, value + width)


def _plain(value: float, reach: float) -> Interval:
    return Interval(value - reach, value + reach)


def _logit(value: float, reach: float) -> Interval:
    if not 0 < value < 1:
        return _plain(value, reach)
    middle, step = math.log(value / (1 - value)), reach / (value * (1 - value))
    return Interval(_expit(middle - step), _expit(middle + step))


def _fisher(value: float, reach: float) -> Interval:
    if not -1 < value < 1:
        return _plain(value, reach)
    middle, step = math.atanh(value), reach / (1 - value * value)
    return Interval(math.tanh(middle - step), math.tanh(middle + step))


def _complement(value: float, reach: float) -> Interval:
    missing = 1 - value
    if not missing > 0:
        return _plain(value, reach)
    factor = min(reach / missing, 700.0)
    return Interval(1 - missing * math.exp(factor), 1 - missing * math.exp(-factor))


_SCALES = {
    Scale.PLAIN: _plain,
    Scale.LOGIT: _logit,
    Scale.FISHER_Z: _fisher,
    Scale.COMPLEMENT: _complement,
}


def _expit(value: float) -> float:
    if value < 0:
        return math.exp(max(value, -700.0)) / (1 + math.exp(max(value, -700.0)))
    return 1 / (1 + math.exp(-min(value, 700.0)))
