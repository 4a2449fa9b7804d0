"""Values as keys: the same groups whether a column is counted or read row by row."""

from __future__ import annotations

from datetime import UTC
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from pytest_mlgates.engines.columns import is_missing, python_value, sort_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy as np
    from numpy.typing import NDArray

WIDE = (nw.Int128, nw.UInt128)
NUMBER = "number"
_KINDS = {
    "bool_": "bool",
    "Timestamp": "datetime",
    "Timedelta": "timedelta",
    "str_": "str",
    **dict.fromkeys(("int", "float"), NUMBER),
    **{f"{kind}{bits}": NUMBER for kind in ("int", "uint", "float") for bits in (8, 16, 32, 64)},
}
_WITH_ZONE = ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS")


def factorized(values: Iterable[Any], *, zoned: bool = False) -> tuple[list[Any], NDArray[np.intp]]:
    """The distinct *values* as keys, sorted and None last, and the place of each value.

    Args:
        values: Of one column, in row order. True and 1 are two values.
        zoned: Whether times without a zone are of UTC.

    Raises:
        TypeError: for values that cannot be keys: lists, dictionaries, arrays.
    """
    import numpy as np

    if isinstance(values, np.ndarray) and values.dtype.kind in "iubf":
        return _factorized_numbers(values)
    if isinstance(values, np.ndarray) and values.dtype.kind in "mM":
        values = values.astype(f"{values.dtype.kind}8[us]")  # whose items are Python's
    listed = values.tolist() if isinstance(values, np.ndarray) else list(values)
    listed = [bytes(v) if isinstance(v, bytearray) else v for v in listed]
    seen: dict[tuple[type, Any], int] = {}
    codes = np.fromiter(
        (seen.setdefault((type(v), v), len(seen)) for v in listed), np.intp, len(listed)
    )
    keys = [python_value(value) for _, value in seen]
    if zoned:
        keys = [k if k is None or k.tzinfo else k.replace(tzinfo=UTC) for k in keys]
    distinct = {(type(key), key): key for key in keys}  # several kinds of missing, as one
    place = {key: i for i, key in enumerate(distinct)}
    places = np.asarray([place[type(key), key] for key in keys], dtype=np.intp)
    return in_order(list(distinct.values()), places[codes])


def in_order(
    keys: list[Any], codes: NDArray[np.integer[Any]]
) -> tuple[list[Any], NDArray[np.intp]]:
    """Distinct *keys* sorted, None last, and the *codes* that are their places as places there."""
    import numpy as np

    order = sorted(range(len(keys)), key=lambda place: sort_key((keys[place],)))
    places = np.empty(len(keys), dtype=np.intp)
    places[order] = np.arange(len(keys))
    return [keys[place] for place in order], places[codes]


def _factorized_numbers(values: NDArray[Any]) -> tuple[list[Any], NDArray[np.intp]]:
    import numpy as np

    if values.dtype.kind in "iub" and len(values):
        low, high = int(values.min()), int(values.max())
        if high - low < len(values):
            return _factorized_integers(values, low, high)
    missing = np.isnan(values) if values.dtype.kind == "f" else np.zeros(len(values), dtype=bool)
    found, inverse = np.unique(values[~missing], return_inverse=True)
    codes = np.full(len(values), len(found), dtype=np.intp)
    codes[~missing] = inverse
    keys = [python_value(v) for v in found.tolist()]
    return keys + ([None] if missing.any() else []), codes


def _factorized_integers(
    values: NDArray[Any], low: int, high: int
) -> tuple[list[Any], NDArray[np.intp]]:
    """Codes, labels, ages: counted where they stand, which is cheaper than sorting them."""
    import numpy as np

    wide = np.uint64 if values.dtype.kind == "u" else np.int64  # no difference overflows
    places = (values.astype(wide, copy=False) - wide(low)).astype(np.intp, copy=False)
    occurs = np.bincount(places, minlength=high - low + 1) > 0
    kind = bool if values.dtype.kind == "b" else int
    keys = [kind(low + place) for place in np.flatnonzero(occurs).tolist()]
    return keys, (np.cumsum(occurs) - 1)[places]


def kinds_of(values: Iterable[Any]) -> list[str]:
    """The kinds of *values* that are not missing, by the names of their types; numbers are one."""
    found: dict[type, Any] = {}
    for value in values:
        if type(value) not in found and not is_missing(value):
            found[type(value)] = value
    return sorted({_KINDS.get(kind.__name__, kind.__name__) for kind in found})


def categories(values: list[Any]) -> NDArray[Any]:
    """The *values* of a categorical column as an array of what its categories are."""
    import numpy as np

    plain = [python_value(v) for v in values]
    types = {type(v) for v in plain if v is not None}
    if types and (types <= {int, float} or types == {bool}) and None not in plain:
        return np.asarray(plain)
    out = np.empty(len(plain), dtype=object)
    if types <= {int, float}:
        out[:] = plain
        return out if not types else np.asarray([np.nan if v is None else v for v in plain])
    own = types <= {bool, str, Decimal}
    out[:] = [v if v is None or own or hasattr(v, "isoformat") else str(v) for v in plain]
    return out


def wide_integers(texts: Iterable[str | None]) -> NDArray[Any]:
    """Integers of up to 128 bits as an array: int64 if they fit and none is missing, else floats.

    Two integers over 2^53 are one float.
    """
    import numpy as np

    values = [None if is_missing(text) else int(text) for text in texts]  # type: ignore[arg-type]
    if all(v is not None and abs(v) < 2**63 for v in values):
        return np.asarray(values, dtype=np.int64)
    return np.asarray([np.nan if v is None else float(v) for v in values], dtype=np.float64)


def exact(values: Iterable[Any], dtype: nw.dtypes.DType) -> list[Any]:
    """*values* of a column of type *dtype*, fetched as text, as the integers or decimals they are.

    Masked integers come as they are.
    """
    import numpy as np

    if isinstance(values, np.ma.MaskedArray) and not dtype.is_decimal() and not is_wide(dtype):
        return list(values.tolist())
    filled = values.tolist() if isinstance(values, np.ndarray) else list(values)
    make = Decimal if dtype.is_decimal() else int
    return [None if is_missing(v) else make(v) for v in filled]


def is_wide(dtype: nw.dtypes.DType) -> bool:
    """Whether numpy has no integers of type *dtype*."""
    return isinstance(dtype, WIDE)


def without_zones(relation: Any) -> tuple[Any, list[int]]:
    """A DuckDB *relation* with its times of a zone as times of UTC, and where these are.

    DuckDB hands a time with its zone over through pytz, which need not be installed.
    """
    columns = list(zip(relation.columns, map(str, relation.types), strict=True))
    places = [i for i, (_, kind) in enumerate(columns) if kind in _WITH_ZONE]
    if not places:
        return relation, []
    quoted = ['"' + columns[i][0].replace('"', '""') + '"' for i in places]
    parts = ", ".join(f"make_timestamp(epoch_us({name})) as {name}" for name in quoted)
    return relation.project(f"* replace ({parts})"), places


def with_zones(rows: list[tuple[Any, ...]], places: list[int]) -> list[tuple[Any, ...]]:
    """*rows* with the times at *places* marked as times of UTC."""
    if not places:
        return rows
    return [
        tuple(
            v.replace(tzinfo=UTC) if i in places and v is not None else v for i, v in enumerate(row)
        )
        for row in rows
    ]


def zoned(schema: Mapping[str, nw.dtypes.DType], column: str) -> bool:
    """Whether *column* holds times with a zone."""
    dtype = schema[column]
    return isinstance(dtype, nw.Datetime) and dtype.time_zone is not None
