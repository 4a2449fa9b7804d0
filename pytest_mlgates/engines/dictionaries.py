"""Texts as places in a list of those that differ: Arrow finds it without an object per row."""

from __future__ import annotations

import importlib.util
import sys
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Rows from which on it pays to import pyarrow, where nobody has yet.
_MANY = 20_000


def has_arrow(rows: int) -> bool:
    """Whether pyarrow is there, and *rows* are worth its import."""
    if "pyarrow" in sys.modules:
        return True
    return rows >= _MANY and importlib.util.find_spec("pyarrow") is not None


def coded(series: nw.Series[Any]) -> tuple[list[str | None], NDArray[np.integer[Any]]] | None:
    """The distinct texts of *series*, None last, and each row's place among them.

    None for a column that is not Arrow's own: its objects would first be copied.
    """
    if not isinstance(series.dtype, nw.String) or not _is_of_arrow(series):
        return None
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        found = series.to_arrow().dictionary_encode()
    except pa.ArrowException:  # a kind of text that this version cannot encode
        return None
    if isinstance(found, pa.ChunkedArray):
        found = found.unify_dictionaries()
        chunks = found.chunks
    else:
        chunks = [found]
    if not chunks:
        return None
    values: list[str | None] = chunks[0].dictionary.to_pylist()
    if found.null_count:
        values.append(None)
    places = [
        pc.fill_null(chunk.indices, len(values) - 1).to_numpy(zero_copy_only=False)
        for chunk in chunks
    ]
    return values, places[0] if len(places) == 1 else np.concatenate(places)


def _is_of_arrow(series: nw.Series[Any]) -> bool:
    implementation = series.implementation
    if implementation.is_pandas():
        dtype = series.to_native().dtype
        return getattr(dtype, "storage", "") == "pyarrow" or str(dtype).endswith("[pyarrow]")
    return (implementation.is_polars() or implementation.is_pyarrow()) and has_arrow(len(series))
