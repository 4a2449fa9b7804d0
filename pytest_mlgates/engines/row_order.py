"""Values against the one before them, where rows have an order: dataframes in memory, and files.

DuckDB hands the rows of files on in their order: through filters, over several files, and to a
window without an ORDER BY, which it computes as the rows stream past.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from pytest_mlgates.engines.lazy import nw

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_mlgates.engines.table import Table

_VALUE, _BEFORE, _ROW = "__mlgates_value__", "__mlgates_before__", "__mlgates_row__"
_STEPS: dict[str, Callable[[Any, Any], Any]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
}


def out_of_order(table: Table, values: nw.Expr, kept: nw.Expr, step: str) -> int:
    """How many *values* of the rows *kept* break ``value step value before``.

    Args:
        table: Whose rows are ordered.
        values: Not null in the rows kept.
        kept: Which rows count, never null.
        step: ``>=``, ``>``, ``<=`` or ``<``.
    """
    if isinstance(table.frame, nw.DataFrame):
        value, before = _pairs(table, values, kept)
        return int((~_STEPS[step](value, before)).sum()) if len(value) else 0
    pairs = _streamed(table, values, kept)
    found = pairs.aggregate(f"count(*) filter (where not ({_VALUE} {step} {_BEFORE})) as bad")
    return int(table.rows(nw.from_native(found))[0][0])


def examples(
    table: Table, values: nw.Expr, kept: nw.Expr, step: str, most: int
) -> list[tuple[int, Any]]:
    """The first *most* of what :func:`out_of_order` counts: the row's number, and its value."""
    if isinstance(table.frame, nw.DataFrame):
        value, before = _pairs(table, values, kept)
        rows = _kept(table, values, kept).get_column(_ROW).tail(len(value))
        bad = ~_STEPS[step](value, before)
        return list(
            zip(
                [int(row) for row in rows.filter(bad).head(most).to_list()],
                value.filter(bad).head(most).to_list(),
                strict=True,
            )
        )
    bad = _streamed(table, values, kept).filter(f"not ({_VALUE} {step} {_BEFORE})")
    found = bad.project(f"{_ROW}, {_VALUE}").limit(most)
    return [(int(row), value) for row, value in table.rows(nw.from_native(found))]


def _kept(table: Table, values: nw.Expr, kept: nw.Expr) -> Any:
    frame: Any = table.frame
    columns = frame.select(values.alias(_VALUE), kept.alias(_BEFORE)).with_row_index(_ROW)
    return columns.filter(nw.col(_BEFORE))


def _pairs(table: Table, values: nw.Expr, kept: nw.Expr) -> tuple[Any, Any]:
    found = _kept(table, values, kept).get_column(_VALUE)
    pairs = max(len(found) - 1, 0)
    return found.tail(pairs), found.head(pairs)


def _streamed(table: Table, values: nw.Expr, kept: nw.Expr) -> Any:
    frame: Any = table.frame
    chosen = frame.select(values.alias(_VALUE), kept.alias(_BEFORE)).to_native()
    numbered = chosen.project(f"*, row_number() over () - 1 as {_ROW}")
    there = numbered.filter(_BEFORE)
    # The first value has none before it: null is no breach.
    return there.project(f"{_ROW}, {_VALUE}, lag({_VALUE}) over () as {_BEFORE}")
