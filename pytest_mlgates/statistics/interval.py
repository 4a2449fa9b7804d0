"""What every formula returns: bounds, and a value with its bounds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fractions import Fraction


class UndefinedError(ValueError):
    """The number asked for does not exist on these rows (a rate of no rows, R2 of a constant)."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Two one-sided bounds: each holds on its own at the confidence it was computed for.

    Together they are an interval at twice the error (two 95 % bounds make a 90 % interval).
    """

    lower: float
    upper: float

    def clipped(self, low: float = -math.inf, high: float = math.inf) -> Interval:
        """The same bounds inside the range that the value can have."""
        return Interval(min(max(self.lower, low), high), max(min(self.upper, high), low))

    @property
    def bounded(self) -> bool:
        """Whether both sides are finite."""
        return math.isfinite(self.lower) and math.isfinite(self.upper)


UNBOUNDED = Interval(-math.inf, math.inf)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A value with its bounds.

    Attributes:
        value: Exact where it comes from counts.
        interval: One-sided bounds, each at the confidence asked for.
        n: What the bounds rest on (rows, or the denominator of a rate).
        method: The formula's name, for the verdict.
        warnings: Why these bounds deserve less trust than their confidence says.
        cells: The counts that value and bounds come from: what they give away.
    """

    value: float | Fraction
    interval: Interval
    n: int
    method: str
    warnings: tuple[str, ...] = ()
    cells: tuple[int, ...] = ()
