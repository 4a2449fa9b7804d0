"""ROC AUC and average precision of one or several classes, with the influence of each row.

Both with weights, ties as scikit-learn counts them. From one sort of the scores.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pytest_mlgates.statistics.auc import newcombe, one_more_of
from pytest_mlgates.statistics.estimate import Estimate, bounds
from pytest_mlgates.statistics.interval import Interval, Measured, UndefinedError
from pytest_mlgates.statistics.quantiles import z
from pytest_mlgates.statistics.scales import Scale, looser

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Mask = NDArray[np.bool_]

# Under this many positives the bounds of an average precision err by .080 on one side.
FEW_POSITIVES = 100


class Ranked(NamedTuple):
    """A metric of a ranking: its value, and the influence of each row, in row order.

    *spreads*: of an AUC, the variances of the placements of positives and negatives.
    """

    value: float
    moves: Floats
    positives: int
    spreads: tuple[float, float] = (0.0, 0.0)


def roc_auc(positive: Mask, scores: Floats, weights: Floats | None = None) -> Ranked:
    """The area under the ROC curve, ties half; influence by placements (DeLong 1988).

    A positive moves it by ``(share of negatives that it outranks - A) / share of positives``.

    Raises:
        UndefinedError: without a positive or without a negative.
    """
    heavy = np.ones(len(scores)) if weights is None else weights
    mass = [float(heavy[positive].sum()), float(heavy[~positive].sum())]
    if min(mass) <= 0:
        missing = "positive" if mass[0] <= 0 else "negative"
        raise UndefinedError(f"an AUC needs both classes: no {missing} is there")
    above = placed(scores[positive], scores[~positive], heavy[~positive]) / mass[1]
    below = 1 - placed(scores[~positive], scores[positive], heavy[positive]) / mass[0]
    value = min(max(float(np.dot(above, heavy[positive])) / mass[0], 0.0), 1.0)  # sums are rounded
    moves = np.empty(len(scores))
    total = mass[0] + mass[1]
    moves[positive] = (above - value) * (total / mass[0])
    moves[~positive] = (below - value) * (total / mass[1])
    spreads = (
        float(np.dot((above - value) ** 2, heavy[positive])) / mass[0],
        float(np.dot((below - value) ** 2, heavy[~positive])) / mass[1],
    )
    return Ranked(value, moves, int(np.count_nonzero(positive)), spreads)


def placed(values: Floats, among: Floats, weights: Floats) -> Floats:
    """The weight of *among* under each of *values*, ties half."""
    order = np.argsort(among, kind="stable")
    sums = np.concatenate([[0.0], np.cumsum(weights[order])])
    found = np.searchsorted(among, values, "left", sorter=order)
    ties = np.searchsorted(among, values, "right", sorter=order)
    return np.asarray((sums[found] + sums[ties]) / 2)


def average_precision(positive: Mask, scores: Floats, weights: Floats | None = None) -> Ranked:
    """Average precision as scikit-learn has it: the mean over positives of the precision there.

    With ``A(s)``, ``B(s)`` the shares of positives and of rows scored at least s and ``g = A/B``,
    ``AP = E[y g(s)] / E[y]``. A row moves it by ``y (g(s) - AP) / E[y]`` and through the precision
    at every positive scored at most like it: ``E_i[y_i (y - g(s_i)) 1(s >= s_i) / B(s_i)] / E[y]``.

    Raises:
        UndefinedError: without a positive.
    """
    n = len(scores)
    heavy = np.ones(n) if weights is None else weights
    y = positive.astype(np.float64)
    mass = float(np.dot(heavy, y))
    if mass <= 0:
        raise UndefinedError("an average precision needs positives: none is there")
    total = float(heavy.sum())
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    last = np.concatenate([np.flatnonzero(ranked[1:] != ranked[:-1]), [n - 1]])
    group = np.repeat(np.arange(len(last)), np.diff(np.concatenate([[-1], last])))
    w, hit = heavy[order], y[order]
    rows = np.cumsum(w)[last] / total
    hits = np.cumsum(w * hit)[last] / total
    precision = hits / np.where(rows > 0, rows, 1.0)
    share = mass / total
    value = min(float(np.dot(w * hit, precision[group])) / mass, 1.0)  # sums are rounded
    # Over the groups scored at most like a row, from the best on: what is under it.
    own = np.bincount(group, weights=w * hit, minlength=len(last)) / total
    inverse = np.divide(own, rows, out=np.zeros_like(own), where=rows > 0)
    of_hit = np.cumsum(inverse[::-1])[::-1]
    of_all = np.cumsum((inverse * precision)[::-1])[::-1]
    moved = (hit * (precision[group] - value) + hit * of_hit[group] - of_all[group]) / share
    moves = np.empty(n)
    moves[order] = moved
    return Ranked(value, moves, int(np.count_nonzero(positive)))


def boyd(found: Ranked, confidence: float) -> Measured:
    """Bounds of an average precision: binomial on the logit (Boyd, Eng & Page 2013).

    ``logit AP -+ z / sqrt(n+ AP (1 - AP))``; at 1 what no positive contradicts, as for a share.
    """
    value, positives = found.value, found.positives
    interval = boyd_limits(value, positives, confidence)
    return Measured(
        value=value,
        interval=interval,
        n=len(found.moves),
        method="logit binomial",
        warnings=few(positives),
    )


def boyd_limits(value: float, positives: float, confidence: float) -> Interval:
    """The bounds of :func:`boyd` for so many positives, which may be a fraction."""
    if 0 < value < 1:
        middle = math.log(value / (1 - value))
        reach = min(z(confidence) / math.sqrt(positives * value * (1 - value)), 300.0)
        return Interval(1 / (1 + math.exp(reach - middle)), 1 / (1 + math.exp(-reach - middle)))
    edge = math.exp(math.log(1 - confidence) / positives)
    return Interval(edge, 1.0) if value >= 1 else Interval(0.0, 1 - edge)


def beside(metric: str, found: Ranked) -> Callable[[float, float], Interval]:
    """Bounds of *found* if it rested on so many independent rows: Newcombe's, Boyd's.

    By influence alone the lower bound of an AUC of 40 clusters errs by .09 to .15 at nominal .05,
    that of an average precision of 300 rows with uneven weights by .10.
    """
    n, positives = len(found.moves), found.positives

    def limits(rows: float, confidence: float) -> Interval:
        part = rows / n
        if metric == "average_precision":
            return boyd_limits(found.value, max(positives * part, 1e-9), confidence)
        above, below = max(positives * part, 1.0), max((n - positives) * part, 1.0)
        first, second = (found.spreads[0], above), (found.spreads[1], below)
        return looser(
            newcombe(found.value, above, below, confidence),
            one_more_of(found.value, first, second, confidence),
        )

    return limits


def of_precision(found: Ranked, confidence: float) -> Measured:
    """The looser of Boyd's bounds and those by influence, side by side.

    Boyd's alone err by .09 at nominal .05 for 50 positives of 500, by influence .075.
    """
    first, second = boyd(found, confidence), bounds(estimate(found, ""), confidence)
    return replace(
        first,
        interval=Interval(
            min(first.interval.lower, second.interval.lower),
            max(first.interval.upper, second.interval.upper),
        ),
        method="looser of logit binomial and influence on the logit",
    )


def few(positives: int) -> tuple[str, ...]:
    """The warning for too few of them."""
    if positives >= FEW_POSITIVES:
        return ()
    few = (
        f"{positives} positives are few for an average precision: under {FEW_POSITIVES} its bounds"
    )
    return (f"{few} err by up to .09 instead of .05",)


def one_against_rest(
    rank: Callable[[Mask, Floats, Floats | None], Ranked],
    truth: NDArray[np.intp],
    scores: Floats,
    average: str,
    labels: Sequence[object],
    weights: Floats | None = None,
) -> Ranked:
    """The average of *rank* over classes, each against all others, as scikit-learn's ``ovr``.

    Args:
        rank: Of one class.
        truth: The class of each row as a column of *scores*.
        scores: Of shape ``(n, K)``.
        average: ``macro``, or ``weighted`` by the rows of each class.
        labels: The names of the classes, for messages.
        weights: Of each row.

    Raises:
        UndefinedError: naming the class that has no rows.
    """
    n, k = scores.shape
    each, shares = [], []
    for place in range(k):
        own = truth == place
        try:
            each.append(rank(own, np.ascontiguousarray(scores[:, place]), weights))
        except UndefinedError as error:
            raise UndefinedError(f"class {labels[place]!r}: {error}") from None
        mass = own if weights is None else own * weights
        shares.append(float(np.sum(mass)) / (n if weights is None else float(weights.sum())))
    parts = [1 / k] * k if average == "macro" else shares
    value = sum(part * one.value for part, one in zip(parts, each, strict=True))
    moves = np.sum([part * one.moves for part, one in zip(parts, each, strict=True)], axis=0)
    if average == "weighted":
        for place, one in enumerate(each):
            moves = moves + one.value * ((truth == place) - shares[place])
    return Ranked(value, np.asarray(moves), min(one.positives for one in each))


def estimate(found: Ranked, method: str, warnings: tuple[str, ...] = ()) -> Estimate:
    """*found* with bounds by its influence values, on the logit."""
    n = len(found.moves)
    rarest = max(1, min(found.positives, n - found.positives))
    return Estimate(
        value=found.value,
        moves=found.moves,
        scale=Scale.LOGIT,
        low=0.0,
        high=1.0,
        reach=n / rarest,
        method=method,
        floored=True,
        warnings=warnings,
    )
