"""``Table``: any dataframe or file, behind one small set of questions.

Gates never see a backend. They ask a table for its columns, for aggregates, for counts by key and,
where a metric needs rows, for arrays; each answer is plain Python or numpy and is kept, so that
several gates over one table scan it once.

NaN in a float column is null on every backend: left alone, a mean over [1, NaN] is 1 on pandas and
NaN on polars, and a maximum differs between DuckDB and pyarrow. 0.0 and -0.0 are one value.
"""

from __future__ import annotations

from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from pytest_mlgates.core.errors import ColumnError, MLGatesError, TableError
from pytest_mlgates.engines import keys as key_values
from pytest_mlgates.engines.asking import aggregate
from pytest_mlgates.engines.columns import filled, python_value, sort_key
from pytest_mlgates.engines.counting import counted
from pytest_mlgates.engines.dictionaries import coded
from pytest_mlgates.engines.file_reading import FileReading
from pytest_mlgates.engines.grouping import grouped, unused
from pytest_mlgates.engines.interrupts import interruptible
from pytest_mlgates.engines.nulls import holds_numpy, one_null
from pytest_mlgates.engines.reading_errors import reading_error
from pytest_mlgates.engines.table_digests import TableDigests

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    import numpy as np

    from pytest_mlgates.core.verdict import InputDigest
    from pytest_mlgates.engines.beside import Beside
    from pytest_mlgates.engines.text_reading import NotNumbers
    from pytest_mlgates.engines.wanted import Wanted


