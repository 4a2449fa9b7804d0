"""How many rows share their key with another row: exact, by the cheapest way that is.

1. Whole numbers that are dense enough to count: one bit or cell per possible key.
2. Other whole numbers: sorted.
3. Any other key, in DuckDB: its 64-bit hashes, sorted. Equal keys have equal hashes, so that no
   equal hashes prove that no keys are equal; a key with an equal hash is counted exactly.
4. Other engines, and keys that do repeat: a group-by.

A group-by over 10 million texts needs a gigabyte, their sorted hashes 80 megabytes.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_mlgates.engines.grouping import grouped, rows_of
from pytest_mlgates.engines.lazy import nw
from pytest_mlgates.engines.sql import name

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from pytest_mlgates.engines.table import Table

_WHOLE = ("Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32")
# Below this a group-by is as cheap as any other way.
_FEW = 20_000
# Bits per row that are worth their memory for not sorting, and the most of them.
_BITS, _MOST_BITS = 64, 1_000_000_000
# Cells per row that are worth their memory (a byte each) for not sorting, and the most of them.
_CELLS, _MOST_CELLS = 16, 1 << 29


class Limits(NamedTuple):
    """Of a column of whole numbers without nulls: the least and the greatest."""

    low: int
    high: int


def needs_limits(table: Table, columns: Sequence[str]) -> bool:
    """Whether the limits of *columns* are worth asking for before :func:`repeated_rows`."""
    whole = all(type(table.schema[column]).__name__ in _WHOLE for column in columns)
    return whole and table.implementation == "duckdb"


def repeated_rows(
    table: Table,
    frame: Any,
    columns: Sequence[str],
    *,
    rows: int,
    limits: Sequence[Limits] | None = None,
) -> int:
    """How many rows of *frame* share the values of *columns* with another row; nulls are equal.

    Args:
        table: The table that *frame* is derived from.
        frame: Some of its rows, a narwhals frame.
        columns: The key.
        rows: How many rows *frame* has, or more.
        limits: Where they are known and no column has nulls: those of *columns*; *rows* is then
            exact.

    Raises:
        TableError: if the engine cannot read them.
    """
    keys = frame.select(*columns)
    if rows >= _FEW:
        if isinstance(keys, nw.DataFrame):
            return _in_memory(keys)
        known = None if limits is None else (rows, limits)
        if table.implementation == "duckdb" and _no_repeats(table, keys, known):
            return 0
    total = groups_that_repeat(keys, columns).select(nw.col(rows_of(columns)).sum())
    return int(table.rows(total)[0][0] or 0)


def groups_that_repeat(frame: Any, columns: Sequence[str]) -> Any:
    """The values of *columns* that stand in several rows of *frame*, their number last."""
    return grouped(frame, columns).filter(nw.col(rows_of(columns)) > 1)


def _in_memory(keys: nw.DataFrame[Any]) -> int:
    arrays = [keys.get_column(c) for c in keys.columns]
    if all(type(a.dtype).__name__ in _WHOLE and not a.null_count() for a in arrays):
        packed = _packed([a.to_numpy() for a in arrays])
        if packed is not None and _are_distinct(*packed):
            return 0
    return int(keys.is_duplicated().sum())


_Known = tuple[int, "Sequence[Limits]"]


def _no_repeats(table: Table, keys: nw.LazyFrame[Any], known: _Known | None) -> bool:
    """Whether it is certain that no key repeats."""
    native, schema = keys.to_native(), keys.collect_schema()
    named = [name(column) for column in schema]
    whole = all(type(dtype).__name__ in _WHOLE for dtype in schema.values())
    if whole:
        known = known or _limits(table, native, named)
        dense = None if known is None else _dense(table, native, named, *known)
        if dense is not None:
            return dense
    import numpy as np  # dear to import, and not needed above

    if whole:
        found = table.fetch_numpy(native)
        if not any(np.ma.is_masked(values) for values in found.values()):
            packed = _packed([np.asarray(values) for values in found.values()])
            if packed is not None:
                return _are_distinct(*packed)
        del found
    hashes = np.asarray(table.fetch_numpy(native.project(f"hash({', '.join(named)}) as h"))["h"])
    hashes.sort()
    return not bool((hashes[1:] == hashes[:-1]).any())


def _limits(table: Table, native: Any, named: Sequence[str]) -> _Known | None:
    """The rows, and the limits of whole numbers; None where a column has nulls."""
    asked = ", ".join(f"min({n}), max({n}), count({n})" for n in named)
    rows, *found = table.rows(nw.from_native(native.aggregate(f"count(*), {asked}")))[0]
    if not rows or any(count != rows for count in found[2::3]):
        return None
    return rows, [Limits(*pair) for pair in zip(found[0::3], found[1::3], strict=True)]


def _dense(
    table: Table, native: Any, named: Sequence[str], rows: int, limits: Sequence[Limits]
) -> bool | None:
    """Whether whole numbers have no repeats, a bit per possible key; None if they are too many."""
    spans = [one.high - one.low + 1 for one in limits]
    if prod(spans) > min(_BITS * rows, _MOST_BITS):
        return False if rows > prod(spans) else None
    packed = "0"
    for column, one, span in zip(named, limits, spans, strict=True):
        packed = f"({packed} * {span} + ({column}::bigint - ({one.low})))"
    bits = f"bit_count(bitstring_agg({packed}::bigint, 0, {prod(spans) - 1}))"
    return bool(table.rows(nw.from_native(native.aggregate(bits)))[0][0] == rows)


def _packed(arrays: Sequence[NDArray[Any]]) -> tuple[NDArray[np.int64], int] | None:
    """Each row's key as one number from 0, and how many numbers there may be; None if too many."""
    import numpy as np

    if not len(arrays[0]):
        return np.zeros(0, dtype=np.int64), 0
    lows = [int(values.min()) for values in arrays]
    spans = [int(values.max()) - low + 1 for values, low in zip(arrays, lows, strict=True)]
    if prod(spans) >= 1 << 62:
        return None
    packed = np.zeros(len(arrays[0]), dtype=np.int64)
    for values, low, span in zip(arrays, lows, spans, strict=True):
        packed *= span
        packed += values.astype(np.int64, copy=False)
        packed -= low
    return packed, prod(spans)


def _are_distinct(keys: NDArray[np.int64], span: int) -> bool:
    import numpy as np

    if len(keys) > span:
        return False
    if bool((keys[1:] > keys[:-1]).all()):
        return True
    if span <= min(_CELLS * len(keys), _MOST_CELLS):
        seen = np.zeros(span, dtype=np.bool_)
        seen[keys] = True
        return int(np.count_nonzero(seen)) == len(keys)
    keys = np.sort(keys)
    return not bool((keys[1:] == keys[:-1]).any())
