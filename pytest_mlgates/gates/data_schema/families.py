"""Families of column types, and how values of a contract become values of a column.

============  =====================================================  ======================
family        narwhals types                                         evaluated by
============  =====================================================  ======================
integer       Int8…Int64, UInt8…UInt64                               native
number        Float32, Float64 (compared as Float64)                 native
decimal       Decimal (compared exactly, with bounds as written)     native, see below
text          String, and Categorical or Enum of texts (their text)  native
boolean       Boolean (ordered and summed as 0 and 1)                native
date, time    Date; Datetime, naive or aware                         native
other         Object (mixed), List, Struct, Duration, …              Great Expectations
============  =====================================================  ======================

Decimals go to Great Expectations where a check is about pairs, records or text, or where the
column does not say its digits.
"""

from __future__ import annotations

import datetime as dt
import operator
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from pytest_mlgates.engines.lazy import nw
from pytest_mlgates.gates.data_schema import decimals, numbers, times

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pytest_mlgates.engines.table import Table

_BITS = (8, 16, 32, 64)
_INTEGERS: dict[str, tuple[int, int]] = {
    **{f"Int{bits}": (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) for bits in _BITS},
    **{f"UInt{bits}": (0, (1 << bits) - 1) for bits in _BITS},
}
_HALF = (1 << 63) - 1
_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
    "==": operator.eq,
    "!=": operator.ne,
}


class Family(StrEnum):
    """What values of a column are, in the words of messages."""

    INTEGER = "integers"
    NUMBER = "numbers"
    DECIMAL = "decimals"
    TEXT = "text"
    BOOLEAN = "booleans"
    DATE = "dates"
    TIME = "timestamps"
    OTHER = "other"


NUMERIC = (Family.INTEGER, Family.NUMBER, Family.BOOLEAN)
MEASURED = (*NUMERIC, Family.DECIMAL)


class MismatchError(Exception):
    """A value of the contract that cannot be a value of the column; the text says both."""


def family(table: Table, column: str) -> Family:
    """The family of *column*."""
    dtype = table.schema[column]
    if type(dtype).__name__ in _INTEGERS:
        return Family.INTEGER
    if dtype.is_float():
        return Family.NUMBER
    if dtype.is_decimal():
        return Family.OTHER if decimals.digits(dtype) is None else Family.DECIMAL
    if isinstance(dtype, nw.Categorical | nw.Enum):
        return Family.TEXT if _categories_are_text(table, column) else Family.OTHER
    if isinstance(dtype, nw.String):
        return Family.TEXT
    if isinstance(dtype, nw.Boolean):
        return Family.BOOLEAN
    if isinstance(dtype, nw.Date):
        return Family.DATE
    return Family.TIME if isinstance(dtype, nw.Datetime) else Family.OTHER


def native_dtype(table: Table, column: str) -> Any:
    """The backend's own type of *column* where it is a pandas frame, else None."""
    if table.implementation not in ("pandas", "modin", "cudf"):
        return None
    return table.frame.to_native()[column].dtype


def is_object(table: Table, column: str) -> bool:
    """Whether *column* is an ``object`` column of pandas."""
    return str(native_dtype(table, column)) == "object"


def refuse_inexact_decimals(table: Table, column: str) -> None:
    """No decimals are left to Great Expectations to compare: there, 0.3 is not their 0.3.

    Raises:
        MismatchError: if *column* holds decimals, and they cannot be compared here.
    """
    made_of = ""
    if table.schema[column].is_decimal() and family(table, column) is Family.OTHER:
        made_of = "decimals of a type that only a newer narwhals reads"
    elif is_object(table, column):
        first = table.frame.get_column(column).drop_nulls().head(1).to_list()
        if first and isinstance(first[0], Decimal):
            made_of = "Python's decimals: make them pandas.ArrowDtype(pyarrow.decimal128(…))"
    if made_of:
        raise MismatchError(f"column {column!r} does not compare with numbers; it holds {made_of}")


def comparable(table: Table, column: str) -> nw.Expr:
    """*column* as an expression that compares alike on every backend."""
    dtype = table.schema[column]
    expression = nw.col(column)
    if isinstance(dtype, nw.Categorical | nw.Enum):
        return expression.cast(nw.String)
    if dtype.is_float() and not isinstance(dtype, nw.Float64):
        return expression.cast(nw.Float64)
    if isinstance(dtype, nw.Boolean):
        return expression.cast(nw.Int64)
    return expression


def floats(table: Table, column: str) -> nw.Expr:
    """*column*, of numbers of any kind, as Float64: integers over 2^53 and decimals are rounded."""
    values = comparable(table, column)
    if family(table, column) is Family.INTEGER and isinstance(table.frame, nw.DataFrame):
        return values / 1  # the cast of Arrow refuses to round
    return values.cast(nw.Float64)


def only(table: Table, values: nw.Expr, mask: nw.Expr | None) -> nw.Expr:
    """*values* of the rows where *mask* (never null; None: all) holds, to be aggregated."""
    if mask is None:
        return values
    if table.frame.implementation.is_pandas_like():  # where integers beside nulls become floats
        return values.filter(mask)
    return nw.when(mask).then(values)