class Table:
    """A named table.

    Attributes:
        name: What messages call it.
        private: No values, categories or small counts of it may be shown.
        files: The files it was read from, empty for a dataframe.
        origins: What else its columns came from: a model, its predictions.
        memory: What gates have worked out about it, by kind, for the next gate.
        link: The connection of what was read from files or arrays, None for a dataframe.

    *hashing* is the digest of the files, where it has been begun.
    """

    def __init__(
        self,
        frame: nw.DataFrame[Any] | nw.LazyFrame[Any] | FileReading,
        *,
        name: str,
        private: bool = False,
        files: Sequence[Path] = (),
        link: Any = None,
        hashing: Beside[str] | None = None,
    ) -> None:
        self.name, self.private, self.files = name, private, tuple(files)
        self._given = frame
        self._others: list[Table] = []  # the same files, read in other ways
        self.link = link  # must live as long as the frame
        self.origins: tuple[InputDigest, ...] = ()
        self.memory: dict[str, Any] = {}
        self._counts: dict[tuple[str, ...], list[tuple[tuple[Any, ...], int]]] = {}
        self._series: dict[str, nw.Series[Any]] = {}
        self._arrays: dict[str, np.ndarray[Any, Any]] = {}
        self._exact: dict[str, Any] = {}  # of a lazy frame, what its arrays round
        self._codes: dict[str, tuple[list[Any], np.ndarray[Any, np.dtype[np.intp]]]] = {}
        self._digests = TableDigests(hashing)

    @cached_property
    def opened(self) -> nw.DataFrame[Any] | nw.LazyFrame[Any]:
        """The narwhals frame as it was given, or read."""
        return self._given.frame() if isinstance(self._given, FileReading) else self._given

    @cached_property
    def schema(self) -> dict[str, nw.dtypes.DType]:
        """The columns and their types, in order."""
        found = dict(self.opened.collect_schema())
        return self._given.schema(found) if isinstance(self._given, FileReading) else found

    @cached_property
    def frame(self) -> Any:
        """The narwhals frame, NaN already null."""
        return one_null(self.opened, self.opened.collect_schema(), is_own=self.link is not None)

    def _only(self, columns: Sequence[str]) -> Any:
        """*columns* of :attr:`frame`; no other column is copied or planned for it."""
        if "frame" in self.__dict__:
            return self.frame.select(*columns)
        schema = self.schema
        return one_null(
            self.opened.select(*columns),
            {column: schema[column] for column in columns},
            is_own=self.link is not None,
        )

    @property
    def columns(self) -> list[str]:
        """Column names, in order."""
        return list(self._given.columns if isinstance(self._given, FileReading) else self.schema)

    @property
    def readings(self) -> list[Table]:
        """The ways in which gates read this table: one, where its types are its own."""
        if not isinstance(self._given, FileReading):
            return [self]
        own = [self] if self._given.is_open else []
        return [*own, *(found for other in self._others for found in other.readings)]

    def read_as(self, wanted: Wanted) -> Table:
        """The table with its columns as they are *wanted*, where its files do not say types."""
        if not isinstance(self._given, FileReading):
            return self
        for table in (self, *self._others):
            if table.serves(wanted):
                return table
        made = self._like(self._given.wanting(wanted, first=not self._others))
        self._others.append(made)
        return made

    def serves(self, wanted: Wanted) -> bool:
        """Whether what is read has all that is *wanted*, as it is wanted."""
        return not isinstance(self._given, FileReading) or self._given.serves(wanted)

    def foresee(self, wanted: Wanted) -> None:
        """Tell what will be wanted, so that one pass reads it together with what is wanted."""
        if isinstance(self._given, FileReading):
            self._given.foresee(wanted)

    def not_numbers(self, column: str) -> NotNumbers | None:
        """What a text *column* of a file holds beside numbers, None where it is text for certain.

        Raises:
            TableError: if the file cannot be read.
        """
        if isinstance(self._given, FileReading) and isinstance(self.schema[column], nw.String):
            return self._given.not_numbers(column)
        return None

    def as_private(self) -> Table:
        """The same table, of which no values may be shown."""
        if self.private:
            return self
        given = self._given
        made = self._like(given.as_private() if isinstance(given, FileReading) else given)
        made.private = True
        return made

    def without(self, columns: Sequence[str], keys: Sequence[tuple[Any, ...]]) -> Table:
        """The rows whose values in *columns* are none of *keys* (as :meth:`counts` has them)."""
        kept = nw.lit(True)
        for key in keys:
            same = nw.lit(True)
            for column, value in zip(columns, key, strict=True):
                here = nw.col(column)
                same = same & (
                    here.is_null() if value is None else (here == value).fill_null(False)
                )
            kept = kept & ~same
        return self._like(self.frame.filter(kept))

    def _like(self, frame: nw.DataFrame[Any] | nw.LazyFrame[Any] | FileReading) -> Table:
        made = Table(frame, name=self.name, private=self.private, files=self.files, link=self.link)
        made.origins, made._digests.hashing = self.origins, self._digests.hashing
        return made

    @property
    def is_ordered(self) -> bool:
        """Whether every query returns the rows in one order: dataframes, files, own arrays."""
        if isinstance(self._given, FileReading):
            return self._given.is_ordered
        return isinstance(self.opened, nw.DataFrame) or self.link is not None

    @property
    def implementation(self) -> str:
        """The backend's name: ``pandas``, ``polars``, ``pyarrow``, ``duckdb``, ``pyspark``."""
        # Spark Connect answers as Spark does.
        return str(self.opened.implementation.name).lower().removesuffix("_connect")

    def native_type(self, column: str) -> str:
        """What DuckDB calls the type of *column*, empty on another engine."""
        if self.implementation != "duckdb":
            return ""
        native = self.frame.to_native()
        return str(native.types[native.columns.index(column)])

    def require(self, column: str, *, role: str = "column") -> str:
        """*column*, if the table has it.

        Raises:
            ColumnError: naming the nearest column.
            TableError: if its engine takes the name for a pattern of names.
        """
        if column not in self.schema:
            raise ColumnError.missing(column, self.columns, role=role, table=f"table {self.name!r}")
        self.refuse_pattern(column)
        return column

    def refuse_pattern(self, column: str) -> None:
        """Refuse a name that the engine takes for several columns, and would answer for those.

        Raises:
            TableError: for ``*``, and on polars for ``^…$``.
        """
        if not column.startswith(("*", "^")):
            return
        engine = self.implementation
        star = column == "*" and engine in ("polars", "duckdb", "pyspark")
        if star or (engine == "polars" and column.startswith("^") and column.endswith("$")):
            raise TableError(
                f"column {column!r} of table {self.name!r} cannot be asked for",
                got=f"a name that {engine} takes for a pattern of names",
                want="a name of one column",
                fix="rename the column",
            )

    @cached_property
    def n_rows(self) -> int:
        """The number of rows."""
        if isinstance(self.opened, nw.DataFrame):
            return len(self.opened)
        return int(self.aggregate({"rows": nw.len()})["rows"])

    def require_rows(self) -> int:
        """The number of rows, which must not be 0: nothing passes without evidence."""
        if self.n_rows == 0:
            raise TableError(
                f"table {self.name!r} has 0 rows",
                where=", ".join(str(p) for p in self.files[:3]),
                want="at least one row: a gate over no rows proves nothing",
            )
        return self.n_rows

    def aggregate(
        self,
        expressions: Mapping[str, nw.Expr],
        meanwhile: Callable[[Mapping[str, Any]], None] | None = None,
    ) -> dict[str, Any]:
        """One scan: each expression's single value, by name.

        *meanwhile* is called with what is known where the rest takes longer.
        """
        return aggregate(self, expressions, meanwhile)

    def counts(self, keys: Sequence[str]) -> list[tuple[tuple[Any, ...], int]]:
        """One group-by: the rows of each combination of *keys* (None for null), sorted."""
        wanted = tuple(dict.fromkeys(keys))
        for key in wanted:
            self.require(key)
        if wanted not in self._counts:
            eager = isinstance(self.opened, nw.DataFrame)
            found = counted([self.series(key) for key in wanted]) if eager else None
            if found is None:
                found = self._grouped(wanted)
            self._counts[wanted] = sorted(found.items(), key=lambda item: sort_key(item[0]))
            self.__dict__.setdefault("n_rows", sum(found.values()))
        stored = self._counts[wanted]
        if wanted == tuple(keys):
            return stored
        places = [wanted.index(key) for key in keys]
        return [(tuple(values[i] for i in places), n) for values, n in stored]

    def _grouped(self, keys: tuple[str, ...]) -> dict[tuple[Any, ...], int]:
        try:  # engines bind when they are asked: a file may be gone by now
            # A query reads only what is asked for; a frame would be copied, and what makes NaN null
            # names every column.
            floats = any(self.schema[key].is_float() for key in keys)
            plain = self.implementation == "duckdb" and not floats
            groups = grouped(self.opened if plain else self._only(keys), keys)
        except Exception as error:
            raise self.engine_error(error) from None
        found: dict[tuple[Any, ...], int] = {}
        for row in self.rows(groups):
            values = tuple(python_value(value) for value in row[:-1])
            found[values] = found.get(values, 0) + int(row[-1])
        return found

    def arrays(self, columns: Sequence[str]) -> dict[str, np.ndarray[Any, Any]]:
        """*columns* as numpy arrays of shape ``(n_rows,)``, rows aligned.

        Nulls are NaN in float arrays (integer columns with nulls become float) and None in object
        arrays.
        """
        for column in columns:
            self.require(column)
        todo = [c for c in dict.fromkeys(columns) if c not in self._arrays]
        if todo and not self.is_ordered:
            # A join, a group-by or a cluster returns its rows in another order with every query:
            # one query reads all columns, and nothing is ever read again.
            todo = self.columns
        if todo:
            self._arrays.update(self._read_arrays(todo))
        return {c: self._arrays[c] for c in columns}

    def codes(self, column: str) -> tuple[list[Any], np.ndarray[Any, np.dtype[np.intp]]]:
        """The distinct values of *column*, as :meth:`counts` has them, and each row's place there.

        Rows are aligned with those of :meth:`arrays`, and nothing is rounded.
        """
        self.require(column)
        if column not in self._codes:
            found = coded(self.series(column)) if isinstance(self.opened, nw.DataFrame) else None
            if found is None:
                zoned = key_values.zoned(self.schema, column)
                self._codes[column] = key_values.factorized(self._values(column), zoned=zoned)
            else:
                self._codes[column] = key_values.in_order(*found)
        return self._codes[column]

    def series(self, column: str) -> nw.Series[Any]:
        """*column* of a table in memory, as it is; taken from the dataframe once."""
        if column not in self._series:
            frame: Any = self.opened
            self._series[column] = frame.get_column(column)
        return self._series[column]

    def kinds(self, column: str) -> list[str]:
        """The kinds of values in a *column* of Python objects; empty for any other column."""
        dtype = self.schema[self.require(column)]
        if not (
            isinstance(self.opened, nw.DataFrame) and isinstance(dtype, nw.Object | nw.Unknown)
        ):
            return []
        return key_values.kinds_of(self.series(column).to_list())

    def _values(self, column: str) -> Any:
        array = self.arrays([column])[column]
        if not isinstance(self.opened, nw.DataFrame):
            return self._exact.get(column, array)
        dtype = self.schema[column]
        if dtype.is_float() or (dtype.is_integer() and array.dtype.kind in "iu"):
            return array
        return self.series(column).to_list()

    def begin_digest(self, columns: Sequence[str] = ()) -> None:
        """Begin to compute the digest of the files, else of *columns*, where that takes long.

        It goes on beside what is done next; columns that are no numbers are left for later.
        """
        self._digests.begin(self, columns)

    def digest(self, columns: Sequence[str] | None = None) -> str | None:
        """``sha256:…`` of the content: of the files, else of *columns* (default: all).

        None for a table that lives in a cluster (PySpark): collecting it would be the dearest step.
        """
        return self._digests.of(self, columns)

    def rows(self, frame: nw.DataFrame[Any] | nw.LazyFrame[Any]) -> list[tuple[Any, ...]]:
        """The rows of a (small) *frame* derived from this table, as plain tuples."""
        if isinstance(frame, nw.DataFrame):
            return [tuple(row) for row in frame.rows()]
        native = frame.to_native()
        try:
            if self.implementation == "duckdb":
                native, zoned = key_values.without_zones(native)
                fetched = [tuple(row) for row in interruptible(native.fetchall, self.link)]
                return key_values.with_zones(fetched, zoned)
            if self.implementation == "pyspark":
                return [tuple(row) for row in native.collect()]
            return [tuple(row) for row in frame.collect().rows()]
        except MLGatesError:
            raise
        except Exception as error:
            raise self.engine_error(error) from None

    def batches(
        self, frame: nw.DataFrame[Any] | nw.LazyFrame[Any], size: int
    ) -> Iterator[list[tuple[Any, ...]]]:
        """The rows of a *frame* derived from this table, at most *size* at a time."""
        native = frame.to_native()
        if self.implementation == "pyspark":
            rows = map(tuple, native.toLocalIterator())
            while some := list(islice(rows, size)):
                yield some
            return
        if self.implementation != "duckdb":
            whole = self.collected(frame)
            for start in range(0, len(whole), size):
                part = whole[start : start + size]
                yield list(zip(*(part.get_column(c).to_list() for c in part.columns), strict=True))
        elif self.files and self.link is not None:
            yield from self._streamed(native.sql_query(), size)
        else:
            found = self.rows(frame)
            yield from (found[start : start + size] for start in range(0, len(found), size))

    def _streamed(self, query: str, size: int) -> Iterator[list[tuple[Any, ...]]]:
        """What *query* returns of files, never all of it in memory."""
        cursor = self.link.cursor()
        try:
            interruptible(lambda: cursor.execute(query), cursor)
            while some := interruptible(lambda: cursor.fetchmany(size), cursor):
                yield some
        except Exception as error:
            raise self.engine_error(error) from None
        finally:
            cursor.close()

    def collected(self, frame: nw.DataFrame[Any] | nw.LazyFrame[Any]) -> nw.DataFrame[Any]:
        """The rows of a *frame* derived from this table, in memory."""
        if isinstance(frame, nw.DataFrame):
            return frame
        try:
            return frame.collect()
        except Exception as error:
            raise self.engine_error(error) from None

    def fetch_numpy(self, relation: Any) -> dict[str, np.ndarray[Any, Any]]:
        """The columns of a DuckDB *relation* derived from this table, masked where null.

        Raises:
            TableError: if it cannot be read.
        """
        try:
            found: dict[str, Any] = interruptible(relation.fetchnumpy, self.link)
        except MLGatesError:
            raise
        except Exception as error:
            raise self.engine_error(error) from None
        return found

    def _read_arrays(self, columns: list[str]) -> dict[str, np.ndarray[Any, Any]]:
        if isinstance(self.opened, nw.DataFrame):
            return {c: self._as_array(self._column(c), c) for c in columns}
        try:
            if self.implementation == "duckdb":
                return self._fetch_arrays(columns)
            spark = self.implementation == "pyspark"
            frame = self._only(columns)
            collected = frame.collect("pandas") if spark else frame.collect()
        except Exception as error:
            raise self.engine_error(error) from None
        found = {}
        for column in columns:
            series, dtype = collected.get_column(column), self.schema[column]
            found[column] = self._as_array(series, column)
            if not isinstance(dtype, nw.String | nw.Boolean) and not dtype.is_float():
                self._exact[column] = series.to_list() if dtype.is_nested() else series
        return found

    def _column(self, column: str) -> nw.Series[Any]:
        """*column* of a dataframe, with one null; as it is, where an array will have NaN anyway."""
        if self.schema[column].is_float() and not holds_numpy(self.series(column)):
            found: nw.Series[Any] = self._only([column]).get_column(column)
            return found
        return self.series(column)

    def _fetch_arrays(self, columns: list[str]) -> dict[str, np.ndarray[Any, Any]]:
        """Arrays from DuckDB; what numpy would round comes as text beside them."""
        import numpy as np

        wide = [c for c in columns if key_values.is_wide(self.schema[c])]
        exact = {c: unused(f"__exact_{i}__", columns) for i, c in enumerate(columns)}
        exact = {c: t for c, t in exact.items() if c in wide or self.schema[c].is_decimal()}
        labels = [c for c in columns if isinstance(self.schema[c], nw.Enum | nw.Categorical)]
        frame = self.frame.select(
            *(
                nw.col(c).cast(nw.String) if c in labels else nw.col(c)
                for c in columns
                if c not in wide
            ),
            *(nw.col(c).cast(nw.String).alias(text) for c, text in exact.items()),
        )
        found = interruptible(frame.to_native().fetchnumpy, self.link)
        arrays = {}
        for column in columns:
            dtype, text = self.schema[column], exact.get(column)
            raw = found[column] if text is None or column not in wide else found[text]
            if column in wide:
                arrays[column] = key_values.wide_integers(raw.tolist())
            else:
                arrays[column] = filled(raw, dtype)
            if text is not None:
                self._exact[column] = key_values.exact(found[text], dtype)
            elif dtype.is_integer() and np.ma.is_masked(raw):
                self._exact[column] = key_values.exact(raw, dtype)
        return arrays

    def _as_array(self, series: nw.Series[Any], column: str) -> np.ndarray[Any, Any]:
        dtype = self.schema[column]
        if isinstance(dtype, nw.Enum | nw.Categorical):
            return key_values.categories(series.to_list())
        if key_values.is_wide(dtype):
            return key_values.wide_integers(series.to_list())
        array = series.to_numpy()
        if array.dtype.kind == "U":  # in which texts of polars lose the NULs at their end
            array = array.astype(object)
            array[:] = series.to_list()
        return filled(array, dtype)

    def engine_error(self, error: Exception) -> TableError:
        """What an engine raised, in one message of ours that quotes nothing private."""
        if isinstance(self._given, FileReading):
            return self._given.error(error)
        if self.private:  # an engine quotes the offending value
            return TableError(
                f"table {self.name!r} (private) cannot be read", got=type(error).__name__
            )
        if self.files:
            return reading_error(error, str(self.files[0]))
        first = str(error).strip().splitlines()[0] if str(error).strip() else ""
        return TableError(
            f"table {self.name!r} cannot be evaluated", got=f"{type(error).__name__}: {first}"
        )
