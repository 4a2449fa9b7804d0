"""Aggregates of a table: many expressions, one scan, in the form that its engine does fastest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from pytest_mlgates.engines.beside import Beside
from pytest_mlgates.engines.membership import by_position

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_mlgates.engines.table import Table

# Files from this size on are worth a thread more; what narwhals calls a search for a pattern.
_LARGE, _PATTERN = 32 << 20, ".str.contains("


def aggregate(table: Table, expressions: Mapping[str, nw.Expr]) -> dict[str, Any]:
    """One scan: each expression's single value, by name.

    In a large Parquet file patterns, the dearest of all, are searched beside the rest: a file of
    one row group would else be read by one thread.

    Raises:
        TableError: if the engine cannot evaluate them.
    """
    dear = {n: e for n, e in expressions.items() if _PATTERN in repr(e)} if is_large(table) else {}
    rest = {n: e for n, e in expressions.items() if n not in dear}
    if not dear or not rest:
        return _together(table, expressions)
    query = by_position(_asked(table, dear).to_native().sql_query())
    cursor = table.link.cursor()
    side = Beside(lambda: cursor.sql(query).fetchall(), stop=cursor.interrupt)
    try:
        found = _together(table, rest)
    except BaseException:
        side.cancel()
        raise
    try:
        counts = side.result()[0]
    except Exception as error:
        raise table.engine_error(error) from None
    finally:
        cursor.close()
    found.update(zip(dear, counts, strict=True))
    return {name: found[name] for name in expressions}


def is_large(table: Table) -> bool:
    """Whether *table* is read from Parquet files that are worth a thread more."""
    if table.link is None or not all(path.suffix == ".parquet" for path in table.files):
        return False
    try:
        return bool(table.files) and sum(f.stat().st_size for f in table.files) >= _LARGE
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
