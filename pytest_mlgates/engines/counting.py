"""Rows of a pandas frame counted by key where the keys stand, which is cheaper than to hash them.

Labels, predictions and groups take few values: each is a small whole number, and so is each
combination of them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_mlgates.engines.dictionaries import coded

if TYPE_CHECKING:
    from collections.abc import Sequence

    import narwhals.stable.v2 as nw
    from numpy.typing import NDArray

# Rows that are coded at once: copies of so many fit into a processor's cache.
_BLOCK = 1 << 15
# So few values are told apart faster one by one.
_TINY = 8
# Combinations that are worth their zeros, however few rows there are.
_FEW = 1 << 10


class _Key(NamedTuple):
    """A column: the value of a row is ``values[row of places - low]``."""

    places: NDArray[Any]
    low: int
    values: Sequence[Any]


def counted(columns: Sequence[nw.Series[Any]]) -> dict[tuple[Any, ...], int] | None:
    """The rows of each combination of *columns*; None where a group-by does it better.

    That is for another library's frames, for numbers that are no codes, and for too many values.
    """
    import numpy as np

    rows = len(columns[0]) if columns else 0
    if not rows or not columns[0].implementation.is_pandas():
        return None
    keys: list[_Key] = []
    left = rows + _FEW  # combinations
    for column in columns:
        key = _key_of(column, left)
        if key is None:
            return None
        keys.append(key)
        left //= len(key.values)
    shape = tuple(len(key.values) for key in keys)
    found = np.zeros(math.prod(shape), dtype=np.intp)
    for start in range(0, rows, _BLOCK):
        codes: Any = 0
        for key in keys:
            some = _from_low(key.places[start : start + _BLOCK], key.low)
            codes = some if key is keys[0] else codes * len(key.values) + some
        found += _tally(codes, len(found))
    occurring = np.flatnonzero(found)
    places = zip(*(some.tolist() for some in np.unravel_index(occurring, shape)), strict=True)
    return {
        tuple(key.values[place] for key, place in zip(keys, row, strict=True)): int(n)
        for row, n in zip(places, found[occurring].tolist(), strict=True)
    }


def _key_of(series: nw.Series[Any], most: int) -> _Key | None:
    """*series* as codes; None for more than *most* values, and for what is no code."""
    import numpy as np

    dtype = series.to_native().dtype
    if isinstance(dtype, np.dtype) and dtype.kind in "iub":
        places = series.to_numpy()
        low, high = int(places.min()), int(places.max())
        if high - low >= most:
            return None
        values = range(low, high + 1)
        return _Key(places, low, [v == 1 for v in values] if dtype.kind == "b" else values)
    found = coded(series)
    return _Key(found[1], 0, found[0]) if found and len(found[0]) <= most else None


def _tally(codes: NDArray[Any], count: int) -> NDArray[Any]:
    """How often each of *count* codes occurs."""
    import numpy as np

    if count > _TINY:
        return np.bincount(codes, minlength=count)
    small = codes.astype(np.uint8)
    return np.array([np.count_nonzero(small == code) for code in range(count)])


def _from_low(values: NDArray[Any], low: int) -> NDArray[Any]:
    import numpy as np

    if not low:
        return values.astype(np.intp, copy=False)
    wide = np.uint64 if values.dtype.kind == "u" else np.int64  # no difference overflows
    return (values.astype(wide, copy=False) - wide(low)).astype(np.intp, copy=False)
