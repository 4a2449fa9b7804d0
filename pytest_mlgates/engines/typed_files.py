"""Files that say the types of their columns: Parquet and Arrow. Only what is asked for is read.

What is pandas' index in them, and nobody named, is no column.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_mlgates.core.errors import MLGatesError, TableError
from pytest_mlgates.engines import sql
from pytest_mlgates.engines.columns_alike import refuse_alike, refuse_different
from pytest_mlgates.engines.imports import optional
from pytest_mlgates.engines.pandas_index import KEY, index_names, may_hold_index
from pytest_mlgates.engines.reading_errors import reading_error

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_mlgates.engines.partitions import Partitions
    from pytest_mlgates.engines.text_reading import NotNumbers
    from pytest_mlgates.engines.wanted import Wanted

# What DuckDB may have made of a name that stands twice, or of none: the file is asked then.
_MADE_UP = re.compile(r"(?:.*_|C)[0-9]+", re.DOTALL)


class TypedReading:
    """A relation whose types stand, but for the columns that are folders.

    Args:
        base: The relation, lazy.
        columns: Its columns, those of folders included.
        partitions: The columns that folders say.
        files: Where it comes from, for messages.
        private: Whether no value of it may be shown.
        is_ordered: Whether every query returns its rows in one order.
    """

    def __init__(
        self,
        base: Any,
        columns: Sequence[str],
        partitions: Partitions,
        files: Sequence[Path],
        *,
        private: bool,
        is_ordered: bool = True,
    ) -> None:
        self.is_ordered = is_ordered
        self._base, self.columns, self._partitions = base, tuple(columns), partitions
        self._files, self._private = tuple(files), private

    def relation(self, wanted: Wanted) -> Any:
        """All columns, lazily; those of folders as they are *wanted*."""
        if not self._partitions.kinds:
            return self._base
        return self._base.project(
            ", ".join(
                self._partitions.expression(c, as_text=c in wanted.text) + f" as {sql.name(c)}"
                if c in self._partitions.kinds
                else sql.name(c)
                for c in self.columns
            )
        )

    def serves(self, had: Wanted, wanted: Wanted) -> bool:
        """Whether the relation made for *had* has all that is *wanted*, as it is wanted."""
        return all(
            (column in had.text) == (column in wanted.text)
            for column in self._partitions.kinds
            if wanted.names(column)
        )

    def not_numbers(self, column: str, wanted: Wanted) -> NotNumbers | None:
        """None: a column of text is meant to be one."""
        del column, wanted
        return None

    def error(self, error: Exception) -> TableError:
        """What an engine's *error* while reading means to the user."""
        return reading_error(error, str(self._files[0]), private=self._private)

    def as_private(self) -> TypedReading:
        """The same, of which no value may be shown."""
        return TypedReading(
            self._base,
            self.columns,
            self._partitions,
            self._files,
            private=True,
            is_ordered=self.is_ordered,
        )


def parquet(
    files: Sequence[Path], partitions: Partitions, link: Any, *, private: bool
) -> TypedReading:
    """Parquet *files* of one table.

    Raises:
        TableError: for a file that is not whole, or of other columns or types.
    """
    names = [str(path) for path in files]
    try:
        if len(names) == 1 and not partitions.kinds:
            base = _at_once(link, names[0], partitions)
            if base is not None:
                return TypedReading(base, base.columns, partitions, files, private=private)
        written = _schemas(link, names)
        schemas = _without_index(link, written)
        for name, columns in schemas.items():
            refuse_alike([column.name for column in columns], name)
        refuse_different({name: [c.name for c in found] for name, found in schemas.items()})
        _refuse_mixed(schemas)
        first = schemas[names[0]]
        partitions = partitions.beside([c.name for c in first], names[0])
        alike = all(columns == written[names[0]] for columns in written.values())
        options = {"union_by_name": not alike, **partitions.options}
        base = link.sql(sql.read("read_parquet", names, options))
        found = (*(column.name for column in first), *partitions.kinds)
        if schemas != written:
            base = base.project(", ".join(map(sql.name, found)))
        return TypedReading(base, found, partitions, files, private=private)
    except MLGatesError:
        raise
    except Exception as error:
        raise reading_error(error, names[0], private=private) from None


def _at_once(link: Any, name: str, partitions: Partitions) -> Any:
    """The relation of one file whose names are its own for certain; None where that has to be seen.

    Also where it cannot be read: whoever looks closer says why.
    """
    try:
        base = link.sql(sql.read("read_parquet", [name], partitions.options))
        columns = list(base.columns)
    except Exception:
        return None
    if any(map(_MADE_UP.fullmatch, columns)) or may_hold_index(columns):
        return None
    refuse_alike(columns, name)
    return base


class _Column(NamedTuple):
    name: str
    type: str
    is_text: bool


