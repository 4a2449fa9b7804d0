"""Bounds of regression metrics that are not plain means."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlgates.statistics.interval import Interval, Measured, UndefinedError
from pytest_mlgates.statistics.means import hall, heavy_tailed, kurtosis, mean
from pytest_mlgates.statistics.quantiles import t
from pytest_mlgates.statistics.scales import looser

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_BETTER = "a mean absolute error or a quantile serves better"
HEAVY_TAILS = (
    "the largest 1 % of the squared errors carries over half of their sum: no bound of a squared "
    f"error is honest here; {_BETTER}"
)


# Errors with so heavy tails, as samples of a t distribution with 5 degrees of freedom mostly have.
_HEAVY = 4.5
# Bounds of a squared error of fewer normal errors err by up to .10.
_FEW_ERRORS = 20
# The skewness of a truth from which bounds of R2 are warned of, in small tables and by sqrt(n).
_SKEWED, _SKEWED_BY_ROOT = 0.6, 0.08


def tails(errors: Floats) -> tuple[str, ...]:
    """Why bounds of squared *errors* deserve less trust than they say."""
    if heavy_tailed(errors * errors):
        return (HEAVY_TAILS,)
    found = kurtosis(errors)
    if found <= _HEAVY:
        few = f"{len(errors)} errors are few: under {_FEW_ERRORS} the bounds of a squared error err"
        return (f"{few} by up to .10 instead of .05",) if len(errors) < _FEW_ERRORS else ()
    tails = f"the errors have heavy tails (kurtosis {found:.1f}, normal errors 3)"
    return (f"{tails}: bounds of a squared error err by up to .12 instead of .05; {_BETTER}",)


def mse(errors: Floats, confidence: float) -> Measured:
    """The mean squared error of *errors* (prediction minus truth), bounds by Hall."""
    squares = errors * errors
    result = mean(squares, confidence, low=0.0, tails=False)
    return Measured(
        value=result.value,
        interval=result.interval,
        n=result.n,
        method=result.method,
        warnings=result.warnings + tails(errors),
    )


def rmse(errors: Floats, confidence: float) -> Measured:
    """The root mean squared error: the square roots of :func:`mse` and its bounds."""
    result = mse(errors, confidence)
    return Measured(
        value=math.sqrt(result.value),
        interval=Interval(math.sqrt(result.interval.lower), math.sqrt(result.interval.upper)),
        n=result.n,
        method="sqrt of hall",
        warnings=result.warnings,
    )


def r2(truth: Floats, predicted: Floats, confidence: float) -> Measured:
    """The coefficient of determination, bounds by the looser of Hall and Fieller.

    ``1 - R2`` is a ratio of two means, of ``e^2`` and of ``(y - m)^2``. Hall's skewness-corrected t
    bounds its logarithm, whose influence values are ``e^2/mse - (y - m)^2/var``; Fieller's bounds
    (1954, JRSS B 16:175) are the u for which the mean of ``e^2 - u (y - m)^2`` may be 0. The delta
    method alone errs .08 to .16 where the truth is skewed (300 rows, nominal .05), Hall alone as
    much where errors grow with it. A perfect fit has no logarithm and no lower bound.

    Raises:
        UndefinedError: where the truth does not vary.
    """
    n = len(truth)
    errors = predicted - truth
    around = truth - float(np.mean(truth)) if n else truth
    if n < 2 or float(np.min(truth)) == float(np.max(truth)):
        raise UndefinedError("R2 of a truth that does not vary")
    warnings = [*tails(errors), *skewed(around)]
    squares, around = errors * errors, around * around
    level, total = float(np.mean(squares)), float(np.mean(around))
    interval = Interval(-math.inf, 1.0)
    if level == 0:
        warnings.append("every prediction is exact: no spread of errors to learn from")
    else:
        above, below, missing = squares / level, around / total, level / total
        influence = above - below
        if float(np.max(np.abs(influence))) > 1e-9:
            log = hall(influence, confidence)
            found = looser(
                Interval(_exp(log.lower), _exp(log.upper)), _fieller(above, below, confidence)
            )
            interval = Interval(1 - missing * found.upper, 1 - missing * found.lower)
        else:
            warnings.append("the errors are as large as the distances of the truth from its mean")
    return Measured(
        value=1 - level / total,
        interval=interval,
        n=n,
        method="looser of hall on log(1 - R2) and fieller",
        warnings=tuple(warnings),
    )


def skewed(around: Floats, units: int | None = None) -> tuple[str, ...]:
    """Why bounds of R2 deserve less trust: a truth whose distances from its mean are *around*.

    With a skewness over .08 sqrt(n) the few rows that make up the variance are mostly not in the
    table, and a model is blocked wrongly in .09 to .16 of them at nominal .05 (lognormal truths).
    *units* are the independent ones, where rows are drawn in clusters.
    """
    n = len(around) if units is None else units
    squares = around * around
    spread = float(np.mean(squares)) if n else 0.0
    if not spread > 0:
        return ()
    found = float(np.mean(squares * around)) / spread**1.5
    if abs(found) <= max(_SKEWED, _SKEWED_BY_ROOT * math.sqrt(n)):
        return ()
    what = f"the truth is skewed (skewness {found:.1f}): {n:,} rows hold few of those that make up"
    but = "its variance, and the bounds of R2 err by up to .16 instead of .05"
    return (f"{what} {but}; judge the logarithm of truth and prediction, or mae",)


def _fieller(above: Floats, below: Floats, confidence: float) -> Interval:
    """Bounds of ``mean(above) / mean(below)``, both means 1 and no value negative."""
    n = len(above)
    share = t(confidence, n - 1) ** 2 / n
    of_above, of_below = float(np.var(above, ddof=1)), float(np.var(below, ddof=1))
    both = float(np.sum((above - 1) * (below - 1))) / (n - 1)
    a, b, c = 1 - share * of_below, 1 - share * both, 1 - share * of_above
    root = math.sqrt(max(b * b - a * c, 0.0))
    if a > 0:
        return Interval(max((b - root) / a, 0.0), (b + root) / a)
    # The variance itself may be 0: the ratio may be anything above.
    return Interval((b - root) / a if a < 0 < c else 0.0, math.inf)


def _exp(value: float) -> float:
    return math.exp(value) if value < 700 else math.inf
