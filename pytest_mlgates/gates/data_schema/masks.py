"""Parsed conditions as expressions, with the truth values of pandas or of SQL.

pandas: a comparison with a missing value is false, except ``!=`` and ``not in``, which are true;
so there are two truth values, and ``not`` is their exchange. Its nullable types and Spark SQL know
a third, unknown, which ``not`` leaves as it is; rows where a condition is unknown are left out.
"""

from __future__ import annotations

from operator import and_, or_
from typing import TYPE_CHECKING, Any

from pytest_mlgates.engines.lazy import nw
from pytest_mlgates.gates.data_schema import condition_nodes as nodes
from pytest_mlgates.gates.data_schema import families
from pytest_mlgates.gates.data_schema.column_comparison import compare_columns
from pytest_mlgates.gates.data_schema.families import Family, MismatchError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_mlgates.engines.table import Table

_WHAT = "row_condition:"


def mask_of(tree: Any, table: Table) -> nw.Expr:
    """True in the rows of *table* that the condition *tree* keeps, never null.

    Raises:
        MismatchError: if a column is compared with something of another kind.
    """
    return _rows(tree, table, wanted=True, sql=False)


def _rows(tree: Any, table: Table, *, wanted: bool, sql: bool) -> nw.Expr:
    """The rows where *tree* is true, or where it is false: unknown is neither."""
    if isinstance(tree, nodes.Sql):
        return _rows(tree.part, table, wanted=wanted, sql=True)
    if isinstance(tree, nodes.Not):
        return _rows(tree.part, table, wanted=not wanted, sql=sql)
    if isinstance(tree, nodes.All | nodes.AnyOf):
        parts = [_rows(part, table, wanted=wanted, sql=sql) for part in tree.parts]
        return _joined(and_ if isinstance(tree, nodes.All) is wanted else or_, parts)
    found, of_null = _comparison(tree, table, sql=sql)
    known = found.fill_null(value=bool(of_null))
    if of_null is not None:
        return known if wanted else ~known
    there = _joined(and_, [~nw.col(column).is_null() for column in nodes.columns_of(tree)])
    return there & (known if wanted else ~known)


def _joined(op: Callable[[Any, Any], Any], parts: list[nw.Expr]) -> nw.Expr:
    """*parts* in halves: engines recurse, and a chain of a thousand is too deep for them."""
    while len(parts) > 1:
        pairs = zip(parts[::2], parts[1::2], strict=False)
        parts = [*(op(a, b) for a, b in pairs), *(parts[-1:] if len(parts) % 2 else [])]
    return parts[0]


def _comparison(tree: Any, table: Table, *, sql: bool) -> tuple[nw.Expr, bool | None]:
    """One comparison, and what it is for a null: true, false, or None where that is unknown."""
    column = tree.left.column
    if isinstance(tree, nodes.Null):
        null = nw.col(column).is_null()
        return (null if tree.is_null else ~null), False
    if isinstance(tree, nodes.In):
        found = families.is_in(table, column, tree.values, what=_WHAT)
        if sql:
            return (~found if tree.negated else found), None
        found = found.fill_null(value=False)
        return (~found if tree.negated else found), False
    unknown = sql or _is_nullable(table, column)
    if isinstance(tree, nodes.Truth):
        kind = families.family(table, column)
        if kind is not Family.BOOLEAN:
            raise MismatchError(f"{_WHAT} column {column!r} of {kind} is no condition by itself")
        return families.holds(table, column, "==", bound=True, what=_WHAT), (
            None if unknown else False
        )
    of_null = tree.op == "!="
    if isinstance(tree.right, nodes.Name):
        other = tree.right.column
        _require_comparable(table, column, other)
        _require_order(table, tree.op, column, other)
        found = compare_columns(table, column, tree.op, other)
        return found, None if unknown or _is_nullable(table, other) else of_null
    _require_order(table, tree.op, column)
    right = tree.right if sql else _in_precision(table, column, tree.right)
    found = families.holds(table, column, tree.op, right, what=_WHAT)
    # DataFrame.query reads `a != "x"` as `a not in ["x"]`, which knows no unknown.
    if isinstance(right, str) and tree.op in ("==", "!=") and not sql:
        unknown = False
    return found, None if unknown else of_null


def _is_nullable(table: Table, column: str) -> bool:
    """Whether pandas calls a comparison with a null of *column* unknown (``pd.NA``)."""
    missing = getattr(families.native_dtype(table, column), "na_value", None)
    return type(missing).__name__ == "NAType"


def _require_comparable(table: Table, *columns: str) -> None:
    for column in columns:
        if families.family(table, column) is Family.OTHER:
            raise MismatchError(f"{_WHAT} {column!r} holds objects or nested values: no comparison")


def _require_order(table: Table, op: str, *columns: str) -> None:
    if op in ("==", "!="):
        return
    for column in columns:
        if isinstance(table.schema[column], nw.Categorical | nw.Enum):
            raise MismatchError(
                f"{_WHAT} {op} on {column!r}, whose categories have no order as text; use == or in"
            )


def _in_precision(table: Table, column: str, value: Any) -> Any:
    """*value* as pandas compares it: a single-precision column is asked in its own precision."""
    if not isinstance(table.schema[column], nw.Float32) or isinstance(value, bool):
        return value
    if not isinstance(value, int | float):
        return value
    import numpy as np  # 40 ms that a hook does not have

    with np.errstate(over="ignore"):
        return float(np.float32(value))
