"""Two columns compared row by row, exactly on every backend."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from pytest_mlgates.engines.lazy import nw
from pytest_mlgates.gates.data_schema.families import (
    NUMERIC,
    Family,
    MismatchError,
    comparable,
    family,
)
from pytest_mlgates.gates.data_schema.wide import beside_float

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_mlgates.engines.table import Table

_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
    "==": operator.eq,
    "!=": operator.ne,
}
_FLIPPED = {">=": "<=", ">": "<", "<=": ">=", "<": ">", "==": "==", "!=": "!="}


def compare_columns(table: Table, left: str, op: str, right: str) -> nw.Expr:
    """``left op right`` row by row; integers of any size beside floats as exact numbers.

    Raises:
        MismatchError: if their types do not compare.
    """
    kinds = family(table, left), family(table, right)
    dtypes = table.schema[left], table.schema[right]
    unlike = kinds[0] is not kinds[1] and not all(kind in NUMERIC for kind in kinds)
    # Engines bring Int64 and UInt64 to a type that holds neither.
    unsigned = nw.UInt64 in map(type, dtypes) and type(dtypes[0]) is not type(dtypes[1])
    zones = [getattr(dtype, "time_zone", None) is not None for dtype in dtypes]
    if unlike or unsigned or zones[0] != zones[1]:
        said = [_said(*one, unsigned=unsigned) for one in zip(kinds, dtypes, zones, strict=True)]
        raise MismatchError(
            f"column {left!r} of {said[0]} does not compare with {right!r} of {said[1]}"
        )
    a, b = comparable(table, left), comparable(table, right)
    if isinstance(dtypes[0], nw.Int64) and kinds[1] is Family.NUMBER:
        return beside_float(a, _OPERATORS[op], b)
    if isinstance(dtypes[1], nw.Int64) and kinds[0] is Family.NUMBER:
        return beside_float(b, _OPERATORS[_FLIPPED[op]], a)
    found: nw.Expr = _OPERATORS[op](a, b)
    return found


def _said(kind: Family, dtype: Any, zoned: bool, *, unsigned: bool) -> str:  # noqa: FBT001
    if unsigned and kind in NUMERIC:
        return str(dtype)
    return f"{kind} with a time zone" if zoned else str(kind)
