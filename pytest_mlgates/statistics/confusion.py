"""Metrics of a confusion matrix: the value, and how far a row in each cell moves it.

A matrix has the truth in its rows and the prediction in its columns. Counts, or sums of weights:
the formulas are the same, so that weights, clusters and paired comparisons need none of their own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from pytest_mlgates.statistics.interval import UndefinedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Average = Literal["binary", "macro", "micro", "weighted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CellMetric:
    """A metric of a confusion matrix.

    Attributes:
        value: Exact (a fraction) for counts where it is rational.
        moves: The influence value of a row in each cell, of shape ``(K, K)``; their mean over the
            rows is 0.
        reach: The most that a share of 1 of the rows could move it.
        share: Where it is a plain share: how many of how many rows (exact for counts); else None.
        base: Where it is one: the cells of these rows, of shape ``(K, K)``.
    """

    value: float | Fraction
    moves: Floats
    reach: float
    share: tuple[Any, Any] | None = None
    base: NDArray[np.bool_] | None = None


@dataclass(frozen=True, slots=True)
class _Parts:
    """A ratio of sums over cells: what counts above and below the line in each cell."""

    above: Floats
    below: Floats


def accuracy(matrix: NDArray[Any]) -> CellMetric:
    """The share of rows on the diagonal."""
    k = len(matrix)
    return _ratio(matrix, _Parts(np.eye(k), np.ones((k, k))), "a share of no rows")


def per_class(
    matrix: NDArray[Any],
    metric: str,
    average: Average,
    *,
    positive: int | None = None,
    beta: float = 1.0,
    labels: Sequence[Any] = (),
) -> CellMetric:
    """Precision, recall, specificity, F-beta or Jaccard of one class, or an average over all.

    Args:
        matrix: Of shape ``(K, K)``.
        metric: ``precision``, ``recall``, ``specificity``, ``fbeta`` or ``jaccard``.
        average: As scikit-learn's: ``binary`` is about the class *positive*; ``macro`` the mean
            over classes, ``weighted`` by their rows in truth, ``micro`` that of all sums.
        positive: The place of the positive class.
        beta: How many times recall counts more than precision in F-beta.
        labels: The names of the classes, for messages.

    Raises:
        UndefinedError: where a class has nothing below the line: scikit-learn would call it 0.
    """
    k = len(matrix)
    if average == "binary":
        assert positive is not None  # noqa: S101
        return _ratio(matrix, _parts(metric, k, positive, beta), _EMPTY[metric])
    parts = [_parts(metric, k, place, beta) for place in range(k)]
    if average == "micro" and metric in ("precision", "recall", "fbeta"):
        return accuracy(matrix)  # of one label a row, all three are that
    if average == "micro":
        above, below = (sum(p.above for p in parts), sum(p.below for p in parts))
        return _ratio(matrix, _Parts(np.asarray(above), np.asarray(below)), _EMPTY[metric])
    each = []
    for place, part in enumerate(parts):
        name = f"class {labels[place]!r}" if len(labels) else f"class {place}"
        each.append(_ratio(matrix, part, f"{name}: {_EMPTY[metric]}"))
    total = _total(matrix)
    sizes = matrix.sum(axis=1).tolist()  # a fraction of numpy integers overflows
    if average == "macro":
        shares: list[float | Fraction] = [Fraction(1, k)] * k
        moves = sum(one.moves for one in each) / k
    else:
        shares = [_quotient(sizes[place], total) for place in range(k)]
        moves = sum(float(s) * one.moves for s, one in zip(shares, each, strict=True))
        for place, one in enumerate(each):
            own = np.zeros((k, k))
            own[place, :] = 1
            moves = moves + float(one.value) * (own - float(shares[place]))
    # A row taken for another class counts against both: of Jaccard in full, of F-beta in parts that
    # make up one whole, of the others against one class only.
    reaches = sorted(float(s) * one.reach for s, one in zip(shares, each, strict=True))
    return CellMetric(
        value=sum((s * one.value for s, one in zip(shares, each, strict=True)), Fraction(0)),
        moves=np.asarray(moves, dtype=np.float64),
        reach=sum(reaches[-2:]) if metric == "jaccard" else reaches[-1],
    )


def balanced_accuracy(matrix: NDArray[Any]) -> CellMetric:
    """The mean recall over the classes that occur in truth.

    Raises:
        UndefinedError: for fewer than two of them.
    """
    present = [place for place, size in enumerate(matrix.sum(axis=1)) if size]
    if len(present) < 2:
        raise UndefinedError("balanced accuracy needs rows of at least two classes")
    each = [
        _ratio(matrix, _parts("recall", len(matrix), p, 1.0), _EMPTY["recall"]) for p in present
    ]
    return CellMetric(
        value=sum((one.value for one in each), Fraction(0)) / len(each),
        moves=np.asarray(sum(one.moves for one in each) / len(each)),
        reach=max(one.reach for one in each) / len(each),
    )


def mcc(matrix: NDArray[Any]) -> CellMetric:
    """Matthews' correlation, for any number of classes (Gorodkin 2004).

    ``(c - sum p_k t_k) / sqrt((1 - sum p_k^2)(1 - sum t_k^2))`` with c the share of right rows, t
    and p the shares of each class in truth and predicted.

    Raises:
        UndefinedError: where truth or predictions hold one class: scikit-learn would call it 0.
    """
    shares, truth, predicted = _margins(matrix)
    left, right = float(predicted @ _others(predicted)), float(truth @ _others(truth))
    if min(left, right) <= 1e-15:
        what = "predictions hold" if left <= right else "the truth holds"
        raise UndefinedError(f"a correlation where {what} one class")
    root = math.sqrt(left * right)
    value = _beyond_chance(shares) / root
    gradient = np.eye(len(shares)) - predicted[:, None] - truth[None, :]
    gradient = gradient / root + value * (predicted[None, :] / left + truth[:, None] / right)
    return CellMetric(
        value=value, moves=_centred(gradient, shares), reach=1 / min(left, right) if root else 2.0
    )


def cohen_kappa(matrix: NDArray[Any]) -> CellMetric:
    """Cohen's kappa: agreement beyond that of chance, ``(c - e) / (1 - e)``, ``e = sum p_k t_k``.

    Raises:
        UndefinedError: where both hold one class.
    """
    shares, truth, predicted = _margins(matrix)
    without_chance = float(truth @ _others(predicted))
    if without_chance <= 1e-15:
        raise UndefinedError("kappa where truth and predictions hold one class")
    wrong = float(shares.sum() - np.trace(shares))
    value = _beyond_chance(shares) / without_chance
    by_chance = predicted[:, None] + truth[None, :]
    gradient = np.eye(len(shares)) / without_chance - by_chance * wrong / without_chance**2
    return CellMetric(value=value, moves=_centred(gradient, shares), reach=2 / without_chance)


_EMPTY = {
    "precision": "no row is predicted positive",
    "recall": "no row is positive in truth",
    "specificity": "no row is negative in truth",
    "fbeta": "no row is positive, neither in truth nor predicted",
    "jaccard": "no row is positive, neither in truth nor predicted",
}


def _parts(metric: str, k: int, place: int, beta: float) -> _Parts:
    hit, missed, false = np.zeros((k, k)), np.zeros((k, k)), np.zeros((k, k))
    missed[place, :] = 1
    false[:, place] = 1
    missed[place, place] = false[place, place] = 0
    hit[place, place] = 1
    if metric == "precision":
        return _Parts(hit, hit + false)
    if metric == "recall":
        return _Parts(hit, hit + missed)
    if metric == "specificity":
        negative = np.ones((k, k)) - hit - missed
        return _Parts(negative - false, negative)
    if metric == "jaccard":
        return _Parts(hit, hit + missed + false)
    square = beta * beta
    return _Parts((1 + square) * hit, (1 + square) * hit + square * missed + false)


def _ratio(matrix: NDArray[Any], parts: _Parts, empty: str) -> CellMetric:
    total = _total(matrix)
    above, below = _sum(parts.above, matrix), _sum(parts.below, matrix)
    if not below > 0:
        raise UndefinedError(empty)
    value = _quotient(above, below)
    share = float(below) / float(total)
    is_share = bool(np.isin(parts.below, (0, 1)).all())
    return CellMetric(
        value=value,
        moves=(parts.above - float(value) * parts.below) / share,
        reach=float(parts.below.max()) / share,
        share=(above, below) if is_share else None,
        base=parts.below > 0 if is_share else None,
    )


def _sum(coefficients: Floats, matrix: NDArray[Any]) -> Any:
    """Exact for counts and whole coefficients."""
    if matrix.dtype.kind in "iu":
        cells = zip(coefficients.ravel().tolist(), matrix.ravel().tolist(), strict=True)
        return sum((Fraction(c) * n for c, n in cells), Fraction(0))
    return float(np.sum(coefficients * matrix))


def _quotient(above: Any, below: Any) -> float | Fraction:
    if isinstance(above, float) or isinstance(below, float):
        return float(above) / float(below)
    return Fraction(above) / Fraction(below)


def _total(matrix: NDArray[Any]) -> Any:
    total = matrix.sum()
    if not total > 0:
        raise UndefinedError("a share of no rows")
    return int(total) if matrix.dtype.kind in "iu" else float(total)


def _margins(matrix: NDArray[Any]) -> tuple[Floats, Floats, Floats]:
    shares = matrix / _total(matrix)
    return shares, shares.sum(axis=1), shares.sum(axis=0)


def _beyond_chance(shares: Floats) -> float:
    """``c - sum p_k t_k``, from each class against the rest: right for shares near 0 and 1 too.

    The difference of the two sums as written loses as many digits as the largest class is large.
    """
    neither = np.diagonal(_others(_others(shares).T))
    missed, false = np.diagonal(_others(shares)), np.diagonal(_others(shares.T))
    return float(np.sum(np.diagonal(shares) * neither - missed * false))


def _others(values: Floats) -> Floats:
    """Along the last axis, the sum of all values but the one that stands there."""
    before, after = np.zeros_like(values), np.zeros_like(values)
    np.cumsum(values[..., :-1], axis=-1, out=before[..., 1:])
    after[..., :-1] = np.cumsum(values[..., :0:-1], axis=-1)[..., ::-1]
    return before + after


def _centred(gradient: Floats, shares: Floats) -> Floats:
    return np.asarray(gradient - float(np.sum(gradient * shares)))
