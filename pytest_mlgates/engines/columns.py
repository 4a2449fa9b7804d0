"""Columns as numpy arrays that look the same whatever library they came from."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import TableError
from pytest_mlgates.engines.lazy import nw

if TYPE_CHECKING:
    import numpy as np


def one_dimensional(name: str, value: Any) -> np.ndarray[Any, Any]:
    """*value* as an array of shape ``(rows,)`` that DuckDB can read.

    Raises:
        TableError: for another shape, or values of several types.
    """
    import numpy as np

    to_numpy = getattr(value, "to_numpy", None)
    array = np.asarray(to_numpy() if callable(to_numpy) else value)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise TableError(
            f"{name} is not one-dimensional", got=f"shape {array.shape}", want="shape (rows,)"
        )
    if array.dtype.kind in "US" and isinstance(value, list | tuple):
        array = np.array([*value, None], dtype=object)[:-1]  # numpy wrote numbers among it as text
    if array.dtype.kind in "US":  # DuckDB reads these as enums, which need pandas to come back
        return array.astype(object)
    if array.dtype == object:
        array = _none_for_missing(array)
        kinds = {type(v) for v in array.tolist() if v is not None}
        kinds -= {float} if kinds == {int, float} else set()
        if len(kinds) > 1:
            raise TableError(
                f"{name} mixes types",
                got=", ".join(sorted(kind.__name__ for kind in kinds)),
                want="values of one type",
            )
    return array


def filled(array: Any, dtype: nw.dtypes.DType) -> np.ndarray[Any, Any]:
    """*array* of a column of type *dtype*, its nulls as NaN (numbers) or None (objects).

    Dates and times are Python's, decimals floats: on every backend the same.
    """
    import numpy as np

    if isinstance(array, np.ma.MaskedArray):
        mask = np.ma.getmaskarray(array)
        data = np.asarray(array.data)
        if mask.any():
            data = data.astype(np.float64 if data.dtype.kind in "iuf" else object)
            data[mask] = np.nan if data.dtype.kind == "f" else None
    else:
        data = np.asarray(array)
    if data.dtype.kind == "M":
        day = np.datetime_data(data.dtype)[0] == "D"
        data = (data if day else data.astype("datetime64[us]")).astype(object)
    elif data.dtype.kind == "m":
        data = data.astype("timedelta64[us]").astype(object)
    if data.dtype != object:
        return data
    data = _none_for_missing(data)
    if dtype.is_numeric() or _all_are(data, "Decimal"):
        return _floats(data)
    if isinstance(dtype, nw.Date):
        return _as_dates(data)
    return data


def is_missing(value: Any) -> bool:
    """Whether *value* is None, NaN, NaT or pandas' NA (which refuses to be compared)."""
    if value is None or type(value).__name__ in {"NAType", "NaTType"}:
        return True
    return isinstance(value, float) and value != value  # noqa: PLR0124


def _none_for_missing(data: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    import numpy as np

    missing = np.fromiter((is_missing(v) for v in data), bool, len(data))
    if missing.any():
        data = data.copy()
        data[missing] = None
    return data


def _all_are(data: np.ndarray[Any, Any], name: str) -> bool:
    kinds = {type(v).__name__ for v in data if v is not None}
    return kinds == {name}


def _floats(data: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    import numpy as np

    found = (float("nan") if v is None else float(v) for v in data)
    return np.fromiter(found, np.float64, len(data))


def _as_dates(data: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    import numpy as np

    out = np.empty(len(data), dtype=object)
    out[:] = [v.date() if hasattr(v, "date") else v for v in data]
    return out


def python_value(value: Any) -> Any:
    """A key as plain Python: every kind of missing as None, times with a zone in UTC."""
    item = getattr(value, "item", None)
    if callable(item):
        value = item()
    if is_missing(value):
        return None
    for name in ("to_pydatetime", "to_pytimedelta"):  # a Timestamp and a Timedelta of pandas
        convert = getattr(value, name, None)
        if callable(convert):
            value = convert(warn=False) if name == "to_pydatetime" else convert()
    if isinstance(value, float):
        return value + 0.0  # -0.0 and 0.0 are one key, shown as 0.0
    if isinstance(value, bytearray):
        return bytes(value)
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC)
    return value


def sort_key(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """What keys of several types, None among them, are sorted by."""
    return tuple((v is None, type(v).__name__, v if v is not None else 0) for v in values)
