"""Bounds that hold far out in the tails, where a search over many slices has its level.

Those that serve at 95 % err up to four times too often there, in slices of a few dozen rows.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pytest_mlgates.statistics.interval import Interval
from pytest_mlgates.statistics.quantiles import t
from pytest_mlgates.statistics.scales import BACK, Scale

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pytest_mlgates.statistics.estimate import Sampling

    Floats = NDArray[np.float64]

# The kurtosis of the difference of two squares of normal values.
_OF_SQUARES = 9.0


def auc_limits(value: float, error: float, rarer: float, confidence: float) -> Interval:
    """Of an AUC on the logit, by t with one degree of freedom less than the *rarer* class has.

    Args:
        value: The AUC.
        error: Its standard error (DeLong 1988).
        rarer: How many independent rows, or clusters, the rarer class is worth.
        confidence: Of each bound, one-sided.
    """
    if rarer < 2 or not math.isfinite(error):
        return Interval(0.0, 1.0)
    if not 0 < value < 1:
        return Interval(value, value)  # the logit leaves this to other bounds
    return BACK[Scale.LOGIT](value, t(confidence, math.floor(rarer) - 1) * error)


def r2_limits(value: float, moves: Floats, drawn: Sampling, confidence: float) -> Interval:
    """Of R2 on ``log(1 - R2)``, by t with as many degrees of freedom as the spread is sure.

    The influence of a row is a difference of squares, and the spread of n such values is known as
    that of far fewer normal ones: ``2 n / (k - 1)`` with k their kurtosis (Satterthwaite 1946); 9
    for normal errors and truths, and never less.

    Args:
        value: R2.
        moves: The influence value of each row.
        drawn: Weights and clusters of the rows.
        confidence: Of each bound, one-sided.
    """
    missing = 1 - value
    sums = drawn.totals(moves)
    n = drawn.units(len(moves))
    squares = sums * sums
    second = float(squares.sum())
    if n < 2 or not second > 0 or not missing > 0:
        return Interval(-math.inf, 1.0)
    kurtosis = max(len(sums) * float(squares @ squares) / second**2, _OF_SQUARES)
    df = max(2 * n / (kurtosis - 1), 1.0)
    error = math.sqrt(second * n / (n - 1)) / len(moves)
    return BACK[Scale.COMPLEMENT](value, t(confidence, df) * error)
