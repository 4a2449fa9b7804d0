"""Tables as Great Expectations takes them: in pandas, or in Spark where they live there.

Only the columns that are asked about are handed over. What pandas would round on the way (integers
of 64 bits and more beside nulls, DuckDB's decimals) arrives as Python's own integers and decimals.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from pytest_mlgates.core.errors import MLGatesError, TableError
from pytest_mlgates.engines.imports import optional
from pytest_mlgates.engines.keys import WIDE, without_zones

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_mlgates.engines.table import Table

_LARGE = (nw.Int64, nw.UInt64, *WIDE)
_LARGEST_EXACT = 2**53


def for_gx(table: Table, columns: Sequence[str]) -> Any:
    """The *columns* of *table* as the dataframe that GX is given.

    Raises:
        MissingExtraError: if pandas (or pyarrow, which polars converts through) does not import.
        TableError: if the rows cannot be read.
    """
    if table.implementation == "pyspark":
        return table.frame.select(*columns).to_native()
    optional("pandas", extra="gx", why="Great Expectations")
    if table.implementation == "pandas":
        return table.frame.select(*columns).to_native()
    if table.implementation == "polars":
        optional("pyarrow", extra="pyarrow", why="a polars table in Great Expectations")
    try:
        return _converted(table, columns)
    except MLGatesError:
        raise
    except Exception as error:
        text = "" if table.private else f": {str(error).strip().partition(chr(10))[0]}"
        raise TableError(
            f"table {table.name!r} cannot be handed to Great Expectations",
            got=f"{type(error).__name__}{text}",
        ) from None


def _converted(table: Table, columns: Sequence[str]) -> Any:
    """One query, so that rows stay rows; what would be rounded travels as text."""
    duckdb = table.implementation == "duckdb"
    made: dict[str, Any] = dict.fromkeys(_rounded(table, columns), int)
    if duckdb:  # whose decimals arrive as floats
        made |= {c: Decimal for c in columns if table.schema[c].is_decimal()}
    frame: Any = table.frame.select(*(_selected(table, c, as_text=c in made) for c in columns))
    zoned: list[int] = []
    if duckdb:
        relation, zoned = without_zones(frame.to_native())
        found = relation.df()
    else:
        found = (frame.collect() if hasattr(frame, "collect") else frame).to_pandas()
    pandas = optional("pandas", extra="gx", why="Great Expectations")
    for column in columns:
        if column in made:
            texts = found[column].tolist()
            values = [made[column](text) if isinstance(text, str) else None for text in texts]
            found[column] = pandas.Series(values, dtype=object)
        elif duckdb:
            found[column] = _as_others_do(found[column])
    for place in zoned:
        found[columns[place]] = found[columns[place]].dt.tz_localize("UTC")
    return found


def _selected(table: Table, column: str, *, as_text: bool) -> nw.Expr:
    value = nw.col(column)
    if as_text:
        return value.cast(nw.String)
    if table.implementation == "pyarrow" and isinstance(table.schema[column], nw.Date):
        return value.cast(nw.Datetime("ms"))  # else a column of Python's dates, of mixed kind
    return value


def _as_others_do(series: Any) -> Any:
    """A column of DuckDB's pandas frame with the kinds of missing that polars and Arrow have.

    ``pd.NA`` compares with nothing, and GX stumbles over it.
    """
    missing = type(getattr(series.dtype, "na_value", None)).__name__ == "NAType"
    if missing and series.dtype.kind in "iu":
        return series.astype("float64")
    if missing or str(series.dtype) == "object":
        return series.astype(object).where(series.notna(), None)
    return series


def _rounded(table: Table, columns: Sequence[str]) -> list[str]:
    """The integer *columns* that pandas would hold as floats and cannot hold exactly there."""
    large = [c for c in columns if isinstance(table.schema[c], _LARGE)]
    if not large:
        return []
    asked = {}
    for place, column in enumerate(large):
        value = nw.col(column)
        asked[f"nulls{place}"] = value.is_null().cast(nw.Int64).sum()
        asked[f"least{place}"] = value.min()
        asked[f"most{place}"] = value.max()
    told = table.aggregate(asked)
    found = []
    for place, column in enumerate(large):
        least, most = (int(told[f"{name}{place}"] or 0) for name in ("least", "most"))
        wide = isinstance(table.schema[column], WIDE)
        if wide or (told[f"nulls{place}"] and max(-least, most) > _LARGEST_EXACT):
            found.append(column)
    return found
