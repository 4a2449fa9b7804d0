"""One null and one zero on every backend.

Left alone, a mean over [1, NaN] is 1 on pandas and NaN on polars, a maximum differs between DuckDB
and pyarrow, and Arrow takes 0.0 and -0.0 for two values.

DuckDB 2.0 takes ``isnan`` for false by the statistics of a Parquet file, which leave NaN out,
without a look at the data. Connections of our own leave statistics alone (``readers.connection``);
the relations that users hand over are asked in another way.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

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
    kept = {c: nw.col(c) for c in floats}
    for c in _of_arrow(frame, floats):
        kept[c] = (nw.col(c) + 0.0).cast(schema[c])
    trusts_statistics = frame.implementation.is_duckdb() and not is_own
    is_number = _is_infinite_or_finite if trusts_statistics else _is_not_nan
    return frame.with_columns(
        *(nw.when(is_number(nw.col(c))).then(value).alias(c) for c, value in kept.items())
    )


def _is_not_nan(column: nw.Expr) -> nw.Expr:
    return ~column.is_nan()


def _is_infinite_or_finite(column: nw.Expr) -> nw.Expr:
    return column.is_finite() | (column == math.inf) | (column == -math.inf)


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