def _schemas(link: Any, names: Sequence[str]) -> dict[str, list[_Column]]:
    """The columns of each file: of the tree that a schema is, the children of its root."""
    paths = sql.value([sql.escaped(name) for name in names])
    rows = link.sql(
        "select file_name, name, num_children, concat_ws(' ', type, converted_type, logical_type) "
        f"from parquet_schema({paths})"
    ).fetchall()
    found: dict[str, list[_Column]] = {}
    depth: list[int] = []  # children still to come, of each node above the row
    for file, name, children, type_ in rows:
        if file not in found:
            found[file], depth = [], [children or 0]
            continue
        if len(depth) == 1:
            found[file].append(_Column(name, type_, "UTF8" in type_ or "StringType" in type_))
        else:  # what a nested column is made of is part of its type
            found[file][-1] = found[file][-1]._replace(type=f"{found[file][-1].type} {type_}")
        depth[-1] -= 1
        if children:
            depth.append(children)
        while len(depth) > 1 and not depth[-1]:
            depth.pop()
    return found


def _without_index(link: Any, schemas: dict[str, list[_Column]]) -> dict[str, list[_Column]]:
    """The same without the columns that are pandas' index."""
    asked = [n for n, columns in schemas.items() if may_hold_index(c.name for c in columns)]
    if not asked:
        return schemas
    paths = sql.value([sql.escaped(name) for name in asked])
    metadata = dict(
        link.sql(
            f"select file_name, value from parquet_kv_metadata({paths}) "
            f"where key = {sql.text(KEY.decode())}::blob"
        ).fetchall()
    )
    found = {}
    for name, columns in schemas.items():
        index = index_names([column.name for column in columns], metadata.get(name))
        found[name] = [column for column in columns if column.name not in index]
    return found


def _refuse_mixed(schemas: dict[str, list[_Column]]) -> None:
    """Text in one file and something else in another would all be read as text."""
    (first, columns), *others = schemas.items()
    wanted = {column.name: column.is_text for column in columns}
    for name, found in others:
        for column in found:
            if column.is_text != wanted[column.name]:
                text, other = (name, first) if column.is_text else (first, name)
                raise TableError(
                    f"column {column.name!r} is text in {Path(text).name!r} and something else in "
                    f"{Path(other).name!r}",
                    where=name,
                    want="one type in all files of a table",
                )


def arrow(
    files: Sequence[Path], partitions: Partitions, root: Path, link: Any, *, private: bool
) -> TypedReading:
    """Arrow IPC (Feather) *files* of one table: mapped, and streamed, never whole in memory.

    Raises:
        TableError: for a file that is not whole, or of other columns.
        MissingExtraError: without pyarrow.
    """
    why = f"reading {files[0].name}"
    datasets = optional("pyarrow.dataset", extra="pyarrow", why=why)
    pyarrow = optional("pyarrow", extra="pyarrow", why=why)
    systems = optional("pyarrow.fs", extra="pyarrow", why=why)
    schemas = {str(path): _arrow_schema(datasets, path, private=private) for path in files}
    for path in files:
        _refuse_damaged(path, private=private)
    for name, schema in schemas.items():
        refuse_alike(schema.names, name)
    refuse_different({name: schema.names for name, schema in schemas.items()})
    first = schemas[str(files[0])]
    partitions = partitions.beside(first.names, str(files[0]))
    folders = pyarrow.schema([(key, pyarrow.string()) for key in partitions.kinds])
    try:
        dataset = datasets.dataset(
            [str(path) for path in files],
            format="ipc",
            filesystem=systems.LocalFileSystem(use_mmap=True),
            schema=pyarrow.unify_schemas([*schemas.values(), folders]),
            partitioning=datasets.partitioning(folders, flavor="hive")
            if partitions.kinds
            else None,
            partition_base_dir=str(root),
        )
        base = link.from_arrow(dataset)
    except Exception as error:
        raise reading_error(error, str(files[0]), private=private) from None
    found = (*first.names, *partitions.kinds)
    return TypedReading(base, found, partitions, files, private=private)


def _arrow_schema(datasets: Any, path: Path, *, private: bool) -> Any:
    """The columns of one file, without those that are pandas' index."""
    try:
        schema = datasets.dataset([str(path)], format="ipc").schema
    except Exception as error:
        raise reading_error(error, str(path), private=private) from None
    for name in index_names(schema.names, (schema.metadata or {}).get(KEY)):
        for place in reversed(schema.get_all_field_indices(name)):
            schema = schema.remove(place)
    return schema


def _refuse_damaged(path: Path, *, private: bool) -> None:
    """Check every value of an Arrow file: readers trust its offsets, and a wrong one ends them.

    Raises:
        TableError: for one that points outside of its column, and text that is not UTF-8.
    """
    from pyarrow import ipc, memory_map

    try:
        with memory_map(str(path)) as source, ipc.open_file(source) as reader:
            for number in range(reader.num_record_batches):
                reader.get_batch(number).validate(full=True)
    except Exception as error:
        raise reading_error(error, str(path), private=private) from None
