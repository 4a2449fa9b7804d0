"""Tables that are asked many times, their text parsed once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals.stable.v2 as nw

from pytest_mlgates.engines.interrupts import interruptible
from pytest_mlgates.engines.table import Table

if TYPE_CHECKING:
    from pathlib import Path

_HELD = "mlgates_held"
# Formats of columns are read a column at a time as they are.
_COLUMNAR = (".parquet", ".pq", ".arrow", ".feather")


def held(table: Table) -> Table:
    """*table*; one of text files as a copy in DuckDB, which spills to disk where it is large.

    Raises:
        TableError: if a file cannot be read to its end.
    """
    link = table._link  # noqa: SLF001  (the connection of a table is the engines' business)
    if link is None or not table.files or all(map(_is_columnar, table.files)):
        return table
    native = table.frame.to_native()
    try:
        interruptible(lambda: native.create(_HELD), link)
    except Exception as error:
        raise table._engine_error(error) from None  # noqa: SLF001
    return Table(
        nw.from_native(link.table(_HELD)),
        name=table.name,
        private=table.private,
        files=table.files,
        link=link,
    )


def _is_columnar(path: Path) -> bool:
    return path.suffix.lower() in _COLUMNAR
