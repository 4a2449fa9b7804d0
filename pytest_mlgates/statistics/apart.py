"""How much worse some rows are than others that may share clusters with them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlgates.statistics.pairs import difference_limits
from pytest_mlgates.statistics.search import Worse

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pytest_mlgates.statistics.estimate import Sampling
    from pytest_mlgates.statistics.interval import Measured

    Floats = NDArray[np.float64]
    Rows = NDArray[np.intp]


def correlation(
    one: Floats, own: Rows, two: Floats, others: Rows, sampling: Sampling
) -> float | None:
    """Of two estimates on different rows, from the clusters that have rows of both.

    ``sum_c a_c b_c / sqrt(sum a_c^2 sum b_c^2)`` with a_c, b_c the weighted sums of the influence
    values in cluster c.

    Args:
        one: The influence values of the *own* rows.
        own: The places of these rows.
        two: The influence values of the *others*.
        others: The places of these.
        sampling: Of all rows; None is returned where it has no clusters.
    """
    clusters, weights = sampling.clusters, sampling.weights
    if clusters is None:
        return None
    count = int(clusters.max()) + 1
    sums = [
        np.bincount(
            clusters[rows],
            weights=moves if weights is None else moves * weights[rows],
            minlength=count,
        )
        for moves, rows in ((one, own), (two, others))
    ]
    spread = math.sqrt(float(sums[0] @ sums[0]) * float(sums[1] @ sums[1]))
    if not spread > 0:
        return 0.0
    return max(-1.0, min(1.0, float(sums[0] @ sums[1]) / spread))


def apart(own: Measured, others: Measured, *, loss: bool, rho: float | None) -> Worse:
    """By how much *own* is worse than *others*: MOVER, less what shared clusters take away."""
    one, two = (own, others) if loss else (others, own)
    lower, _ = difference_limits(
        float(one.value),
        one.interval.lower,
        one.interval.upper,
        float(two.value),
        two.interval.lower,
        two.interval.upper,
        rho,
    )
    return Worse(
        value=float(own.value),
        other=float(others.value),
        by=float(one.value) - float(two.value),
        at_least=float(lower),
    )
