"""Columns of numbers: limits, quantiles, codes, and keys that are numbers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlgates.core.text import plural
from pytest_mlgates.gates.data_schema.inference.codes import infer_codes
from pytest_mlgates.gates.data_schema.inference.keys import infer_key_of_numbers
from pytest_mlgates.gates.data_schema.inference.limits import evident_limits
from pytest_mlgates.gates.data_schema.inference.setting import (
    FEWEST,
    rounded_down,
    rounded_up,
)
from pytest_mlgates.statistics.tolerance import (
    least_in_next,
    most_in_next,
    rank_above,
    rank_below,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pytest_mlgates.gates.data_schema.inference.setting import Findings, Values

# A range, a set, what must be seen again, a share, five quantiles, a key: which of them are made
# depends on the values, so that each is paid for.
STATEMENTS = 10
_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_BETWEEN = "expect_column_values_to_be_between"
# More different numbers than these are amounts, not codes, however often each is seen.
_MOST_CODES = 10
_EXACT = 2.0**53


def infer_numbers(found: Findings, values: Values, numbers: NDArray[Any]) -> None:
    """What *numbers* (present ones) say about the next batch."""
    if values.n < FEWEST:
        found.leave_out("range", values.setting.too_few(values.n))
        return
    ordered = np.sort(numbers)
    setting = values.setting
    whole = ordered.dtype.kind in "iu" or _are_whole(ordered)
    distinct = 1 + int(np.count_nonzero(ordered[1:] != ordered[:-1]))
    if infer_key_of_numbers(found, values, ordered, distinct, whole=whole):
        found.leave_out("range", "a key grows")
        return
    limits = evident_limits(ordered, whole=whole, level=setting.level)
    if setting.private:
        _infer_limits(found, limits)
        found.leave_out("range, quantiles or codes", "they are values of a private table")
        return
    codes = whole and distinct <= _MOST_CODES and _infer_codes(found, values, ordered)
    if codes and bool(np.all((ordered == 0) | (ordered == 1))):
        infer_share(found, values, int(np.count_nonzero(ordered)), "1")
        return
    if not codes:
        _infer_limits(found, limits)
        _infer_range(found, values, ordered, whole=whole)
    if distinct > 1:
        _infer_quantiles(found, values, ordered, whole=whole)


def _are_whole(ordered: NDArray[Any]) -> bool:
    finite = bool(np.isfinite(ordered[0]) and np.isfinite(ordered[-1]))
    small = finite and max(abs(ordered[0]), abs(ordered[-1])) < _EXACT
    return small and bool(np.all(ordered == np.floor(ordered)))


def _infer_codes(found: Findings, values: Values, ordered: NDArray[Any]) -> bool:
    distinct, counts = np.unique(ordered, return_counts=True)
    pairs = [(int(v), int(n)) for v, n in zip(distinct, counts, strict=True)]
    return infer_codes(found, values, pairs, rare_ones=False)


def infer_share(found: Findings, values: Values, ones: int, what: str) -> None:
    """The share of *what* (1, true) among two values."""
    setting, level = values.setting, values.setting.level / 2
    sizes = (values.low, values.high)
    if min(sizes) <= 0:
        found.leave_out(f"share of {what}", values.setting.too_few(values.n))
        return
    low = min(least_in_next(ones, values.n, m, level) / m for m in sizes)
    high = max(most_in_next(ones, values.n, m, level) / m for m in sizes)
    low, high = rounded_down(low), min(1.0, rounded_up(high))
    if low <= 0 and high >= 1:
        found.leave_out(f"share of {what}", values.setting.too_few(values.n))
        return
    found.add(
        "expect_column_mean_to_be_between",
        f"{ones:,} of {values.n:,} values are {what}; {setting.batch_said()} has a share between "
        f"{low:.4g} and {high:.4g} ({setting.said()}).",
        f"share of {what} {low:.3g} to {high:.3g}",
        min_value=low,
        max_value=high,
    )


def _infer_limits(found: Findings, limits: tuple[int | None, int | None, str]) -> None:
    low, high, note = limits
    given = {
        name: value
        for name, value in (("min_value", low), ("max_value", high))
        if value is not None
    }
    if given:
        words = f"{low} to {high}" if high is not None else f"at least {low}"
        found.add(_BETWEEN, note, f"{words}, always", **given)


def _infer_range(found: Findings, values: Values, ordered: NDArray[Any], *, whole: bool) -> None:
    setting = values.setting
    low, high = _plain(ordered[0], whole=whole), _plain(ordered[-1], whole=whole)
    if not (math.isfinite(low) and math.isfinite(high)):
        found.leave_out("range", "there are infinite values")
        return
    allowed = values.outside(2)
    if allowed.is_too_much:
        found.leave_out("range", values.setting.too_few(values.n))
        return
    if not whole:
        low, high = rounded_down(low), rounded_up(high)
    words = _span_said(low, high)
    found.add(
        _BETWEEN,
        f"All {values.n:,} values lie from {words}; up to {allowed} of {setting.batch_said()} may "
        f"lie outside ({setting.said()}).",
        words,
        min_value=low,
        max_value=high,
        mostly=allowed.mostly,
    )


def _infer_quantiles(
    found: Findings, values: Values, ordered: NDArray[Any], *, whole: bool
) -> None:
    """Where the quantiles of the next batch lie; those that the sample does not bound are left."""
    setting = values.setting
    ranges: dict[float, list[Any]] = {}
    for share in _QUANTILES:
        ranks = _ranks(values, share)
        if ranks is None:
            continue
        low, high = (_plain(ordered[rank - 1], whole=whole) for rank in ranks)
        if math.isfinite(low) and math.isfinite(high):
            ranges[share] = [low, high] if whole else [rounded_down(low), rounded_up(high)]
    if not ranges:
        found.leave_out("quantiles", values.setting.too_few(values.n))
        return
    here = (_plain(ordered[rank_of(q, values.n) - 1], whole=whole) for q in ranges)
    named = "/".join(f"{100 * q:g}" for q in ranges)
    words = ", ".join(_span_said(low, high) for low, high in ranges.values())
    found.add(
        "expect_column_quantile_values_to_be_between",
        f"The quantiles {named} % of {plural(values.n, 'value')} are "
        f"{', '.join(map(_said, here))}; those of {setting.batch_said()} lie from {words} "
        f"({setting.said(len(ranges))}).",
        f"{named} % at {words}",
        quantile_ranges={"quantiles": list(ranges), "value_ranges": list(ranges.values())},
    )


def rank_of(share: float, n: int) -> int:
    """The rank of the quantile *share* of *n* values, as GX on pandas takes it: the nearest."""
    return round((n - 1) * share) + 1  # round half to even


def _ranks(values: Values, share: float) -> tuple[int, int] | None:
    """The ranks here between which the quantile *share* of the next batch lies."""
    low, high = values.n, 1
    for m in (values.low, values.high):
        if m <= 0:
            return None
        rank = rank_of(share, m)
        below = rank_below(rank, values.n, m, values.setting.level / 2)
        above = rank_above(rank, values.n, m, values.setting.level / 2)
        if below is None or above is None:
            return None
        low, high = min(low, below), max(high, above)
    return low, high


def _plain(value: Any, *, whole: bool) -> Any:
    return int(value) if whole else float(value)


def _said(value: float) -> str:
    """A number for people: ``17``, ``12,285``, ``512.33``."""
    return f"{value:,}" if isinstance(value, int) else f"{value:,.6g}"


def _span_said(low: float, high: float) -> str:
    return _said(low) if low == high else f"{_said(low)} to {_said(high)}"
