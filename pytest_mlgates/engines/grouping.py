"""Rows counted by key, whatever the columns of a key are called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlgates.engines.lazy import nw
from pytest_mlgates.engines.sql import name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def unused(wanted: str, columns: Iterable[str]) -> str:
    """*wanted*, longer where one of *columns* has the name, in any case."""
    taken = {column.casefold() for column in columns}
    while wanted.casefold() in taken:
        wanted += "_"
    return wanted


def rows_of(columns: Sequence[str]) -> str:
    """What :func:`grouped` calls the number of rows of each key."""
    return unused("__mlgates_rows__", columns)


def grouped(frame: Any, columns: Sequence[str]) -> Any:
    """The keys that *columns* of *frame* (narwhals) have, and last their rows (:func:`rows_of`)."""
    keys, rows = frame.select(*columns), rows_of(columns)
    if not keys.implementation.is_duckdb():
        return keys.group_by(*columns).agg(nw.len().alias(rows))
    # narwhals takes a name with a dot for a field there.
    named = ", ".join(map(name, columns))
    return nw.from_native(keys.to_native().aggregate(f"{named}, count(*) as {name(rows)}", named))
