"""Integers of 64 bits beside floats, and their sums: exactly, and without overflow.

Engines differ there: pyarrow raises, DuckDB raises on overflow, the others round or wrap. Here an
integer is 2³² · high + low, two numbers that floats hold exactly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlgates.engines.lazy import nw

if TYPE_CHECKING:
    from collections.abc import Callable

SPLIT = 1 << 32


def halves(value: nw.Expr) -> tuple[nw.Expr, nw.Expr]:
    """The high half of Int64 values, rounded down, and the low one, 0 to 2³² - 1."""
    high = value // SPLIT
    return high, value - high * SPLIT


def beside_float(integer: nw.Expr, compare: Callable[[Any, Any], Any], value: nw.Expr) -> nw.Expr:
    """*compare* Int64 values with floats, as exact numbers.

    Rounding keeps the order, so only an integer that rounds to the float itself needs its halves:
    the float minus the high one is then exact, and as small as the low one.
    """
    high, low = halves(integer)
    above, below = high.cast(nw.Float64) * float(SPLIT), low.cast(nw.Float64)
    rounded = above + below
    tied: nw.Expr = compare(below, value - above)
    found: nw.Expr = nw.when(rounded == value).then(tied).otherwise(compare(rounded, value))
    return found


def sum_equals(columns: list[nw.Expr], total: int) -> nw.Expr:
    """Whether Int64 *columns* sum to *total* in a row; null where one of them is null."""
    parts = [halves(column) for column in columns]
    high, low = (_sum([part[half] for part in parts]) for half in (0, 1))
    wanted_high, wanted_low = divmod(total, SPLIT)
    most = len(columns) + 2
    if abs(wanted_high) > most * SPLIT:  # over what so many integers sum to
        return high != high  # noqa: PLR0124  (an expression: false, or null)
    # Clipped, so that the product does not overflow: it equals no difference of low halves then.
    return (high - wanted_high).clip(-most, most) * SPLIT == wanted_low - low


def _sum(parts: list[nw.Expr]) -> nw.Expr:
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total
