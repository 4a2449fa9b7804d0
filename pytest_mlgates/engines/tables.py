"""Tables of what users have: dataframes, paths, arrays."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from pytest_mlgates.core.errors import TableError
from pytest_mlgates.engines import readers
from pytest_mlgates.engines.columns import one_dimensional
from pytest_mlgates.engines.file_reading import FileReading
from pytest_mlgates.engines.partitions import root_of
from pytest_mlgates.engines.table import Table
from pytest_mlgates.engines.table_digests import hashing_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from pytest_mlgates.engines.options import ReadOptions


def to_table(
    obj: Any,
    *,
    name: str = "table",
    base: Path | None = None,
    private: bool = False,
    options: ReadOptions | None = None,
    judged: bool = False,
) -> Table:
    """*obj* as a :class:`Table`.

    Args:
        obj: A dataframe that narwhals knows (pandas, polars, pyarrow, DuckDB relation, PySpark, …),
            a path or glob of CSV, Parquet, JSON Lines or Arrow files or of a DuckDB database, or a
            mapping of arrays.
        name: What messages call it (a path is called by its file name).
        base: What relative paths are relative to (default: the working directory).
        private: Show no values of it.
        options: How to read files, where they do not say it.
        judged: Whether a verdict will name the digest of its files: it is begun at once.

    Raises:
        TableError: if it is none of these, or cannot be read.
    """
    if isinstance(obj, Table):
        return obj.as_private() if private else obj
    if isinstance(obj, str | Path):
        label = Path(obj).name if name == "table" else name
        base = base or Path.cwd()
        files = tuple(readers.expand(obj, base))
        hashing = hashing_of(files) if judged else None  # while the engine opens
        found = FileReading.of(files, root_of(obj, base), options, private=private)
        return Table(
            found, name=label, private=private, files=files, link=found.link, hashing=hashing
        )
    if isinstance(obj, dict):
        return table_of_arrays(obj, name=name, private=private)
    try:
        native = nw.from_native(_plain(obj))
    except TypeError:
        native = None
    except nw.exceptions.NarwhalsError as error:  # two columns of one name
        raise TableError(
            f"{type(obj).__name__} is no usable table", got=str(error).strip().splitlines()[0]
        ) from None
    if not isinstance(native, nw.DataFrame | nw.LazyFrame):
        raise TableError(
            f"{type(obj).__name__} is not a table",
            want="a dataframe (pandas, polars, pyarrow, DuckDB, PySpark), or a path of CSV, "
            "Parquet, JSON Lines or Arrow files",
            fix="pass arrays by keyword: mlgate(y_true=…, y_pred=…)"
            if hasattr(obj, "__len__")
            else "",
        )
    return Table(native, name=name, private=private)


def _plain(obj: Any) -> Any:
    """A table of pyarrow, also inside pandas, in types that all of its functions take.

    Dictionaries differ between chunks, and stand for numbers too; views of text and floats of 16
    bits have no functions. The values are the same.
    """
    package, kind = type(obj).__module__.partition(".")[0], type(obj).__name__
    if package == "pandas" and kind == "DataFrame":
        return _plain_pandas(obj)
    if package != "pyarrow" or kind != "Table":
        return obj
    import pyarrow as pa

    wanted = [_plain_type(field.type, pa) for field in obj.schema]
    if any(found is not None for found in wanted):
        for place, (field, found) in enumerate(zip(obj.schema, wanted, strict=True)):
            if found is not None:
                obj = obj.set_column(place, field.name, obj.column(place).cast(found))
    return obj.unify_dictionaries() if any(map(pa.types.is_dictionary, obj.schema.types)) else obj


def _plain_pandas(obj: Any) -> Any:
    """*obj* with its columns of Arrow as :func:`_plain` wants them; the others are not copied."""
    of_arrow = [name for name, dtype in obj.dtypes.items() if hasattr(dtype, "pyarrow_dtype")]
    if not of_arrow or not obj.columns.is_unique:
        return obj
    import pandas as pd
    import pyarrow as pa

    types = {name: _plain_type(obj.dtypes[name].pyarrow_dtype, pa) for name in of_arrow}
    wanted = {name: found for name, found in types.items() if found is not None}
    if not wanted:
        return obj
    plain = obj.copy(deep=False)
    for name, type_ in wanted.items():  # pandas' own astype knows no views of text
        array = obj[name].array.__arrow_array__().cast(type_)
        plain[name] = pd.Series(pd.arrays.ArrowExtensionArray(array), index=obj.index)
    return plain


def _plain_type(found: Any, pa: Any) -> Any:
    """The type that *found* is better cast to; None for one that is plain already."""
    if pa.types.is_dictionary(found):
        held = found.value_type
        text = pa.types.is_string(held) or pa.types.is_large_string(held)
        return None if text else _plain_type(held, pa) or held
    if pa.types.is_date64(found):
        return pa.date32()
    if pa.types.is_float16(found):
        return pa.float32()
    is_view = getattr(pa.types, "is_string_view", None)  # pyarrow 16 and newer
    return pa.large_string() if is_view is not None and is_view(found) else None


def is_table_like(obj: Any) -> bool:
    """Whether :func:`to_table` is meant for *obj*: a path, a mapping, or a dataframe."""
    if isinstance(obj, str | Path | dict | Table):
        return True
    try:
        return isinstance(nw.from_native(obj), nw.DataFrame | nw.LazyFrame)
    except TypeError:
        return False


def table_of_arrays(
    columns: Mapping[str, Any],
    *,
    name: str = "arrays",
    private: bool = False,
    files: Sequence[Path] = (),
) -> Table:
    """A table of array-likes of equal length (lists, numpy, Series), nulls kept.

    Raises:
        TableError: if they are not one-dimensional and of equal length.
    """
    arrays = {str(key): one_dimensional(str(key), value) for key, value in columns.items()}
    if not arrays:
        raise TableError("a table without columns", want="at least one array: {'y_true': …}")
    lengths = {key: len(value) for key, value in arrays.items()}
    if len(set(lengths.values())) > 1:
        raise TableError(
            "arrays of different lengths",
            got=", ".join(f"{key}: {length:,}" for key, length in lengths.items()),
            want="one value per row in each",
        )
    relation, link = readers.from_arrays(arrays)
    return Table(nw.from_native(relation), name=name, private=private, files=files, link=link)


def with_arrays(table: Table, columns: Mapping[str, np.ndarray[Any, Any]]) -> Table:
    """A table in memory with *table*'s columns and *columns* beside or over them."""
    merged = {**table.arrays(table.columns), **columns}
    return table_of_arrays(merged, name=table.name, private=table.private)
