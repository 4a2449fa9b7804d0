"""Influence values: how much each row moves a metric, for paired differences without resampling.

For a metric f of means, ``n^-1 sum IF_i^2`` is the delta-method variance of ``sqrt(n) f`` (Hampel
1974). All arrays are in row order; the values average to zero.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_mlgates.statistics.interval import UndefinedError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Mask = NDArray[np.bool_]


def f1(positive: Mask, predicted: Mask) -> Floats:
    """F1 = 2TP/(2TP+FP+FN): ``(2 tp - F1 (2 tp + fp + fn)) / mean(2 tp + fp + fn)``."""
    hits = 2.0 * (positive & predicted)
    parts = positive.astype(np.float64) + predicted  # 2 tp + fp + fn, row by row
    mass = float(np.mean(parts))
    if mass == 0:
        raise UndefinedError("F1 without a positive, in truth or predicted")
    return np.asarray((hits - float(np.mean(hits)) / mass * parts) / mass)


def precision(positive: Mask, predicted: Mask) -> Floats:
    """Precision = TP/(TP+FP): ``predicted (right - precision) / mean(predicted)``."""
    share = float(np.mean(predicted))
    if share == 0:
        raise UndefinedError("a precision without predicted positives")
    value = float(np.mean(positive & predicted)) / share
    return np.asarray(predicted * (positive - value) / share)


def balanced_accuracy(classes: NDArray[np.intp], right: Mask) -> Floats:
    """Mean recall: ``(right - recall of its class) / (K share of its class)``.

    Args:
        classes: The class of each row as 0 … K-1, every class present.
        right: Whether each row was predicted right.
    """
    sizes = np.bincount(classes)
    if sizes.size == 0 or int(sizes.min()) == 0:
        raise UndefinedError("the recall of a class without rows")
    recalls = np.bincount(classes, weights=right) / sizes
    weights = len(classes) / (len(sizes) * sizes)
    return np.asarray((right - recalls[classes]) * weights[classes])


def rmse(errors: Floats) -> Floats:
    """Root of the mean squared error: ``(e^2 - mse) / (2 rmse)``; 0 for a perfect model."""
    squares = errors * errors
    level = float(np.mean(squares))
    if level == 0:
        return np.zeros_like(squares)
    return np.asarray((squares - level) / (2 * level**0.5))


def r2(truth: Floats, predicted: Floats) -> Floats:
    """R2 = 1 - mse/var: ``-(e^2 - mse)/var + mse ((y - m)^2 - var)/var^2``."""
    squares = (predicted - truth) ** 2
    around = (truth - float(np.mean(truth))) ** 2
    level, total = float(np.mean(squares)), float(np.mean(around))
    if total == 0:
        raise UndefinedError("R2 of a truth that does not vary")
    return np.asarray(level * (around - total) / total**2 - (squares - level) / total)
