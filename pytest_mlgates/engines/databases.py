"""A table of a DuckDB database, opened for reading only, with no way out of it."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import TableError
from pytest_mlgates.core.text import did_you_mean, listing
from pytest_mlgates.engines import sql
from pytest_mlgates.engines.partitions import Partitions
from pytest_mlgates.engines.reading_errors import reading_error
from pytest_mlgates.engines.typed_files import TypedReading

if TYPE_CHECKING:
    from pathlib import Path

_TABLES = """
    select schema_name, table_name, true from duckdb_tables() where database_name = 'source'
    union all
    select schema_name, view_name, false from duckdb_views() where database_name = 'source'
        and not internal
    order by all
"""


def database(path: Path, table_name: str | None, link: Any, *, private: bool) -> TypedReading:
    """The table *table_name* of the database *path*, the only one if it is None.

    A view of the database is a query that its author wrote: it may read the database's tables and
    nothing else.

    Raises:
        TableError: if there is no such table, the name is not plain, or the database is in use.
    """
    if os.sep == "/" and "\\" in str(path):  # DuckDB would open another file, in a folder
        raise TableError(
            f"{path.name!r} has a backslash in its path",
            where=str(path),
            want="a path without one: DuckDB reads it as a folder",
        )
    try:
        link.execute(f"attach {sql.text(str(path))} as source (type duckdb, read_only)")
        link.execute("set enable_external_access = false")
        link.execute("set python_enable_replacements = false")  # variables of this process
        link.execute("set lock_configuration = true")
        tables = link.execute(_TABLES).fetchall()
    except Exception as error:
        raise reading_error(error, str(path), private=private) from None
    schema, table, is_table = _chosen(tables, table_name, path)
    try:
        base = link.sql(f"from source.{sql.name(schema)}.{sql.name(table)}")
    except Exception as error:
        raise reading_error(error, str(path), private=private) from None
    # A view may join or group: its rows come in another order with every query.
    return TypedReading(
        base, base.columns, Partitions(), [path], private=private, is_ordered=is_table
    )


def _chosen(
    tables: list[tuple[str, str, bool]], wanted: str | None, path: Path
) -> tuple[str, str, bool]:
    named = {f"{one[0]}.{one[1]}": one for one in tables}
    if wanted is None:
        found = list(named.values())
    else:
        found = [named[wanted]] if wanted in named else [t for t in tables if t[1] == wanted]
    if len(found) == 1:
        return found[0]
    if not tables:
        raise TableError(f"{path.name!r} holds no tables", where=str(path), want="a table")
    if wanted is None:
        what = f"{path.name!r} holds {len(tables)} tables, and none is named"
    elif found:
        what = f"{path.name!r} holds several tables {wanted!r}"
    else:
        what = f"{path.name!r} holds no table {wanted!r}"
    near = did_you_mean(wanted, [*named, *(one[1] for one in tables)]) if wanted else ""
    raise TableError(
        what,
        where=str(path),
        got=f"tables {listing(named)}",
        want="the name of one of them",
        fix=near or f"table_name = {json.dumps(next(iter(named)), ensure_ascii=False)}",
    )
