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
    rows = rows_of(columns)
    if frame.implementation.is_duckdb():
        # narwhals takes a name with a dot for a field there.
        quoted = ", ".join(map(name, columns))
        found = frame.to_native().aggregate(f"{quoted}, count(*) as {name(rows)}", quoted)
        return nw.from_native(found)
    # narwhals takes no name for no key, pyarrow one with a dot in front for a path.
    odd = [column for column in columns if not column or column.startswith(".")]
    plain = {column: unused(f"__mlgates_key_{i}__", columns) for i, column in enumerate(odd)}
    renamed = frame.select(*columns)
    renamed = renamed.rename(plain) if odd else renamed
    short = [c for c, dtype in renamed.collect_schema().items() if str(dtype) == "Float16"]
    if short:  # of which pandas makes no groups
        renamed = renamed.with_columns(nw.col(*short).cast(nw.Float32))
    asked = [plain.get(column, column) for column in columns]
    found = renamed.group_by(*asked).agg(nw.len().alias(rows))
    return found.rename({other: column for column, other in plain.items()}) if odd else found
