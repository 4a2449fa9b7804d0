"""Bounds of a proportion, and how many rows a claim about it needs."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pytest_mlgates.statistics.interval import Interval, Measured, UndefinedError
from pytest_mlgates.statistics.quantiles import POWER, beta_ppf, z

if TYPE_CHECKING:
    from pytest_mlgates.core.exact import Number

# Decision D2: below this many successes or failures Wilson's far side is too short (error .197 at
# nominal .05 for n = 50, p = .9956).
FEW = 3
# Beyond this level Wilson's bounds fail in the tails: of twenty slices of 30 rows that are all at
# their bound of .95 one is blocked in .27 (nominal .05), by Clopper-Pearson in .01.
FAR_OUT = 0.97
# A value that is no further from a bound is on it: no number of rows tells them apart.
ON_ITS_BOUND = 1e-12


def wilson_limits(share: Any, n: Any, quantile: float) -> tuple[Any, Any]:
    """Wilson's limits (1927), unclipped; floats and numpy arrays alike.

    ``(p + z^2/2n -+ z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n)``
    """
    ratio = quantile * quantile / n
    middle = share + ratio / 2
    reach = quantile * (share * (1 - share) / n + ratio / (4 * n)) ** 0.5
    return (middle - reach) / (1 + ratio), (middle + reach) / (1 + ratio)


def wilson(successes: float, n: float, confidence: float) -> Interval:
    """Wilson's score bounds of *successes* out of *n*; no rows bound nothing: [0, 1]."""
    if n <= 0:
        return Interval(0.0, 1.0)
    lower, upper = wilson_limits(successes / n, n, z(confidence))
    return Interval(lower if successes > 0 else 0.0, upper if successes < n else 1.0).clipped(
        0.0, 1.0
    )


@lru_cache(maxsize=4096)
def clopper_pearson(successes: float, n: float, confidence: float) -> Interval:
    """The exact bounds of Clopper and Pearson (1934), from beta quantiles."""
    if n <= 0:
        return Interval(0.0, 1.0)
    alpha = 1 - confidence
    failures = n - successes
    if successes <= 0:
        return Interval(0.0, -math.expm1(math.log(alpha) / n))
    if failures <= 0:
        return Interval(math.exp(math.log(alpha) / n), 1.0)
    return Interval(
        beta_ppf(alpha, successes, failures + 1),
        # From the failures' side, so that bounds next to 1 keep their digits.
        1 - beta_ppf(alpha, failures, successes + 1),
    )


def proportion_interval(
    successes: float, n: float, confidence: float, *, exact: bool = False
) -> Interval:
    """Wilson, but Clopper-Pearson for at most three successes or failures, or where *exact*."""
    if exact or min(successes, n - successes) <= FEW:
        return clopper_pearson(successes, n, confidence)
    return wilson(successes, n, confidence)


def proportion(successes: int, n: int, confidence: float, *, exact: bool = False) -> Measured:
    """The share *successes* / *n* with its bounds (decision D2).

    Args:
        successes: How many of the rows count.
        n: How many rows there are.
        confidence: Of each bound, one-sided.
        exact: Clopper-Pearson whatever the counts, as promotion wants it.

    Raises:
        UndefinedError: for no rows.
    """
    if n <= 0:
        raise UndefinedError("a share of no rows")
    few = exact or min(successes, n - successes) <= FEW
    return Measured(
        value=Fraction(successes, n),
        interval=proportion_interval(successes, n, confidence, exact=exact),
        n=n,
        method="clopper-pearson" if few else "wilson",
    )


def settles(interval: Interval, confidence: float, power: float = POWER) -> float:
    """The smallest distance from a bound that as many rows settle with *power*.

    ``(z_alpha + z_power) s`` with ``s = (upper - lower) / (2 z_alpha)``.
    """
    s = (interval.upper - interval.lower) / (2 * z(confidence))
    return (z(confidence) + z(power)) * s


def rows_needed(
    n: int,
    estimate: Number,
    interval: Interval,
    bound: float,
    confidence: float,
    power: float = POWER,
) -> int | None:
    """About how many rows would decide a claim about *bound*, None where no number would.

    ``n ((z_alpha + z_power) s / D)^2`` with D the distance of *estimate* from *bound*; an estimate
    on its bound, or without finite bounds, is never decided by more of the same rows.
    """
    distance = abs(float(estimate) - bound)
    if not interval.bounded or not math.isfinite(distance) or distance < ON_ITS_BOUND:
        return None
    return math.ceil(n * (settles(interval, confidence, power) / distance) ** 2)
