"""A metric with how far each row moves it: one way to bounds for weights, clusters and pairs.

The influence value of a row is the derivative of the metric by that row's share (Hampel 1974). A
sum of them over the rows, or over the rows of each cluster, gives the variance (decisions D4 and
D5: ratio-linearised, never a mean of cluster means), and the metric's own scale gives bounds that
stay inside its range.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlgates.statistics.interval import Interval, Measured, UndefinedError
from pytest_mlgates.statistics.means import hall_limits, rests_on_few
from pytest_mlgates.statistics.quantiles import t, z
from pytest_mlgates.statistics.scales import BACK, Scale, looser, of_share, unmoved

if TYPE_CHECKING:
    from collections.abc import Callable
    from fractions import Fraction

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FEW_CLUSTERS = 30
# In fewer than these the wrong rows (or the right ones, if these are rarer) say little of others.
FEW_HOLD_RARE = 10
# From here on t and the normal agree to a thousandth.
_MANY = 1000
_OF_MEANS = (Scale.MEAN, Scale.ROOT)
UNEVEN_WEIGHTS = (
    "the weights are so uneven that the rows count as fewer than half of them: the bounds rest on "
    "few rows"
)


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
        beside: Other bounds, of so many independent rows at a confidence: the looser count.
        floored: Whether weights cost at least what Kish's number of rows says, however little
            spread the rows of high weight happen to show.
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
    beside: Callable[[float, float], Interval] | None = None
    floored: bool = False
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

    def of(self, rows: NDArray[np.bool_] | NDArray[np.intp] | None) -> Sampling:
        """The same for a selection of *rows*: weights of mean 1 there, clusters counted there.

        Rows are selected by a truth value for each or by their places.
        """
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
        return float(n) if self.weights is None else self.kish()

    def totals(self, values: Floats) -> Floats:
        """The weighted sum of *values* in each cluster; row by row where there are none."""
        sums = values if self.weights is None else self.weights * values
        if self.clusters is None:
            return sums
        return np.asarray(np.bincount(self.clusters, weights=sums), dtype=np.float64)

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
        sums = self.totals(found.moves)
        units = n if self.plain else self.count()
        if units < 2:
            return math.inf, 1.0
        squares = sums * sums if found.times is None else sums * sums * found.times
        error = math.sqrt(units / (units - 1) * float(np.sum(squares))) / n
        if found.floored and self.weights is not None:
            error = max(error, math.sqrt(self.mean(found.moves**2) / self.kish()))
        return error, units - 1.0

    def kish(self) -> float:
        """How many rows of equal weight these are worth (Kish 1965)."""
        assert self.weights is not None  # noqa: S101
        return float(np.sum(self.weights) ** 2 / np.sum(self.weights**2))

    def warnings(self, n: int) -> tuple[str, ...]:
        """Why bounds deserve less trust than they say."""
        found = []
        if self.weights is not None and self.units(n) < n / 2 and self.clusters is None:
            found.append(UNEVEN_WEIGHTS)
        if self.clusters is not None:
            count, worth = self.count(), math.floor(self.units(n))
            if worth < FEW_CLUSTERS:
                uneven = "" if worth == count else f", and as uneven as they are worth {worth}"
                found.append(
                    f"{count} clusters are few{uneven}: under {FEW_CLUSTERS} these bounds are too "
                    "narrow (error up to .11 instead of .05)"
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
        interval = of_share(value, error, units, most, quantile, confidence)
    elif not math.isfinite(error):
        interval = Interval(found.low, found.high)
    elif error <= _rounding(found):
        interval = unmoved(value, found.reach, units, confidence)
    elif found.scale in _OF_MEANS:
        interval = _of_mean(found, error, quantile, confidence, sampling)
    else:
        interval = BACK[found.scale](value, quantile * error)
    if found.beside is not None and not sampling.plain:
        rows = min(units, float(n)) if sampling.clusters is None or not error > 0 else float(n)
        if error > 0:
            rows = min(rows, sampling.mean(found.moves**2) / error**2)
        interval = looser(interval, found.beside(rows, confidence))
    how = ["weighted"] if sampling.weights is not None else []
    how += ["by cluster totals"] if sampling.clusters is not None else []
    return Measured(
        value=found.value,
        interval=interval.clipped(found.low, found.high),
        n=n,
        method=", ".join([found.method, *how]),
        warnings=(*found.warnings, *sampling.warnings(n), *_few_clusters(found, sampling)),
    )


def _few_clusters(found: Estimate, sampling: Sampling) -> tuple[str, ...]:
    """Why bounds from weights or clusters deserve less trust, though there are enough of them.

    In 32 to 60 clusters with an intraclass correlation of .3 a share of .97 is proven wrongly in
    .06 to .11 (nominal .05), an RMSE of very uneven errors in .17.
    """
    if sampling.plain or found.times is not None:
        return ()
    if found.scale in _OF_MEANS:
        return rests_on_few(sampling.totals(found.moves))
    if sampling.clusters is None or found.scale is not Scale.SHARE:
        return ()
    rare = found.moves < 0 if float(found.value) > 0.5 else found.moves > 0
    held = len(np.unique(sampling.clusters[rare]))
    if not 0 < held < FEW_HOLD_RARE:
        return ()
    # How many it are is no secret of rows, but one of people.
    where = f"fewer than {FEW_HOLD_RARE} clusters"
    return (f"the rarer rows lie in {where}: these bounds err by up to .11 instead of .05",)


def _rounding(found: Estimate) -> float:
    """A standard error up to here is rounding: no row moves the value."""
    if found.scale in (Scale.LOGIT, Scale.FISHER_Z):
        return 1e-12
    size = abs(float(found.value))
    # A mean may be tiny, a difference may be of numbers far larger than itself.
    return 1e-14 * size if found.scale in _OF_MEANS else 1e-15 * max(1.0, size)


def _within(
    found: Estimate, base: NDArray[np.bool_], sampling: Sampling
) -> tuple[Estimate, Sampling]:
    """A share of the rows in *base* as what it is: a mean over these, drawn as these were.

    The rows outside say nothing about it, and must not count as evidence: five of five rows called
    positive are right among 1,000, and prove a precision of .55, not one of .997.
    """
    part = sampling.mean(base.astype(np.float64))
    return replace(found, moves=found.moves[base] * part, base=None), sampling.of(base)


def _of_mean(
    found: Estimate, error: float, quantile: float, confidence: float, sampling: Sampling
) -> Interval:
    """The looser of t and Hall's bounds on the weighted totals of each cluster.

    By t alone the upper bound of an RMSE of 40 clusters errs by .11 at nominal .05.
    """
    sums = sampling.totals(found.moves)
    units = found.n if sampling.plain else sampling.count()
    squares, cubes = float(np.sum(sums**2)), float(np.sum(sums**3))
    skewness = cubes / units / (squares / units) ** 1.5
    value, root = float(found.value), found.scale is Scale.ROOT
    mean, step = (value * value, 2 * value * error) if root else (value, error)
    skewed = hall_limits(units, mean, step * math.sqrt(units), skewness, confidence)
    if root:
        skewed = Interval(*(math.sqrt(max(side, 0.0)) for side in (skewed.lower, skewed.upper)))
    return looser(Interval(value - quantile * error, value + quantile * error), skewed)