def literal(table: Table, column: str, value: Any, *, what: str) -> Any:
    """*value* as a value of *column*; *what* it is (``value_set``) is said if it cannot be one.

    Raises:
        MismatchError: if it is of another family.
    """
    kind = family(table, column)
    if hasattr(value, "item"):  # a numpy scalar in an inline contract
        value = value.item()
    if kind in MEASURED and isinstance(value, int | float):
        return value
    if kind is Family.TEXT and isinstance(value, str):
        return value
    if kind is Family.DATE and isinstance(found := _moment(value), dt.date):
        if not isinstance(found, dt.datetime):
            return found
        if found.time() == dt.time() and found.tzinfo is None:
            return found.date()
    if kind is Family.TIME and isinstance(found := _moment(value), dt.date):
        moment = found if isinstance(found, dt.datetime) else dt.datetime.combine(found, dt.time())
        aware = getattr(table.schema[column], "time_zone", None) is not None
        if aware == (moment.tzinfo is not None):
            return moment
        zone = "with a time zone" if aware else "without a time zone"
        raise MismatchError(f"{what} {value!r} does not compare with {column!r}, timestamps {zone}")
    hint = numbers.unquoted(value) if kind in MEASURED else ""
    raise MismatchError(f"{what} {value!r} does not compare with column {column!r} of {kind}{hint}")


def holds(table: Table, column: str, op: str, bound: Any, *, what: str) -> nw.Expr:
    """The expression ``column op bound``, exact for integers and floats of any size.

    Raises:
        MismatchError: if *bound* is of another family.
    """
    value = literal(table, column, bound, what=what)
    expression = comparable(table, column)
    found = _possible(table, column, op, value)
    if isinstance(found, tuple):
        return _compare(expression, *found, wide=isinstance(table.schema[column], nw.UInt64))
    if not found:
        return never(expression)
    return always(expression) if op == "!=" else ~expression.is_null()


def _possible(table: Table, column: str, op: str, value: Any) -> tuple[str, Any] | bool:
    """``op value`` with a value that *column* can hold, or the answer of all values it can hold."""
    kind, dtype = family(table, column), table.schema[column]
    if kind in (Family.INTEGER, Family.BOOLEAN):
        return numbers.integer_comparison(op, Fraction(value), *_span(dtype))
    if kind is Family.NUMBER:
        return numbers.float_comparison(op, value)
    if kind is Family.DECIMAL:
        return decimals.comparison(op, decimals.fraction(value), dtype)
    if kind is Family.TIME:
        return times.comparison(op, value, dtype, table.implementation)
    return op, value


def _span(dtype: Any) -> tuple[int, int]:
    """What a column of integers or booleans of *dtype* can hold."""
    return _INTEGERS.get(type(dtype).__name__, (0, 1))


def is_in(table: Table, column: str, values: Iterable[Any], *, what: str) -> nw.Expr:
    """Whether *column* holds one of *values*; None among them is left out (nulls are missing).

    Raises:
        MismatchError: if one of them is of another family.
    """
    kind = family(table, column)
    found = [literal(table, column, v, what=what) for v in values if v is not None]
    if kind in (Family.INTEGER, Family.BOOLEAN):
        low, high = _span(table.schema[column])
        found = [int(v) for v in found if v == v // 1 and low <= v <= high]
    elif kind is Family.NUMBER:
        found = [float(v) for v in found if numbers.fits_float(v)]
    elif kind is Family.DECIMAL:
        found = decimals.members(found, table.schema[column])
    elif kind is Family.TIME:
        found = times.members(found, table.schema[column])
    expression = comparable(table, column)
    told_apart = times.told_apart(table.schema[column], table.implementation)
    if told_apart or (kind is Family.INTEGER and any(v > _HALF for v in found)):
        equal = [holds(table, column, "==", v, what=what) for v in found]
        return nw.any_horizontal(*equal, ignore_nulls=False) if equal else never(expression)
    return expression.is_in(found) if found else never(expression)


def never(expression: nw.Expr) -> nw.Expr:
    """False in every row."""
    return expression.is_null() & ~expression.is_null()


def always(expression: nw.Expr) -> nw.Expr:
    """True in every row, of nulls too."""
    return expression.is_null() | ~expression.is_null()


def _compare(expression: nw.Expr, op: str, value: Any, *, wide: bool) -> nw.Expr:
    if wide:  # pyarrow takes a Python int for an int64, and casts the column to it
        low = min(value, _HALF)
        value = nw.lit(low, nw.UInt64) + nw.lit(value - low, nw.UInt64)
    found: nw.Expr = _OPERATORS[op](expression, value)
    return found


def _moment(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return dt.datetime.fromisoformat(value)
        except ValueError:
            return None
    to_datetime = getattr(value, "to_pydatetime", None)
    return to_datetime() if callable(to_datetime) else value


def _categories_are_text(table: Table, column: str) -> bool:
    categories = getattr(native_dtype(table, column), "categories", None)
    return categories is None or all(isinstance(c, str) for c in categories)
