"""Area under the ROC curve: value, bounds, paired difference."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pytest_mlgates.statistics.interval import Interval, Measured, UndefinedError
from pytest_mlgates.statistics.means import hall
from pytest_mlgates.statistics.placements import as_shares, placed, placed_in_row_order
from pytest_mlgates.statistics.quantiles import z
from pytest_mlgates.statistics.scales import looser

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Mask = NDArray[np.bool_]

# Under this many positives or negatives paired DeLong bounds of an AUC over .95 are too narrow
# (error .121 at nominal .05 for 30 positives, .076 for 100).
FEW_POSITIVES = 100
HIGH_AUC = 0.95
# Under this many two models are hardly compared, and under this many one hardly measured: rows that
# score against their class are mostly not in the table (errors up to .19).
FEW_IN_PAIRS, VERY_FEW = 50, 10


class RocAuc(NamedTuple):
    """An AUC and its placement values.

    Attributes:
        auc: Exact: half-counts over pairs.
        v10: For each positive the share of negatives that it outranks (ties half).
        v01: For each negative the share of positives that outrank it (ties half).
        variances: Of both, over n.
    """

    auc: Fraction
    v10: Floats
    v01: Floats
    variances: tuple[float, float]

    @property
    def spreads(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """The variance of the placements of each class, over n, and its rows."""
        first, second = self.variances
        return (first, float(len(self.v10))), (second, float(len(self.v01)))


def roc_auc(positive: Mask, scores: Floats, *, in_row_order: bool = False) -> RocAuc:
    """AUC and placement values (DeLong 1988) in O(n log n), ties counted half.

    Args:
        positive: Which rows are positive.
        scores: Higher means more probably positive.
        in_row_order: Keep the placement values in the order of the rows, which a paired comparison
            needs; without it they come sorted by score, at less than half the cost.

    Raises:
        UndefinedError: without a positive or without a negative.
    """
    positives = int(np.count_nonzero(positive))
    negatives = len(positive) - positives
    if not positives or not negatives:
        raise UndefinedError(
            f"an AUC needs both classes: no {'negative' if positives else 'positive'} is there"
        )
    found = placed_in_row_order if in_row_order else placed
    outranked, outranking = found(positive, scores)
    total = int(outranked.sum())
    area = Fraction(total, 2 * positives * negatives)
    v10, first = as_shares(outranked, 2 * negatives, float(area))
    v01, second = as_shares(outranking, 2 * positives, float(1 - area))
    np.subtract(1.0, v01, out=v01)
    return RocAuc(auc=area, v10=v10, v01=v01, variances=(first, second))


def auc_interval(measured: RocAuc, confidence: float) -> Measured:
    """The looser of the logit-DeLong, the Newcombe and the ``one_more_of`` bounds, side by side.

    DeLong alone releases .28 of bad models at 20 positives and AUC .99 (nominal .05); Newcombe's
    method 5 holds there but not for exponential scores, where DeLong on the logit helps. Where a
    few positives score like negatives and the others do not, both release .11 to .25 (20 to 100
    positives), since those few are mostly not in the table: with one more row .05 at most.
    """
    area = float(measured.auc)
    n_positive, n_negative = len(measured.v10), len(measured.v01)
    spreads = measured.spreads
    found = (
        delong_logit(area, *spreads, confidence),
        newcombe(area, n_positive, n_negative, confidence),
        one_more_of(area, *spreads, confidence),
    )
    return Measured(
        value=measured.auc,
        interval=Interval(min(f.lower for f in found), max(f.upper for f in found)),
        n=n_positive + n_negative,
        method="auc: loosest of logit-delong, newcombe-5 and one row more of the rarer class",
        warnings=_very_few(min(n_positive, n_negative)),
    )


def _very_few(rarer: int) -> tuple[str, ...]:
    if rarer >= VERY_FEW:
        return ()
    return (f"{rarer} rows in the rarer class: bounds of an AUC err by up to .19 instead of .05",)


def delong_logit(
    area: float, first: tuple[float, float], second: tuple[float, float], confidence: float
) -> Interval:
    """``logit A -+ z se / (A (1 - A))`` with DeLong's variance, back on the AUC's scale.

    One positive or one negative has no variance and bounds nothing; at A = 0 or 1 the logit does
    not exist and this leaves the bound to the other methods. From the spreads of a :class:`RocAuc`.
    """
    (spread, n), (other, m) = first, second
    if min(n, m) < 2:
        return Interval(0.0, 1.0)
    if area in (0.0, 1.0):
        return Interval(area, area)
    se = math.sqrt(spread / (n - 1) + other / (m - 1))
    logit = math.log(area / (1 - area))
    reach = z(confidence) * se / (area * (1 - area))
    return Interval(_expit(logit - reach), _expit(logit + reach))


def one_more_of(
    area: float, first: tuple[float, float], second: tuple[float, float], confidence: float
) -> Interval:
    """Logit-DeLong with one more row of the rarer class, which scores like chance.

    What Agresti and Coull (1998) do to a share: a placement of a half, which stands for the rows of
    the rarer class that score against it and are not in the table. From each class's variance of
    placements (over n) and number of rows.
    """
    (spread, n), (other, m) = sorted((first, second), key=lambda one: one[1])
    if n < 2:
        return Interval(0.0, 1.0)
    squares = spread * n + (area - 0.5) ** 2 * n / (n + 1)
    se = math.sqrt(squares / n / (n + 1) + other / (m - 1))
    area = (area * n + 0.5) / (n + 1)
    reach = z(confidence) * se / (area * (1 - area))
    logit = math.log(area / (1 - area))
    return Interval(_expit(logit - reach), _expit(logit + reach))


def newcombe(area: float, n_positive: float, n_negative: float, confidence: float) -> Interval:
    """Method 5 of Newcombe (2006, Stat. Med. 25:559): solve ``|A - t| = z sqrt(V(t))``.

    ``V(t) = t(1-t)(1 + (N-1)((1-t)/(2-t) + t/(1+t))) / (n+ n-)``, ``N = (n+ + n-)/2`` (Hanley and
    McNeil's variance with a mean class size).
    """
    quantile = z(confidence)
    mean_size = (n_positive + n_negative) / 2

    def excess(t: float) -> float:
        spread = 1 + (mean_size - 1) * ((1 - t) / (2 - t) + t / (1 + t))
        return abs(area - t) - quantile * math.sqrt(t * (1 - t) * spread / n_positive / n_negative)

    return Interval(_bisect(excess, 0.0, area), _bisect(excess, 1.0, area))


def auc_difference(first: RocAuc, second: RocAuc, confidence: float) -> Measured:
    """``AUC(first) - AUC(second)`` on the same rows: paired DeLong (1988), or Hall where looser.

    Where one model loses a few more positives altogether, DeLong's bounds pass .13 to .17 of those
    at the margin (100 to 200 positives, nominal .05). So the differences of placements, which are
    skewed then, also have Hall's bounds, class by class, put together by MOVER (Zou & Donner 2008):
    .02 to .05.

    Both with placement values in row order; two equal rankings are for the caller to find first
    (:func:`same_ranking`).
    """
    n_positive, n_negative = len(first.v10), len(first.v01)
    difference = first.auc - second.auc
    warnings = []
    if min(n_positive, n_negative) < 2:
        interval = Interval(-1.0, 1.0)
        warnings.append("one positive or one negative bounds nothing")
    else:
        interval = paired_delong(first, second, confidence)
        moves = first.v10 - second.v10, first.v01 - second.v01
        down, up = (
            math.hypot(*(side(one, confidence) for one in moves))
            for side in (_skewed_down, _skewed_up)
        )
        value = float(difference)
        interval = looser(interval, Interval(value - down, value + up))
        rarer = min(n_positive, n_negative)
        if rarer < FEW_POSITIVES and max(first.auc, second.auc) > HIGH_AUC:
            warnings.append(
                f"with {rarer} rows in the rarer class and an AUC over {HIGH_AUC} these bounds are "
                "too narrow (error about .12 instead of .05)"
            )
        elif rarer < FEW_IN_PAIRS:
            warnings.append(
                f"with {rarer} rows in the rarer class these bounds are too narrow (error up to "
                ".18 instead of .05)"
            )
    return Measured(
        value=difference,
        interval=interval.clipped(-1.0, 1.0),
        n=n_positive + n_negative,
        method="paired delong, hall where looser",
        warnings=tuple(warnings),
    )


def paired_delong(first: RocAuc, second: RocAuc, confidence: float) -> Interval:
    """``A - B -+ z sqrt(var10 / n+ + var01 / n-)`` of the differences of placements (1988).

    At least two positives and two negatives, in the same order of rows.
    """
    value = float(first.auc - second.auc)
    variances = (
        _variance_of_mean(first.v10 - second.v10),
        _variance_of_mean(first.v01 - second.v01),
    )
    reach = z(confidence) * math.sqrt(sum(variances))
    return Interval(value - reach, value + reach)


def same_ranking(first: RocAuc, second: RocAuc) -> bool:
    """Whether both scores rank every positive against every negative alike."""
    return bool(np.array_equal(first.v10, second.v10) and np.array_equal(first.v01, second.v01))


def _skewed_down(values: Floats, confidence: float) -> float:
    """How far Hall's lower bound is under the mean of *values*."""
    mean = float(np.mean(values))
    return mean - hall(values, confidence, low=-1.0, high=1.0).lower


def _skewed_up(values: Floats, confidence: float) -> float:
    """How far Hall's upper bound is over the mean of *values*."""
    mean = float(np.mean(values))
    return hall(values, confidence, low=-1.0, high=1.0).upper - mean


def _variance_of_mean(values: Floats) -> float:
    return float(np.var(values, ddof=1)) / len(values)


def _expit(value: float) -> float:
    if value < 0:
        return math.exp(value) / (1 + math.exp(value))
    return 1 / (1 + math.exp(-value))


def _bisect(excess: Callable[[float], float], outside: float, inside: float) -> float:
    """Where *excess* changes its sign between *outside* (>= 0) and *inside* (<= 0)."""
    for _ in range(60):
        middle = (outside + inside) / 2
        if excess(middle) > 0:
            outside = middle
        else:
            inside = middle
    return outside
