"""Bounds of regression metrics that are not plain means."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlgates.statistics.interval import Interval, Measured, UndefinedError
from pytest_mlgates.statistics.means import heavy_tailed, kurtosis, mean
from pytest_mlgates.statistics.quantiles import t

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


def _tails(errors: Floats) -> tuple[str, ...]:
    """Why bounds of squared *errors* deserve less trust than they say."""
    if heavy_tailed(errors * errors):
        return (HEAVY_TAILS,)
    found = kurtosis(errors)
    if found <= _HEAVY:
        return ()
    tails = f"the errors have heavy tails (kurtosis {found:.1f}, normal errors 3)"
    return (f"{tails}: bounds of a squared error err by up to .12 instead of .05; {_BETTER}",)


def mse(errors: Floats, confidence: float) -> Measured:
    """The mean squared error of *errors* (prediction minus truth), bounds by Hall."""
    squares = errors * errors
    result = mean(squares, confidence, low=0.0)
    return Measured(
        value=result.value,
        interval=result.interval,
        n=result.n,
        method=result.method,
        warnings=result.warnings + _tails(errors),
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
    """The coefficient of determination, bounds by the delta method on log(1 - R2).

    ``log(1 - R2) = log mean(e^2) - log mean((y - m)^2)`` has the influence values
    ``e^2/mse - (y - m)^2/var``; their spread over sqrt(n) with a t quantile gives the bounds. A
    perfect fit has no logarithm and no lower bound.

    Raises:
        UndefinedError: where the truth does not vary.
    """
    n = len(truth)
    errors = predicted - truth
    around = truth - float(np.mean(truth)) if n else truth
    total = float(np.mean(around * around)) if n else 0.0
    if n < 2 or float(np.min(truth)) == float(np.max(truth)):
        raise UndefinedError("R2 of a truth that does not vary")
    squares = errors * errors
    unexplained = float(np.mean(squares)) / total
    warnings = list(_tails(errors))
    if unexplained == 0:
        interval = Interval(-math.inf, 1.0)
        warnings.append("every prediction is exact: no spread of errors to learn from")
    else:
        influence = squares / (unexplained * total) - around * around / total
        reach = t(confidence, n - 1) * float(np.std(influence, ddof=1)) / math.sqrt(n)
        interval = Interval(
            1 - unexplained * _exp(reach), min(1.0, 1 - unexplained * math.exp(-reach))
        )
    return Measured(
        value=1 - unexplained,
        interval=interval,
        n=n,
        method="delta on log(1 - R2)",
        warnings=tuple(warnings),
    )


def _exp(value: float) -> float:
    return math.exp(value) if value < 700 else math.inf
