"""Canonical forms of pandas, polars and pyarrow values: values, dtypes, index and names.

A missing value is a leaf of its own (``result["age"].isna()``), because each library keeps another
placeholder under it. How text is stored (Python objects or Arrow) is not part of a value.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlgates.engines import arrow_texts
from pytest_mlgates.engines.tokens import key_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_mlgates.engines.canonical import Walk

_POLARS_TEXTS = {"String", "Categorical", "Enum"}


def handle(walk: Walk, path: str, value: Any) -> bool:
    """Walk *value* if it belongs to pandas, polars or pyarrow; none of them is imported to ask."""
    root = type(value).__module__.partition(".")[0]
    for library, handler in (("pandas", _pandas), ("polars", _polars), ("pyarrow", _arrow)):
        module = sys.modules.get(library)
        if module is None:
            continue
        # A subclass of a pandas frame (geopandas) lives elsewhere: its root does not tell.
        if library in {root, "pandas"} and handler(walk, path, value, module):
            return True
    return False


def _pandas(walk: Walk, path: str, value: Any, pd: Any) -> bool:
    if isinstance(value, pd.DataFrame):
        walk.structure(path, "pandas DataFrame", value.shape)
        with walk.labels():
            _pandas_index(walk, f"{path}.columns", value.columns, pd)
            _pandas_index(walk, f"{path}.index", value.index, pd)
        places = _column_paths(path, list(value.columns))
        for number, place in enumerate(places):
            _pandas_column(walk, place, value.iloc[:, number], pd, path)
    elif isinstance(value, pd.Series):
        walk.structure(path, "pandas Series", value.shape)
        with walk.labels():
            walk.visit(f"{path}.name", value.name)
            _pandas_index(walk, f"{path}.index", value.index, pd)
        _pandas_column(walk, f"{path}.values", value, pd, path)
    elif isinstance(value, pd.Index):
        _pandas_index(walk, path, value, pd)
    elif isinstance(value, pd.api.extensions.ExtensionArray):
        _pandas_column(walk, path, pd.Series(value), pd, None)
    elif isinstance(value, pd.api.extensions.ExtensionDtype):
        walk.texts(path, "dtype", [str(value)], ())
    else:
        return False
    return True


def _pandas_index(walk: Walk, path: str, index: Any, pd: Any) -> None:
    walk.structure(path, "pandas Index", (len(index),))
    with walk.labels():
        walk.visit(f"{path}.names", list(index.names))
    if isinstance(index, pd.MultiIndex):
        for level in range(index.nlevels):
            values = index.get_level_values(level)
            _pandas_column(walk, f"{path}.get_level_values({level})", values, pd, None)
    elif isinstance(index, pd.RangeIndex):
        numbers = range(index.start, index.stop, index.step)
        walk.whole_numbers(f"{path}.values", "column", numbers)
    else:
        _pandas_column(walk, f"{path}.values", index, pd, None)


def _pandas_column(walk: Walk, path: str, column: Any, pd: Any, table: str | None) -> None:
    dtype = column.dtype
    if isinstance(dtype, np.dtype):
        walk.array(path, "column", column.to_numpy(), table=table)
    elif isinstance(dtype, pd.StringDtype):
        _pandas_texts(walk, path, column, table)
    elif isinstance(dtype, pd.CategoricalDtype):
        values = column.array
        order = "ordered" if dtype.ordered else "unordered"
        walk.structure(path, f"{order} categorical column", (len(column),))
        with walk.labels():
            _pandas_index(walk, f"{path}.cat.categories", dtype.categories, pd)
        walk.array(f"{path}.cat.codes", "column", np.asarray(values.codes), table=table)
    elif isinstance(dtype, pd.DatetimeTZDtype):
        naive = np.asarray(column.array.tz_convert(None))
        walk.array(path, f"{dtype.tz} column", naive, table=table)
    elif isinstance(dtype, pd.PeriodDtype):
        ordinals = np.asarray(column.array.astype("int64"))
        walk.array(path, f"{dtype} column", ordinals, table=table)
    elif isinstance(dtype, pd.IntervalDtype):
        walk.structure(path, f"{dtype} column", (len(column),))
        for side in ("left", "right"):
            _pandas_column(walk, f"{path}.{side}", getattr(column.array, side), pd, table)
    elif isinstance(dtype, pd.SparseDtype):
        walk.array(path, f"{dtype} column", np.asarray(column.array), table=table)
    elif isinstance(dtype, pd.ArrowDtype):
        _arrow_column(walk, path, column.array.__arrow_array__(), table)
    elif isinstance(getattr(dtype, "numpy_dtype", None), np.dtype):  # Int64, Float64, boolean
        numbers = column.to_numpy(dtype=dtype.numpy_dtype, na_value=dtype.type(0))
        walk.array(path, f"{dtype} column", numbers, table=table)
        missing = np.asarray(column.isna())
        walk.array(f"{path}.isna()", "column", missing, table=table)
    else:
        walk.objects(path, f"{dtype} column", column.tolist(), (len(column),), table=table)


def _pandas_texts(walk: Walk, path: str, column: Any, table: str | None) -> None:
    kind = f"{column.dtype} column"
    if column.dtype.storage == "pyarrow":
        walk.arrow_texts(path, kind, column.array.__arrow_array__(), table=table)
        return
    missing = np.asarray(column.isna()).tolist()
    texts = [
        None if gone else str(text)
        for gone, text in zip(missing, column.to_numpy(dtype=object), strict=True)
    ]
    walk.texts(path, kind, texts, table=table)


def _polars(walk: Walk, path: str, value: Any, pl: Any) -> bool:
    if isinstance(value, pl.DataFrame):
        walk.structure(path, "polars DataFrame", value.shape)
        with walk.labels():
            walk.texts(f"{path}.columns", "text", value.columns)
        for name in value.columns:
            _polars_column(walk, f"{path}[{key_text(name)}]", value[name], path)
    elif isinstance(value, pl.Series):
        walk.structure(path, "polars Series", (len(value),))
        with walk.labels():
            walk.texts(f"{path}.name", "text", [value.name], ())
        _polars_column(walk, f"{path}.to_list()", value, path)
    elif isinstance(value, pl.DataType):
        walk.texts(path, "dtype", [str(value)], ())
    else:
        return False
    return True


def _polars_column(walk: Walk, path: str, column: Any, table: str | None) -> None:
    dtype = column.dtype
    kind = f"{dtype} column"
    missing = column.null_count() > 0
    if dtype.is_temporal():
        column = column.to_physical()
    if (dtype.is_numeric() and not dtype.is_decimal()) or dtype.is_temporal():
        numbers = (column.fill_null(0) if missing else column).to_numpy()
    elif str(dtype) == "Boolean":
        numbers = (column.fill_null(value=False) if missing else column).to_numpy()
    elif type(dtype).__name__ in _POLARS_TEXTS and arrow_texts.has_arrow(len(column)):
        texts = column.cast(sys.modules["polars"].String)
        walk.arrow_texts(path, kind, texts.to_arrow(), table=table)
        return
    else:
        values = column.to_list()
        if column.dtype.is_nested() or not all(v is None or type(v) is str for v in values):
            walk.objects(path, kind, values, (len(column),), table=table)
        else:
            walk.texts(path, kind, values, table=table)
        return
    walk.array(path, kind, numbers, table=table)
    nulls = column.is_null().to_numpy() if missing else np.zeros(len(column), dtype=bool)
    walk.array(f"{path}.is_null()", "column", nulls, table=table)


def _arrow(walk: Walk, path: str, value: Any, pa: Any) -> bool:
    if isinstance(value, pa.Table | pa.RecordBatch):
        walk.structure(path, f"pyarrow {type(value).__name__}", (value.num_rows, value.num_columns))
        with walk.labels():
            walk.texts(f"{path}.column_names", "text", value.schema.names)
        places = _column_paths(path, value.schema.names)
        for number, place in enumerate(places):
            _arrow_column(walk, place, value.column(number), path)
    elif isinstance(value, pa.Array | pa.ChunkedArray):
        walk.structure(path, "pyarrow Array", (len(value),))
        _arrow_column(walk, f"{path}.to_pylist()", value, path)
    elif isinstance(value, pa.Scalar):
        walk.objects(path, f"pyarrow {value.type} scalar", [value.as_py()], ())
    elif isinstance(value, pa.Schema | pa.DataType | pa.Field):
        walk.texts(path, "dtype", [str(value)], ())
    else:
        return False
    return True


def _arrow_column(walk: Walk, path: str, column: Any, table: str | None) -> None:
    import pyarrow as pa  # the value is one of its own: it is imported already

    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
        if isinstance(column, pa.ChunkedArray):  # no chunk at all, in older versions
            column = pa.array([], type=column.type)
    kind = f"{column.type} column"
    types = pa.types
    if types.is_date32(column.type) or types.is_time32(column.type):
        column = column.cast(pa.int32())
    elif types.is_temporal(column.type) and not types.is_interval(column.type):
        column = column.cast(pa.int64())
    plain = column.type
    if types.is_boolean(plain) or types.is_integer(plain) or types.is_floating(plain):
        nulls = np.zeros(len(column), dtype=bool)
        if column.null_count:
            nulls = column.is_null().to_numpy(zero_copy_only=False)
            column = column.fill_null(pa.scalar(0, pa.int64()).cast(plain))
        walk.array(path, kind, column.to_numpy(zero_copy_only=False), table=table)
        walk.array(f"{path}.is_null()", "column", nulls, table=table)
    elif types.is_string(plain) or types.is_large_string(plain):
        walk.arrow_texts(path, f"{kind} of text", column, table=table)
    else:
        values = column.to_pylist()
        walk.objects(path, kind, values, (len(values),), table=table)


def _column_paths(path: str, names: Iterable[Any]) -> list[str]:
    """``result["age"]`` per column, by position where names repeat or are no plain values."""
    texts = [key_text(name) for name in names]
    if len(set(texts)) < len(texts) or None in texts:
        return [f"{path}.iloc[:, {number}]" for number in range(len(texts))]
    return [f"{path}[{text}]" for text in texts]
