"""Two independent estimates with bounds: their difference and their ratio, and many pairs at once.

MOVER (Zou & Donner 2008): works for any estimate with bounds. With Wilson's bounds the difference
is method 10 of Newcombe (1998). All functions take floats and numpy arrays alike.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlgates.statistics.interval import Interval

if TYPE_CHECKING:
    from pytest_mlgates.core.exact import Number


def sidak(confidence: float, m: int) -> float:
    """The level at which each of *m* pairs, either way round, keeps *confidence* for them all.

    ``1 - alpha'`` with ``alpha' = (1 - (1 - alpha)^(1/m)) / 2`` (Sidak 1967): simultaneous over the
    pairs, halved because either member may be the higher one.
    """
    return 1 + math.expm1(math.log(confidence) / m) / 2


def difference(first: Number, one: Interval, second: Number, two: Interval) -> Interval:
    """Bounds of *first* - *second*, each side at the confidence of the bounds given."""
    lower, upper = difference_limits(
        float(first), one.lower, one.upper, float(second), two.lower, two.upper
    )
    return Interval(float(lower), float(upper))


def ratio(first: Number, one: Interval, second: Number, two: Interval) -> Interval:
    """Bounds of *first* / *second* for values that are not negative; 0/0 is unbounded."""
    lower, upper = ratio_limits(
        float(first), one.lower, one.upper, float(second), two.lower, two.upper
    )
    return Interval(float(lower), float(upper))


def difference_limits(
    p1: Any, l1: Any, u1: Any, p2: Any, l2: Any, u2: Any, correlation: Any = None
) -> tuple[Any, Any]:
    """``d - sqrt((p1-l1)^2 + (u2-p2)^2)`` and ``d + sqrt((u1-p1)^2 + (p2-l2)^2)``.

    Two estimates from the same clusters are correlated: ``- 2 r a b`` under the root (Zou 2007).
    """
    d = p1 - p2
    return d - _reach(p1 - l1, u2 - p2, correlation), d + _reach(u1 - p1, p2 - l2, correlation)


def ratio_limits(
    p1: Any, l1: Any, u1: Any, p2: Any, l2: Any, u2: Any, correlation: Any = None
) -> tuple[Any, Any]:
    """MOVER on the logarithms, back on the scale of the ratio.

    A value of 0 has no logarithm: there the far bounds are divided (``u1/l2``, ``l1/u2``), which
    is never narrower than MOVER.
    """
    p1, l1, u1, p2, l2, u2 = (np.asarray(v, dtype=np.float64) for v in (p1, l1, u1, p2, l2, u2))
    with np.errstate(divide="ignore", invalid="ignore"):
        one, two = np.log(p1), np.log(p2)
        down = _reach(one - np.log(l1), np.log(u2) - two, correlation)
        up = _reach(np.log(u1) - one, two - np.log(l2), correlation)
        d = one - two
        lower, upper = np.exp(d - down), np.exp(d + up)
        logs = (p1 > 0) & (p2 > 0)
        lower, upper = np.where(logs, lower, l1 / u2), np.where(logs, upper, u1 / l2)
    # What is still undefined (0/0, or infinity less infinity) is not bounded at all.
    return np.where(np.isnan(lower), 0.0, lower), np.where(np.isnan(upper), np.inf, upper)


def _reach(one: Any, two: Any, correlation: Any) -> Any:
    if correlation is None:
        return np.hypot(one, two)
    with np.errstate(invalid="ignore"):
        squares = one * one + two * two - 2 * correlation * one * two
    # Rounding must not make a root of something under 0; infinities stay what they are.
    return np.where(np.isnan(squares), np.inf, np.sqrt(np.maximum(squares, 0.0)))
