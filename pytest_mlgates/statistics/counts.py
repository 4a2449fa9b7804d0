"""Bounds of metrics made of several counts: F1 and balanced accuracy."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from pytest_mlgates.statistics.interval import Interval, Measured, UndefinedError
from pytest_mlgates.statistics.proportions import FEW, clopper_pearson, proportion_interval
from pytest_mlgates.statistics.quantiles import z

if TYPE_CHECKING:
    from collections.abc import Sequence

_F1 = "f1 through {} of TP/(TP+FP+FN)"


def f1(tp: int, fp: int, fn: int, confidence: float, *, exact: bool = False) -> Measured:
    """F1 of the positive class, bounded through J = TP/(TP+FP+FN).

    Given m = TP+FP+FN, TP is Binomial(m, J), and F1 = 2J/(1+J) grows with J: F1 is a proportion in
    disguise and takes the bounds of one (decision D2). True negatives play no part.

    Raises:
        UndefinedError: where nothing is positive, neither in truth nor predicted.
    """
    m = tp + fp + fn
    if m == 0:
        raise UndefinedError("F1 without a positive, in truth or predicted")
    bounds = proportion_interval(tp, m, confidence, exact=exact)
    few = exact or min(tp, m - tp) <= FEW
    return Measured(
        value=Fraction(2 * tp, m + tp),
        interval=Interval(_f1_of(bounds.lower), _f1_of(bounds.upper)),
        n=m,
        method=_F1.format("clopper-pearson" if few else "wilson"),
    )


def exactly(found: Measured, confidence: float) -> Measured:
    """*found* with the bounds of Clopper and Pearson, if they are Wilson's of a share or of F1.

    Far out in the tails (``FAR_OUT``) Wilson's are too narrow. *confidence*: the level that *found*
    was measured at, one-sided.
    """
    value, n = Fraction(found.value), found.n
    if found.method == "wilson":
        bounds = clopper_pearson(int(value * n), n, confidence)
        return replace(found, interval=bounds, method="clopper-pearson")
    if found.method == _F1.format("wilson"):
        bounds = clopper_pearson(int(value * n / (2 - value)), n, confidence)
        return replace(
            found,
            interval=Interval(_f1_of(bounds.lower), _f1_of(bounds.upper)),
            method=_F1.format("clopper-pearson"),
        )
    return found


def balanced_accuracy(
    correct: Sequence[int], sizes: Sequence[int], confidence: float, *, exact: bool = False
) -> Measured:
    """The mean recall over the classes, bounded by MOVER on the average of their bounds.

    ``B - sqrt(sum (p_k - l_k)^2)/K`` and ``B + sqrt(sum (u_k - p_k)^2)/K`` (Zou & Donner 2008) with
    the bounds of each class's recall by decision D2. The upper one is no lower than that of the
    normal approximation: of ten classes near 1 MOVER's errs up to .12 (nominal .05), since each
    distance to its bound is cut off at 1. The delta method has no variance for a class
    that is always right, which is where a rare class often stands.

    Args:
        correct: Per class, the rows of that class that were predicted right.
        sizes: Per class, its rows.
        confidence: Of each bound, one-sided.
        exact: Clopper-Pearson in every class.

    Raises:
        UndefinedError: for a class without rows.
    """
    if not sizes or min(sizes) <= 0:
        raise UndefinedError("the recall of a class without rows")
    k = len(sizes)
    shares = [Fraction(hits, size) for hits, size in zip(correct, sizes, strict=True)]
    bounds = [
        proportion_interval(hits, size, confidence, exact=exact)
        for hits, size in zip(correct, sizes, strict=True)
    ]
    value = sum(shares, Fraction(0)) / k
    down = math.hypot(*(float(p) - b.lower for p, b in zip(shares, bounds, strict=True)))
    up = math.hypot(*(b.upper - float(p) for p, b in zip(shares, bounds, strict=True)))
    spread = sum(float(p * (1 - p)) / size for p, size in zip(shares, sizes, strict=True))
    up = max(up, z(confidence) * math.sqrt(spread))
    return Measured(
        value=value,
        interval=Interval(float(value) - down / k, float(value) + up / k).clipped(0.0, 1.0),
        n=sum(sizes),
        method="mover on the mean of recalls",
    )


def _f1_of(jaccard: float) -> float:
    return 2 * jaccard / (1 + jaccard)
