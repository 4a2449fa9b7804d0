"""Limits that the data show without any statistics: nothing under 0, shares up to 1 or 100.

A range from the sample allows for values outside of it. A limit does not: it is inferred only where
the values show it, by lying far over it or by piling up at it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlgates.statistics.tolerance import near_a_limit

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FAR = 10  # times the reach of the lowest values
_NEAR = 0.02  # of the median, or of the upper limit


def evident_limits(
    ordered: NDArray[Any], *, whole: bool, level: float
) -> tuple[int | None, int | None, str]:
    """The lower and the upper limit of sorted values, where they are evident, and why.

    Of the lowest k values (k such that all on one side of a limit that is not there would be a
    chance of *level*) either all lie within 2 % of the median from 0, or the first lies over 0 by
    ten times their reach. Then 0 is a limit. Whole numbers are a step apart: their reach is a step
    at least, and zeros are a limit only where they do not thin out: a rounded bell curve has some.
    Where k values lie within 2 % of 1 (or of 100) and none beyond, that is a limit too.
    """
    k = near_a_limit(level)
    n = len(ordered)
    if n < 2 * k or ordered[0] < 0:
        return None, None, ""
    first, last, median = (float(v) for v in (ordered[0], ordered[k - 1], ordered[(n - 1) // 2]))
    far = first > 0 and first >= _FAR * max(last - first, 1.0 if whole else 0.0)
    if not far and (last > _NEAR * median or (whole and _thins_out(ordered))):
        return None, None, ""
    why = "no value is under 0, and the lowest ones lie " + ("far over it" if far else "at it")
    high = _upper(ordered, k, whole=whole)
    if high is not None:
        why += f"; none is over {high}, and many lie at it"
    return 0, high, f"{why[0].upper()}{why[1:]}: a limit by its look, not by a level."


def _thins_out(ordered: NDArray[Any]) -> bool:
    """Whether fewer than half as many values are 0 as are 1."""
    zeros = int(np.searchsorted(ordered, 0, side="right"))
    return 2 * zeros < int(np.searchsorted(ordered, 1, side="right")) - zeros


def _upper(ordered: NDArray[Any], k: int, *, whole: bool) -> int | None:
    top, near = float(ordered[-1]), float(ordered[-k])
    for limit in (1, 100):
        if top <= limit and near >= (1 - _NEAR) * limit and not (whole and limit == 1):
            return limit
    return None
