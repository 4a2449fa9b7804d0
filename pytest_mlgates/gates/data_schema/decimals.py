"""Bounds and members of decimal columns: a contract's 0.3 is 0.3 there, not the float beside it."""

from __future__ import annotations

import math
from decimal import Context, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.exact import exact

if TYPE_CHECKING:
    from collections.abc import Iterable

# A decimal column of any engine has at most 38 digits.
_CONTEXT = Context(prec=80)


def digits(dtype: Any) -> tuple[int, int] | None:
    """All digits of a decimal *dtype*, and those behind the point; None where it does not say."""
    precision, scale = getattr(dtype, "precision", None), getattr(dtype, "scale", None)
    return None if precision is None or scale is None else (precision, scale)


def fraction(value: float | Decimal) -> Fraction:
    """*value* as people wrote it."""
    return Fraction(value) if isinstance(value, int | Decimal) else exact(value)


def comparison(op: str, bound: Fraction, dtype: Any) -> tuple[str, Decimal] | bool:
    """The same comparison with a value that a column of *dtype* can hold, or its answer."""
    precision, scale = digits(dtype) or (38, 0)
    units = bound * 10**scale
    below, above = math.floor(units), math.ceil(units)
    if op in ("==", "!=") and below != above:
        return op == "!="
    # Between two values of the column, what is over the one is at least the other.
    units_near = above if op in (">=", "<") else below
    greatest = 10**precision - 1
    if units_near > greatest:
        return op in ("<=", "<", "!=")
    if units_near < -greatest:
        return op in (">=", ">", "!=")
    return op, _decimal(units_near, scale)


def members(values: Iterable[float | Decimal], dtype: Any) -> list[Decimal]:
    """Those of *values* that a column of *dtype* can hold."""
    found = [comparison("==", fraction(value), dtype) for value in values]
    return [one[1] for one in found if not isinstance(one, bool)]


def _decimal(units: int, scale: int) -> Decimal:
    return Decimal(units).scaleb(-scale, _CONTEXT)
