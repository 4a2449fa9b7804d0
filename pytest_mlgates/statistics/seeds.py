"""One new run against the runs of k seeds, and how far the runs of seeds scatter.

Runs with different seeds are taken as draws from one normal distribution. Student's t then says
where the next run lies (a prediction interval), chi-square how large the spread may be. Two
standard deviations of k runs are no such limit: with k = 3 they alarm at 23 % of equal trainings.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_mlgates.core.exact import at_most, told
from pytest_mlgates.statistics.interval import UNBOUNDED, Interval
from pytest_mlgates.statistics.quantiles import chi_square, t, z

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MOST_SEEDS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The values of k seeds.

    Attributes:
        n: How many.
        mean: Their mean.
        deviation: Their standard deviation (k - 1); 0 if they are equal to 12 significant digits,
            which tells nothing of how far runs scatter.
    """

    n: int
    mean: float
    deviation: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Sample:
        """The sample of at least two finite *values*."""
        mean = math.fsum(values) / len(values)
        if len({told(value) for value in values}) == 1:
            return cls(n=len(values), mean=values[0], deviation=0.0)
        squares = math.fsum((value - mean) ** 2 for value in values)
        return cls(n=len(values), mean=mean, deviation=math.sqrt(squares / (len(values) - 1)))

    def reach(self, confidence: float, n: int | None = None) -> float:
        """How far the next run lies from the mean, one-sided; of *n* seeds like these."""
        n = self.n if n is None else n
        return t(confidence, n - 1) * self.deviation * math.sqrt(1 + 1 / n)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """A new run against a sample of seeds, and the claim that it is off by *tolerance* at most.

    Attributes:
        value: The new run's.
        sample: The seeds'.
        tolerance: How far the mean of such runs may be from the mean of the seeds.
        interval: Where the mean of such runs lies, each side at the confidence asked for.
        expected: Where one more run of the seeds' training lies, both sides together at that
            confidence, and for all values of a run at once.
    """

    value: float
    sample: Sample
    tolerance: float
    interval: Interval
    expected: Interval

    @property
    def difference(self) -> float:
        """How far it is from the mean of the seeds."""
        return self.value - self.sample.mean

    @property
    def holds(self) -> bool:
        """Whether the value itself is within the tolerance."""
        return at_most(abs(self.difference), self.tolerance)

    @property
    def unexpected(self) -> bool:
        """Whether it lies where runs of the seeds' training do not.

        Seeds without spread expect nothing but their value; only what is beyond the tolerance
        is unexpected then.
        """
        if not self.sample.deviation:
            return not self.holds
        return not self.expected.lower <= self.value <= self.expected.upper

    @property
    def proven(self) -> bool:
        """Whether it is expected, and all of its interval within the tolerance.

        A training that is off by the tolerance or more passes with probability alpha at most. The
        expected interval within the tolerance would not do: with k = 3, a training that is off by
        as much as 4 standard deviations would pass in 8 % of the cases, with k = 20 in 29 %.
        """
        low, high = self.sample.mean - self.interval.lower, self.interval.upper - self.sample.mean
        return not self.unexpected and at_most(max(low, high), self.tolerance)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How far runs scatter over seeds, and the claim that it is *limit* at most.

    Attributes:
        sample: The seeds'.
        limit: The largest standard deviation that is allowed.
        interval: Where the standard deviation lies: the upper side at the confidence asked for,
            the lower one at that for all values of a run at once.
    """

    sample: Sample
    limit: float
    interval: Interval

    @property
    def holds(self) -> bool:
        """Whether the standard deviation of the seeds is within the limit."""
        return at_most(self.sample.deviation, self.limit)

    @property
    def proven(self) -> bool:
        """Whether its upper bound is; equal values prove nothing."""
        return self.sample.deviation > 0 and at_most(self.interval.upper, self.limit)

    @property
    def disproven(self) -> bool:
        """Whether even its lower bound is not."""
        return not at_most(self.interval.lower, self.limit)


def simultaneous(confidence: float, values: int) -> float:
    """The confidence of each of *values* that holds for all at once (Sidak 1967)."""
    return float(confidence ** (1 / values))


def shift(
    seeds: Sequence[float], value: float, tolerance: float, confidence: float, values: int = 1
) -> Shift:
    """The new run's *value* against those of *seeds*.

    Args:
        seeds: One value per seed, at least two.
        value: The new run's.
        tolerance: What is allowed.
        confidence: Of the claim.
        values: How many values a run has: each is tested once.
    """
    sample = Sample.of(seeds)
    near = sample.reach(confidence)
    far = sample.reach((1 + simultaneous(confidence, values)) / 2)
    known = sample.deviation > 0
    return Shift(
        value=value,
        sample=sample,
        tolerance=tolerance,
        interval=Interval(value - near, value + near) if known else UNBOUNDED,
        expected=Interval(sample.mean - far, sample.mean + far),
    )


def spread(seeds: Sequence[float], limit: float, confidence: float, values: int = 1) -> Spread:
    """The spread of *seeds* against *limit*; the arguments are those of :func:`shift`."""
    sample = Sample.of(seeds)
    lower, upper = _spread_limits(sample.deviation, sample.n, confidence, values)
    if not sample.deviation:
        upper = math.inf
    return Spread(sample=sample, limit=limit, interval=Interval(lower, upper))


def seeds_for_shift(found: Shift, confidence: float, values: int = 1) -> int | None:
    """How many seeds would decide, if they had this mean and spread; None: no number of them."""
    off, sample = abs(found.difference), found.sample
    level = (1 + simultaneous(confidence, values)) / 2
    if not sample.deviation:
        return None

    def decides(n: int) -> bool:
        outside = off > sample.reach(level, n)
        return outside or off + sample.reach(confidence, n) <= found.tolerance

    in_the_end = off > z(level) * sample.deviation
    in_the_end |= off + z(confidence) * sample.deviation < found.tolerance
    return _first(decides, sample.n + 1) if in_the_end else None


def seeds_for_spread(found: Spread, confidence: float, values: int = 1) -> int | None:
    """How many seeds would decide, if they had this spread; None: no number of them."""
    deviation = found.sample.deviation
    if not deviation or deviation == found.limit:
        return None

    def decides(n: int) -> bool:
        lower, upper = _spread_limits(deviation, n, confidence, values)
        return upper <= found.limit or lower > found.limit

    return _first(decides, found.sample.n + 1)


def _spread_limits(deviation: float, n: int, confidence: float, values: int) -> tuple[float, float]:
    """``s sqrt((k - 1)/chi2)`` on both sides."""
    df = n - 1
    lower = deviation * math.sqrt(df / chi_square(simultaneous(confidence, values), df))
    return lower, deviation * math.sqrt(df / chi_square(1 - confidence, df))


def _first(decides: Callable[[int], bool], start: int) -> int | None:
    """The least number of seeds that decides; more seeds never decide less."""
    low, high = start, start
    while not decides(high):
        if high >= MOST_SEEDS:
            return None
        low, high = high + 1, min(2 * high, MOST_SEEDS)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if decides(middle) else (middle + 1, high)
    return low
