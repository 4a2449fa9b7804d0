"""Where the bounds of a metric are taken, and the way back to the metric itself."""

from __future__ import annotations

import math
from enum import StrEnum

from pytest_mlgates.statistics.interval import Interval
from pytest_mlgates.statistics.proportions import FAR_OUT, FEW, clopper_pearson, wilson_limits


class Scale(StrEnum):
    """Where bounds are taken: delta method there, then back."""

    PLAIN = "plain"
    MEAN = "mean"
    ROOT = "root of a mean"
    SHARE = "share"
    LOGIT = "logit"
    FISHER_Z = "fisher z"
    COMPLEMENT = "log of what is missing from 1"


def looser(first: Interval, second: Interval) -> Interval:
    """The looser of two bounds, on either side."""
    return Interval(min(first.lower, second.lower), max(first.upper, second.upper))


def of_share(
    value: float, error: float, units: float, most: float, quantile: float, confidence: float
) -> Interval:
    """Wilson on the effective number of rows; Clopper-Pearson for few of a kind, or far out.

    ``n_eff = m (1 - m) / se^2`` (decision D5); for weights no more than Kish's: where the few
    rows that are wrong happen to count little, the spread seen is too small (error .08 to .10 at
    nominal .05 for a share of .97 of 100 to 1,000 uneven rows; at most .05 so).
    """
    size = units
    if error > 0 and 0 < value < 1:
        size = min(most, value * (1 - value) / error**2)
    if not size > 0:
        return Interval(0.0, 1.0)
    lower, upper = wilson_limits(value, size, quantile)
    if min(value, 1 - value) * size <= FEW or confidence > FAR_OUT:
        exact = clopper_pearson(value * size, size, confidence)
        lower, upper = min(lower, exact.lower), max(upper, exact.upper)
    return Interval(float(lower), float(upper)).clipped(0.0, 1.0)


def unmoved(value: float, reach: float, units: float, confidence: float) -> Interval:
    """What no row moves proves nothing by a width of zero.

    Where none of n rows differs, at most ``1 - alpha^(1/n)`` of all rows do (Clopper and Pearson
    1934, no success), and these move the metric by at most *reach* each.
    """
    width = -math.expm1(math.log(1 - confidence) / units) * reach
    return Interval(value - width, value + width)


def _plain(value: float, reach: float) -> Interval:
    return Interval(value - reach, value + reach)


def _logit(value: float, reach: float) -> Interval:
    if not 0 < value < 1:
        return _plain(value, reach)
    middle, step = math.log(value / (1 - value)), reach / (value * (1 - value))
    return Interval(_expit(middle - step), _expit(middle + step))


def _fisher(value: float, reach: float) -> Interval:
    if not -1 < value < 1:
        return _plain(value, reach)
    middle, step = math.atanh(value), reach / (1 - value * value)
    return Interval(math.tanh(middle - step), math.tanh(middle + step))


def _complement(value: float, reach: float) -> Interval:
    missing = 1 - value
    if not missing > 0:
        return _plain(value, reach)
    factor = min(reach / missing, 700.0)
    return Interval(1 - missing * math.exp(factor), 1 - missing * math.exp(-factor))


BACK = {
    Scale.PLAIN: _plain,
    Scale.LOGIT: _logit,
    Scale.FISHER_Z: _fisher,
    Scale.COMPLEMENT: _complement,
}


def _expit(value: float) -> float:
    if value < 0:
        return math.exp(max(value, -700.0)) / (1 + math.exp(max(value, -700.0)))
    return 1 / (1 + math.exp(-min(value, 700.0)))
