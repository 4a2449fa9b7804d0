"""Quantiles of per-row values (a median error, a 95th percentile of latencies), bounded exactly."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlgates.statistics.interval import Interval, Measured, UndefinedError
from pytest_mlgates.statistics.quantiles import binomial_cdf

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def quantile(
    values: Floats,
    share: float,
    confidence: float,
    *,
    low: float = -math.inf,
    high: float = math.inf,
) -> Measured:
    """The value that a *share* of all rows stays at or under, bounded by two of the values.

    Of n rows Binomial(n, share) are at or under it, whatever the distribution, so that the ranks of
    the bounds are exact; equal values only make them safer. Many equal values are a bound of width
    zero, and that is a proof: more than so many rows have this very value.

    Args:
        values: One per row.
        share: Between 0 and 1; 0.5 is the median.
        confidence: Of each bound, one-sided.
        low: The least that a value can be, where too few rows bound it.
        high: The most.

    Raises:
        UndefinedError: for no rows.
    """
    n = len(values)
    if n == 0:
        raise UndefinedError("a quantile of no rows")
    ordered = np.sort(values)
    below, above = ranks(n, share, confidence)
    few = below is None or above is None
    return Measured(
        value=float(np.quantile(ordered, share)),
        interval=Interval(
            low if below is None else float(ordered[below - 1]),
            high if above is None else float(ordered[above - 1]),
        ),
        n=n,
        method="order statistics",
        warnings=("too few rows to bound both sides",) if few else (),
    )


def median_absolute_error(errors: Floats, confidence: float) -> Measured:
    """The median of the absolute *errors* (prediction minus truth), as scikit-learn's."""
    return quantile(np.abs(errors), 0.5, confidence, low=0.0)


def ranks(n: int, share: float, confidence: float) -> tuple[int | None, int | None]:
    """The ranks, from 1, whose values are the lower and the upper bound; None where n is too small.

    The greatest l with ``P(X < l) <= alpha`` and the least u with ``P(X >= u) <= alpha``, X from
    Binomial(n, share).
    """
    alpha = 1 - confidence
    # P(X < l) grows with l.
    fit = _last(lambda rank: binomial_cdf(rank - 1, n, share) <= alpha, n)
    unfit = _last(lambda rank: 1 - binomial_cdf(rank - 1, n, share) > alpha, n)
    return fit or None, unfit + 1 if unfit < n else None


def _last(holds: Callable[[int], bool], n: int) -> int:
    """The greatest rank up to *n* that *holds*, which is true up to there; 0 for none."""
    low, high = 0, n
    while low < high:
        middle = (low + high + 1) // 2
        if holds(middle):
            low = middle
        else:
            high = middle - 1
    return low
