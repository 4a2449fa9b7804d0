"""Metrics of several labels a row: the value, and how far each row moves it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_mlgates.core.text import plural
from pytest_mlgates.statistics.estimate import PLAIN, Estimate, Sampling
from pytest_mlgates.statistics.interval import UndefinedError
from pytest_mlgates.statistics.scales import Scale

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Mask = NDArray[np.bool_]

_BELOW = {
    "precision": "no row is predicted to have it",
    "recall": "no row has it",
    "specificity": "every row has it",
    "fbeta": "no row has it, neither in truth nor predicted",
    "jaccard": "no row has it, neither in truth nor predicted",
}


def per_label(
    truth: Mask,
    predicted: Mask,
    metric: str,
    average: str,
    *,
    beta: float = 1.0,
    labels: Sequence[str] = (),
    sampling: Sampling = PLAIN,
) -> Estimate:
    """Precision, recall, specificity, F-beta or Jaccard of labels, averaged as scikit-learn does.

    Args:
        truth: Which row has which label, of shape ``(n, L)``.
        predicted: The same as predicted.
        metric: ``precision``, ``recall``, ``specificity``, ``fbeta`` or ``jaccard``.
        average: ``micro``, ``macro``, ``weighted`` by the rows that have a label, or ``samples``.
        beta: How many times recall counts more than precision in F-beta.
        labels: Their names, for messages.
        sampling: Weights of the rows.

    Raises:
        UndefinedError: where a label, or for ``samples`` a row, has nothing below the line.
    """
    above, below = _parts(truth, predicted, metric, beta)
    if average == "samples":
        return _of_rows(above.sum(axis=1), below.sum(axis=1), sampling)
    if average == "micro":
        above, below = above.sum(axis=1, keepdims=True), below.sum(axis=1, keepdims=True)
    tops, bottoms = (_means(each, sampling) for each in (above, below))
    for place in np.flatnonzero(bottoms <= 0).tolist():
        name = f"label {labels[place]!r}: " if len(labels) == len(bottoms) else ""
        raise UndefinedError(name + _BELOW[metric])
    values = tops / bottoms
    moved = (above - values * below) / bottoms
    if average != "weighted":
        value, moves = float(np.mean(values)), moved.mean(axis=1)
        reach = float(np.mean(below.max(axis=0) / bottoms))  # a row may miss all labels at once
    else:
        shares = _means(truth, sampling)
        total = float(shares.sum())
        value = float(shares @ values) / total
        moves = ((truth - shares) @ (values - value) + moved @ shares) / total
        reach = float(np.sum(below.max(axis=0) / bottoms * shares)) / total
    return Estimate(
        value=value,
        moves=np.asarray(moves),
        scale=Scale.LOGIT,
        low=0.0,
        high=1.0,
        reach=reach,
        method="delta on the logit",
        floored=True,
    )


def _parts(truth: Mask, predicted: Mask, metric: str, beta: float) -> tuple[Floats, Floats]:
    """What each row and label counts above and below the line."""
    hit = (truth & predicted).astype(np.float64)
    if metric == "precision":
        return hit, predicted.astype(np.float64)
    if metric == "recall":
        return hit, truth.astype(np.float64)
    if metric == "specificity":
        return (~truth & ~predicted).astype(np.float64), (~truth).astype(np.float64)
    if metric == "jaccard":
        return hit, (truth | predicted).astype(np.float64)
    square = beta * beta
    return (1 + square) * hit, np.asarray(square * truth + predicted, dtype=np.float64)


def _of_rows(above: Floats, below: Floats, sampling: Sampling) -> Estimate:
    without = int(np.count_nonzero(below <= 0))
    if without:
        raise UndefinedError(f"{plural(without, 'row')} without a label below the line")
    each = above / below
    value = sampling.mean(each)
    return Estimate(
        value=value,
        moves=each - value,
        low=0.0,
        high=1.0,
        reach=1.0,
        scale=Scale.MEAN,
        method="looser of t and hall on the rows' scores",
    )


def _means(values: Floats | Mask, sampling: Sampling) -> Floats:
    if not len(values):
        raise UndefinedError("a share of no rows")
    if sampling.weights is None:
        return np.asarray(np.mean(values, axis=0), dtype=np.float64)
    return np.asarray(sampling.weights @ values / len(values), dtype=np.float64)
