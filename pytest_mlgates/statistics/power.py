"""What rows can settle and prove, before they are looked at: the power of the gates' own rules.

Planned for the bound as it is written (decision D11), never from the distance seen alone. Shares
are exact: the binomial counts that Wilson's (Clopper and Pearson's) bound admits, inverted. All
else is normal, with the standard error that the bounds imply: ``s = (upper - lower) / (2 z)``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Protocol

from pytest_mlgates.statistics.proportions import FAR_OUT, proportion_interval
from pytest_mlgates.statistics.quantiles import POWER, beta_ppf, binomial_cdf, z

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_mlgates.statistics.interval import Interval

# More rows than this are no plan.
MOST_ROWS = 10**10


class Ruler(Protocol):
    """One claim about rows of one kind, ready to be asked what they can show."""

    def settled(self, confidence: float) -> float | None:
        """The true value nearest to the limit that is disproven with power .8; None if none is."""

    def chance(self, truth: float, confidence: float) -> float:
        """P(proven) where the true value is *truth*."""

    def rows(self, truth: float, confidence: float) -> int | None:
        """Rows with which *truth* is proven with power .8; None if no number would do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareRuler:
    """A share of *n* rows, or what grows with one, that must be at least (at most) *limit*.

    Attributes:
        n: The rows, or the denominator of a rate.
        limit: The limit.
        at_least: Whether the share must be at least the limit.
        to_share: From the metric's scale to the share's.
        from_share: And back.
    """

    n: int
    limit: float
    at_least: bool
    to_share: Callable[[float], float] = float
    from_share: Callable[[float], float] = float

    def settled(self, confidence: float) -> float | None:
        """The value from which P(disproven) is .8, exactly."""
        limit = self._side(self.limit)
        most = most_disproving(self.n, limit, confidence)
        if most < 0:
            return None
        # P(X <= k) is the beta function I_{1-p}(n-k, k+1), solved for p.
        share = 1 - beta_ppf(POWER, self.n - most, most + 1)
        return self.from_share(share if self.at_least else 1 - share)

    def chance(self, truth: float, confidence: float) -> float:
        """P(proven), a sum of binomial terms."""
        return self._chance(self.n, self._side(truth), confidence)

    def rows(self, truth: float, confidence: float) -> int | None:
        """The first rows with which P(proven) reaches .8."""
        side = self._side(truth)
        if side <= self._side(self.limit):
            return None
        return first(lambda n: self._chance(n, side, confidence) >= POWER)

    def _chance(self, n: int, share: float, confidence: float) -> float:
        least = least_proving(n, self._side(self.limit), confidence)
        return 0.0 if least > n else 1 - binomial_cdf(least - 1, n, share)

    def _side(self, value: float) -> float:
        """*value* as a share that must be high."""
        share = self.to_share(value)
        return share if self.at_least else 1 - share


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalRuler:
    """Any metric with a standard error, that must be at least (at most) *limit*.

    Attributes:
        n: The rows that the error is of.
        limit: The limit.
        at_least: Whether the value must be at least the limit.
        error: The standard error where the true value is what is given.
    """

    n: int
    limit: float
    at_least: bool
    error: Callable[[float], float]

    def settled(self, confidence: float) -> float | None:
        """``limit - (z s(limit) + z_.80 s(value))``, solved for the value."""
        sign = -1 if self.at_least else 1
        value, before = self.limit, math.inf
        for _ in range(50):
            reach = z(confidence) * self.error(self.limit) + z(POWER) * self.error(value)
            value, before = self.limit + sign * reach, value
        # Errors that grow faster than the distance are never settled.
        return value if abs(value - before) <= 1e-6 * abs(value) else None

    def chance(self, truth: float, confidence: float) -> float:
        """``Phi((distance - z s(limit)) / s(truth))``."""
        beyond = self._distance(truth) - z(confidence) * self.error(self.limit)
        error = self.error(truth)
        if error <= 0:
            return float(beyond >= 0)
        return NormalDist().cdf(beyond / error) if math.isfinite(error) else 0.0

    def rows(self, truth: float, confidence: float) -> int | None:
        """``n ((z s(limit) + z_.80 s(truth)) / distance)^2``."""
        distance = self._distance(truth)
        reach = z(confidence) * self.error(self.limit) + z(POWER) * self.error(truth)
        if distance <= 0 or not math.isfinite(reach):
            return None
        needed = self.n * (reach / distance) ** 2
        return None if needed > MOST_ROWS else max(1, math.ceil(needed))

    def _distance(self, truth: float) -> float:
        return truth - self.limit if self.at_least else self.limit - truth


def standard_error(interval: Interval, confidence: float) -> float:
    """``(upper - lower) / (2 z)``: what the two one-sided bounds imply."""
    return (interval.upper - interval.lower) / (2 * z(confidence))


def least_proving(n: int, limit: float, confidence: float) -> int:
    """The fewest successes out of *n* that prove a share of at least *limit*; n + 1 if none do."""
    low, high, exact = 0, n + 1, confidence > FAR_OUT
    while low < high:
        middle = (low + high) // 2
        if proportion_interval(middle, n, confidence, exact=exact).lower >= limit:
            high = middle
        else:
            low = middle + 1
    return low


def most_disproving(n: int, limit: float, confidence: float) -> int:
    """The most successes out of *n* that disprove a share of at least *limit*; -1 if none do."""
    low, high, exact = -1, n, confidence > FAR_OUT
    while low < high:
        middle = (low + high + 1) // 2
        if proportion_interval(middle, n, confidence, exact=exact).upper < limit:
            low = middle
        else:
            high = middle - 1
    return low


def first(holds: Callable[[int], bool], start: int = 1, most: int = MOST_ROWS) -> int | None:
    """The first number from *start* at which *holds* turns true, None if it is over *most*."""
    if holds(start):
        return start
    low, high = start, 2 * start
    while not holds(high):
        if high > most:
            return None
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
