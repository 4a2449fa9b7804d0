"""Digests of columns: the same for the same values on every backend and platform.

A column's values become bytes in one form: numbers as 8 bytes each, texts as their lengths and then
their UTF-8, dates as days and times as microseconds. Where pyarrow is there, texts are taken from
its buffers; else they are written one by one, which is the same bytes and slower.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from pytest_mlgates.core.known_digests import sha256_of_unchanged
from pytest_mlgates.engines.dictionaries import has_arrow

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

# What stands for null among days and microseconds.
_NULL = -(2**63)
_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001  (times without a zone are counted from it)
_MICROSECOND = dt.timedelta(microseconds=1)
_BLOCK = 1 << 16


def of_files(files: Sequence[Path]) -> str:
    """The digest of *files*: of their bytes, in their order; large ones are remembered."""
    parts = [sha256_of_unchanged(path) for path in files]
    if len(parts) == 1:
        return parts[0]
    return f"sha256:{hashlib.sha256(' '.join(parts).encode()).hexdigest()}"


def of_series(digest: hashlib._Hash, name: str, series: nw.Series[Any]) -> bool:
    """Feed *digest* a column from its own buffers; False if it is of no kind that has them."""
    if isinstance(series.dtype, nw.Date | nw.Datetime):
        return _of_times(digest, name, series)
    return isinstance(series.dtype, nw.String) and _of_texts(digest, name, series)


def _of_times(digest: hashlib._Hash, name: str, series: nw.Series[Any]) -> bool:
    if series.null_count() == len(series):  # no engine knows what it would hold
        return False
    array = series.to_numpy()
    if array.dtype.kind != "M":
        return False
    if isinstance(series.dtype, nw.Date):
        kind, unit = "date", "D"
    else:
        kind, unit = ("utc" if getattr(series.dtype, "time_zone", None) else "time"), "us"
    _begin(digest, name, kind, len(array))
    digest.update(array.astype(f"datetime64[{unit}]").astype("<i8").data)  # NaT is _NULL
    return True


def _of_texts(digest: hashlib._Hash, name: str, series: nw.Series[Any]) -> bool:
    if not has_arrow(len(series)):
        return False
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        found = series.to_arrow().cast(pa.large_string())
    except pa.ArrowException:  # an object column of several types
        return False
    if found.null_count == len(found):  # no engine knows what it would hold
        return False
    chunks = found.chunks if isinstance(found, pa.ChunkedArray) else [found]
    _begin(digest, name, "text", len(found))
    for chunk in chunks:
        lengths = pc.fill_null(pc.binary_length(chunk), -1)
        digest.update(lengths.to_numpy(zero_copy_only=False).astype("<i8").data)
    for chunk in chunks:
        digest.update(_text_bytes(pc.fill_null(chunk, "")))
    return True


def _text_bytes(chunk: Any) -> memoryview:
    import numpy as np

    _, offsets, data = chunk.buffers()
    if data is None:
        return memoryview(b"")
    ends = np.frombuffer(offsets, "<i8")[chunk.offset : chunk.offset + len(chunk) + 1]
    return memoryview(data)[int(ends[0]) : int(ends[-1])]


def of_array(digest: hashlib._Hash, name: str, array: NDArray[Any], *, zoned: bool) -> None:
    """Feed *digest* a column from a numpy *array* as a table hands it out.

    Args:
        digest: What is fed.
        name: The column.
        array: Its values, of shape ``(rows,)``.
        zoned: Whether times among them that have no zone are of UTC.
    """
    import numpy as np

    if array.dtype.kind in "iub":
        _begin(digest, name, "int", len(array))
        for some in _in_blocks(array):
            digest.update(some.astype("<i8", order="C", copy=False).data)
    elif array.dtype.kind == "f":
        _begin(digest, name, "float", len(array))
        for some in _in_blocks(array):
            missing = np.isnan(some)
            one = np.where(missing, np.nan, some) if missing.any() else some  # one NaN of many
            digest.update((one + 0.0).astype("<f8", copy=False).data)
    else:
        _of_objects(digest, name, array.tolist(), zoned=zoned)


def _in_blocks(array: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """*array* in parts whose copies fit into a processor's cache."""
    for start in range(0, len(array), _BLOCK):
        yield array[start : start + _BLOCK]


def _of_objects(digest: hashlib._Hash, name: str, values: list[Any], *, zoned: bool) -> None:
    import numpy as np

    kinds = {type(v) for v in values if v is not None}
    if kinds == {dt.date}:
        _begin(digest, name, "date", len(values))
        days = ((_NULL if v is None else (v - _EPOCH.date()).days) for v in values)
        digest.update(np.fromiter(days, "<i8", len(values)).data)
        return
    if kinds == {dt.datetime} and len({v.tzinfo is None for v in values if v is not None}) == 1:
        own = next(v for v in values if v is not None).tzinfo is not None
        _begin(digest, name, "utc" if zoned or own else "time", len(values))
        epoch = _EPOCH.replace(tzinfo=dt.UTC) if own else _EPOCH
        moments = ((_NULL if v is None else (v - epoch) // _MICROSECOND) for v in values)
        digest.update(np.fromiter(moments, "<i8", len(values)).data)
        return
    texts = [b"" if v is None else str(v).encode("utf-8", "surrogatepass") for v in values]
    lengths = (-1 if v is None else len(t) for v, t in zip(values, texts, strict=True))
    _begin(digest, name, "text", len(values))
    digest.update(np.fromiter(lengths, "<i8", len(values)).data)
    digest.update(b"".join(texts))


def _begin(digest: hashlib._Hash, name: str, kind: str, rows: int) -> None:
    digest.update(f"{name}\0{kind}\0{rows}\0".encode())
