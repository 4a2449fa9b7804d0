"""A file as a table, where its path alone does not say how to read it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_mlgates.config.load import load_for
from pytest_mlgates.engines.options import ReadOptions
from pytest_mlgates.engines.tables import to_table
from pytest_mlgates.runner.evaluator import Evaluator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_mlgates.engines.table import Table


def read_table(
    path: str | Path,
    *,
    delimiter: str | None = None,
    quote: str | None = None,
    encoding: str | None = None,
    decimal: str | None = None,
    null_values: Sequence[str] | None = None,
    table_name: str | None = None,
    private: bool = False,
) -> Table:
    """A table that every gate takes, read as told; rows are read when a gate asks for them.

    The same options are keys of a table in the configuration.

    Args:
        path: A file, a folder of files of one kind, or a glob: CSV, Parquet, JSON Lines, Arrow, or
            a DuckDB database. A relative path is relative to the configuration, or without one to
            the working directory.
        delimiter: What stands between two values of a CSV (default: what its header shows).
        quote: What encloses values of a CSV (default ``"``); ``""`` if nothing does.
        encoding: The encoding of a CSV, by Python's name (default: UTF-8, or what its byte order
            mark says).
        decimal: The decimal mark of a CSV: ``"."`` (default) or ``","``.
        null_values: Texts of a CSV that mean a missing value, beside the empty one.
        table_name: The table of a DuckDB database, ``"applications"`` or ``"main.applications"``;
            a database of one table needs none.
        private: Show no values of it.

    Raises:
        MLGatesError: if there is no such file, it cannot be opened, or an option does not fit it.
    """
    given: dict[str, Any] = {
        "delimiter": delimiter,
        "quote": quote,
        "encoding": encoding,
        "decimal": decimal,
        "null_values": null_values,
        "table_name": table_name,
    }
    options = ReadOptions.of(given)
    run = Evaluator(load_for(Path.cwd()))
    private = private or run.is_private(path)
    if not options.given:
        options = run.options_of(path) or options
    return to_table(path, base=run.context.base, private=private, options=options)
