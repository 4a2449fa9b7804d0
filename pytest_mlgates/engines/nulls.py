"""One null and one zero on every backend.

Left alone, a mean over [1, NaN] is 1 on pandas and NaN on polars, a maximum differs between DuckDB
and pyarrow, and Arrow takes 0.0 and -0.0 for two values.

DuckDB 2.0 takes ``isnan`` for false by the statistics of a Parquet file, which leave NaN out,
without a look at the data. Connections of our own leave statistics alone (``readers.connection``);
the relations that users hand over are asked in another way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from pytest_mlgates.engines import sql

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def one_null(frame: Any, schema: Mapping[str, nw.dtypes.DType], *, is_own: bool) -> Any:
    """*frame* with NaN as null and -0.0 as 0.0 in its float columns.

    Args:
        frame: A narwhals frame.
        schema: Its columns and their types.
        is_own: Whether it is of a connection of our own.
    """
    floats = [name for name, dtype in schema.items() if dtype.is_float()]
    if not floats:
        return frame
    if frame.implementation.is_duckdb():
        return nw.from_native(_without_nan(frame.to_native(), floats, is_own=is_own))
    kept = {c: nw.col(c) for c in floats}
    for c in _of_arrow(frame, floats):
        kept[c] = (nw.col(c) + 0.0).cast(schema[c])
    return frame.with_columns(
        *(nw.when(~nw.col(c).is_nan()).then(value).alias(c) for c, value in kept.items())
    )


def _without_nan(relation: Any, floats: Sequence[str], *, is_own: bool) -> Any:
    """The same of a relation of DuckDB, in SQL: narwhals takes a name with a dot for a field.

    A connection that is not *is_own* believes what files say of themselves, who do not count NaN;
    that a number is finite or infinite it has to look up.
    """
    parts = []
    for column in relation.columns:
        value = sql.name(column)
        if column in floats:
            infinite = f"{value} = 'infinity'::double or {value} = '-infinity'::double"
            keeps = f"not isnan({value})" if is_own else f"isfinite({value}) or {infinite}"
            value = f"case when {keeps} then {value} end as {value}"
        parts.append(value)
    return relation.project(", ".join(parts))


def _of_arrow(frame: Any, columns: Sequence[str]) -> Sequence[str]:
    """Those of *columns* that are Arrow's, which takes 0.0 and -0.0 for two values."""
    if frame.implementation.is_pyarrow():
        return columns
    if not frame.implementation.is_pandas():
        return ()
    types = frame.to_native().dtypes
    return [c for c in columns if str(types[c]).endswith("[pyarrow]")]


def holds_numpy(column: nw.Series[Any]) -> bool:
    """Whether *column* is a numpy array, which knows no null but NaN."""
    if not column.implementation.is_pandas():
        return False
    return type(column.to_native().dtype).__module__.partition(".")[0] == "numpy"
