"""Bounds of a mean of per-row values."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pytest_mlgates.statistics.interval import Interval, Measured, UndefinedError
from pytest_mlgates.statistics.quantiles import t

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

# Of a mean of fewer values that carry its spread bounds are warned of.
FEW_CARRY = 8
# With fewer rows of a class losses of probabilities say little of it.
HARDLY_THERE = 3
_BLOCK = 1 << 14  # values whose copies fit into a cache
_EQUAL_VALUES = "all values are equal: their spread says nothing about rows not seen"


def hall(
    values: Floats, confidence: float, *, low: float = -math.inf, high: float = math.inf
) -> Interval:
    """Bounds of the mean of *values* by Hall's skewness-corrected t (1992, JRSS B 54:221).

    ``m - s inv(+-t/sqrt n)``, ``inv(y) = (3/g)((1 + g(y - g/6n))^(1/3) - 1)``, g the skewness. The
    standard deviation has n - 1 in its denominator, so that values without skew get Student's t.

    One value bounds nothing. Equal values have no spread to learn from; what they do say is that at
    most ``1 - alpha^(1/n)`` of all rows differ (no success in n trials), each by no more than to
    the end of the range. So they are bounded inside a known range *low* to *high* and unbounded
    otherwise, never proven by a zero width.
    """
    return _hall(_moments(values), confidence, low, high)


class _Moments(NamedTuple):
    """The mean of *n* values, and powers of their distances from it in units of the largest."""

    n: int
    mean: float
    largest: float
    squares: float
    cubes: float
    fourths: float


def _moments(values: Floats) -> _Moments:
    """Those of *values*; block by block, since what is made on the way fits into a cache there.

    Raises:
        UndefinedError: for no rows.
    """
    n = len(values)
    if n == 0:
        raise UndefinedError("a mean of no rows")
    mean = float(np.mean(values))
    largest = max(float(np.max(values)) - mean, mean - float(np.min(values)))
    if largest == 0:
        return _Moments(n, mean, 0.0, 0.0, 0.0, 0.0)
    sums = []
    for start in range(0, n, _BLOCK):
        # In these units neither tiny nor huge values leave the range of a float.
        unit = (values[start : start + _BLOCK] - mean) / largest
        powers = unit * unit
        squares, fourths = np.sum(powers), np.sum(powers * powers)
        powers *= unit
        sums.append((squares, np.sum(powers), fourths))
    return _Moments(n, mean, largest, *(math.fsum(each) for each in zip(*sums, strict=True)))


def _hall(found: _Moments, confidence: float, low: float, high: float) -> Interval:
    n, mean = found.n, found.mean
    if n == 1:
        return Interval(low, high)
    if found.largest <= 1e-14 * abs(mean):  # all equal but for the rounding of the mean
        return _equal_values(mean, n, confidence, low, high)
    spread = found.largest * math.sqrt(found.squares / (n - 1))
    skewness = found.cubes / n / (found.squares / n) ** 1.5
    return hall_limits(n, mean, spread, skewness, confidence).clipped(low, high)


def hall_limits(n: int, mean: float, spread: float, skewness: float, confidence: float) -> Interval:
    """Hall's bounds of a *mean* of *n* values with that standard deviation and skewness."""
    y = t(confidence, n - 1) / math.sqrt(n)
    return Interval(
        mean - spread * _inverse(y, skewness, n), mean - spread * _inverse(-y, skewness, n)
    )


def mean(
    values: Floats,
    confidence: float,
    *,
    low: float = -math.inf,
    high: float = math.inf,
    tails: bool | None = None,
) -> Measured:
    """The mean of *values* in the range *low* to *high* with Hall's bounds, and what weakens them.

    *tails*: whether they are warned of where few rows carry their spread: losses without an end,
    unless it is said.

    Raises:
        UndefinedError: for no rows.
    """
    found = _moments(values)
    warnings = []
    if found.n == 1:
        warnings.append("one row bounds nothing")
    elif float(np.min(values)) == float(np.max(values)):
        warnings.append(_EQUAL_VALUES)
    elif tails or (tails is None and low == 0 and high == math.inf):
        warnings += _few(found)
    return Measured(
        value=found.mean,
        interval=_hall(found, confidence, low, high),
        n=found.n,
        method="hall",
        warnings=tuple(warnings),
    )


def top_share(values: Floats, share: float = 0.01) -> float:
    """What part of the sum of non-negative *values* the largest *share* of the rows carries."""
    total = float(np.sum(values))
    if total <= 0:
        return 0.0
    k = max(1, math.ceil(share * len(values)))
    return float(np.sum(np.partition(values, len(values) - k)[-k:])) / total


def heavy_tailed(squared_errors: Floats) -> bool:
    """Whether the largest 1 % of *squared_errors* carries more than half of their sum.

    Then no bound of a mean squared error is honest (t5 errors, n <= 1000: error .08 to .13 at
    nominal .05), and a mean absolute error or a quantile serves better. Under 100 rows the largest
    1 % would be less than a row, and the question has no answer.
    """
    return len(squared_errors) >= 100 and top_share(squared_errors) > 0.5


def kurtosis(errors: Floats) -> float:
    """The fourth moment of *errors* around 0 over the square of the second: 3 for normal ones."""
    squares = errors * errors
    level = float(np.mean(squares)) if len(squares) else 0.0
    return float(np.mean((squares / level) ** 2)) if level > 0 else 0.0


def hardly_there(rarest: int) -> tuple[str, ...]:
    """Why bounds of a loss of probabilities deserve less trust: a class has *rarest* rows.

    A model that is too sure of the frequent class is wrong where the rare one happens, and the
    tables without such a row prove it wrongly in .11 to .22 (30 to 100 rows, nominal .05).
    """
    if rarest >= HARDLY_THERE:
        return ()
    what = (
        "hardly any rows are of the rarer class: what the model does not foresee is mostly not in"
    )
    return (f"{what} the table, and the bounds may err by up to .22 instead of .05",)


def rests_on_few(values: Floats) -> tuple[str, ...]:
    """Why bounds of the mean of *values* deserve less trust: hardly any of them carry its spread.

    With d the distances from the mean, ``(sum d^2)^2 / sum d^4`` is as many values as would have
    that spread if all the others had none: a third of normal ones. Under 8 the upper bound of a
    mean errs up to .13 at nominal .05 (lognormal losses with sigma 1.5, 50 rows), and the bounds of
    a difference of two models that differ on few rows up to .22.
    """
    if len(values) < 2 or not math.isfinite(float(np.mean(values))):
        return ()
    return _few(_moments(values))


def _few(found: _Moments) -> tuple[str, ...]:
    if not 0 < found.largest < math.inf:
        return ()
    if found.squares**2 >= FEW_CARRY * found.fourths:
        return ()
    few = f"fewer than {FEW_CARRY} rows (or clusters) carry most of the spread"
    return (f"{few}: others like them are not in the table, and the bounds may err by .1 and more",)


def _inverse(y: float, skewness: float, n: int) -> float:
    if abs(skewness) < 1e-6:
        return y  # the limit; the quotient below would lose its digits
    shift = skewness * (y - skewness / (6 * n))
    return 3 / skewness * (math.cbrt(1 + shift) - 1)


def _equal_values(value: float, n: int, confidence: float, low: float, high: float) -> Interval:
    differing = -math.expm1(math.log(1 - confidence) / n)
    below = differing * (value - low) if value > low else 0.0
    above = differing * (high - value) if value < high else 0.0
    return Interval(value - below, value + above)
