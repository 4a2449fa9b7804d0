"""Aggregates of a table: many expressions, one scan, in the form that its engine does fastest."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pytest_mlgates.engines.beside import Beside
from pytest_mlgates.engines.lazy import nw
from pytest_mlgates.engines.membership import by_position

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from pytest_mlgates.engines.table import Table

# Files from this size on are worth a thread more; what narwhals calls a search for a pattern.
_LARGE, _PATTERN, _COLUMN = 32 << 20, ".str.contains(", re.compile(r"\bcol\(([^()]*)\)")


def aggregate(
    table: Table,
    expressions: Mapping[str, nw.Expr],
    meanwhile: Callable[[Mapping[str, Any]], None] | None = None,
) -> dict[str, Any]:
    """One scan: each expression's single value, by name.

    *meanwhile* is called with what is known where the rest takes longer.

    In a large Parquet file patterns, the dearest of all, are searched beside the rest, with all
    else that is asked of texts alone: a file of one row group would else be read by one thread.

    Raises:
        TableError: if the engine cannot evaluate them.
    """
    parts = _dear(table, expressions) if is_large(table) else []
    rest = {n: e for n, e in expressions.items() if not any(n in part for part in parts)}
    if not rest:
        return _together(table, expressions)
    sides: list[tuple[dict[str, nw.Expr], RowsBeside]] = []
    try:
        for part in parts:
            query = by_position(_asked(table, part).to_native().sql_query())
            sides.append((part, RowsBeside(table, query)))
        found = _together(table, rest)
        if meanwhile is not None and sides:
            meanwhile(found)
        for part, side in sides:
            found.update(zip(part, side.result()[0], strict=True))
    except BaseException:
        for _, side in sides:
            side.cancel()
        raise
    return {name: found[name] for name in expressions}


class RowsBeside:
    """The rows that *query* returns from the connection of *table*, read beside other queries."""

    def __init__(self, table: Table, query: str) -> None:
        self._table, self._cursor = table, table.link.cursor()
        self._side: Beside[list[tuple[Any, ...]]] = Beside(
            lambda: self._cursor.sql(query).fetchall(), stop=self._cursor.interrupt
        )

    def result(self) -> list[tuple[Any, ...]]:
        """The rows, once they are there.

        Raises:
            TableError: if the engine cannot read them.
        """
        try:
            return self._side.result()
        except Exception as error:
            raise self._table.engine_error(error) from None
        except BaseException:  # Ctrl-C: nothing goes on behind it
            self._side.cancel()
            raise
        finally:
            self._cursor.close()

    def cancel(self) -> None:
        """End it, and wait for its end."""
        self._side.cancel()
        self._cursor.close()


def _dear(table: Table, expressions: Mapping[str, nw.Expr]) -> list[dict[str, nw.Expr]]:
    """If a pattern is searched: what asks the texts searched alone, and what asks other texts."""
    told = {name: repr(expression) for name, expression in expressions.items()}
    columns = {name: set(_COLUMN.findall(text)) for name, text in told.items()}
    searched: set[str] = set()
    for name, text in told.items():
        searched |= columns[name] if _PATTERN in text else set()
    if not searched:
        return []
    texts = {name for name, dtype in table.schema.items() if isinstance(dtype, nw.String)}
    alone = {n: e for n, e in expressions.items() if columns[n] and columns[n] <= texts}
    parts = (
        {n: e for n, e in alone.items() if columns[n] <= searched},
        {n: e for n, e in alone.items() if not columns[n] <= searched},
    )
    return [part for part in parts if part]


def is_large(table: Table) -> bool:
    """Whether *table* is read from Parquet files that are worth a thread more."""
    return table.link is not None and are_large(table.files)


def are_large(files: Sequence[Path]) -> bool:
    """Whether *files* are of Parquet and worth a thread more."""
    try:
        return (
            bool(files)
            and all(path.suffix == ".parquet" for path in files)
            and sum(path.stat().st_size for path in files) >= _LARGE
        )
    except OSError:  # told when it is read
        return False


def _together(table: Table, expressions: Mapping[str, nw.Expr]) -> dict[str, Any]:
    asked = _asked(table, expressions)
    if table.files and table.link is not None and table.implementation == "duckdb":
        query = asked.to_native().sql_query()
        quicker = by_position(query)
        if quicker != query:
            asked = nw.from_native(table.link.sql(quicker))
    return dict(zip(expressions, table.rows(asked)[0], strict=True))


def _asked(table: Table, expressions: Mapping[str, nw.Expr]) -> Any:
    try:  # engines bind when they are asked: a file may be gone by now
        return table.frame.select(**dict(expressions))
    except Exception as error:
        raise table.engine_error(error) from None
