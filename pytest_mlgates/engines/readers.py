"""Files as lazy relations: CSV, Parquet, JSON Lines, Arrow, DuckDB; a path, a folder or a glob.

DuckDB reads them: one native wheel, projection push-down, and it spills to disk where a table
outgrows the memory. Its extensions are never downloaded.
"""

from __future__ import annotations

import glob
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from pytest_mlgates.core.errors import NoFilesError, TableError
from pytest_mlgates.core.text import did_you_mean_file, listing, scheme_of
from pytest_mlgates.engines import memory, scratch
from pytest_mlgates.engines.imports import optional
from pytest_mlgates.engines.options import ReadOptions
from pytest_mlgates.engines.partitions import Partitions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pytest_mlgates.engines.text_reading import NotNumbers
    from pytest_mlgates.engines.wanted import Wanted

_SUFFIXES = {
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".jsonl": "json",
    ".ndjson": "json",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".duckdb": "duckdb",
}
_TEXT = ("csv", "json")


def connection() -> Any:
    """A fresh in-memory DuckDB: installs and prints nothing, spills into this process's folder.

    Raises:
        MLGatesError: if the memory limit of the environment is not a size.
    """
    duckdb = optional("duckdb", extra="all", why="reading tables")
    config = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "temp_directory": str(scratch.folder()),
        # A verdict is over the data, not over what the footer of a file says of it.
        "disabled_optimizers": "statistics_propagation",
    }
    limit = memory.limit()
    if limit is not None:
        config["memory_limit"] = f"{limit}B"
    link = duckdb.connect(config=config)
    link.execute("set enable_progress_bar = false")  # it is printed into whatever stdout is
    return link


def expand(path: str | Path, base: Path) -> list[Path]:
    """The files that *path* (a file, a folder of files of one kind, or a glob) names, sorted.

    Raises:
        TableError: if there is none, or one of them is no file: nothing is left out silently.
    """
    literal = base / path
    try:
        if literal.is_file():
            return [literal]
    except OSError as error:  # no name of a file: too long
        raise TableError(
            "this is no name of a file", got=f"{str(path)[:80]!r}: {error.strerror}"
        ) from None
    if literal.is_dir():
        _refuse_lakes(literal)
        found = [p for p in literal.rglob("*") if _is_data(p, literal)]
        _refuse_odd(p for p in found if not p.is_dir())
    else:
        if literal.exists() or literal.is_symlink():
            _refuse_odd([literal])
        # Only *path* is a pattern: the folder that it is relative to may be called `data[1]`.
        pattern = os.path.join(glob.escape(str(base)), path)  # noqa: PTH118
        found = [Path(p) for p in glob.glob(pattern, recursive=True)]  # noqa: PTH207
        entered = {folder for p in found for folder in p.parents}
        _refuse_odd(p for p in found if _format(p) is not None and p not in entered)
    files = sorted(p for p in found if p.is_file())
    if not files:
        raise _nothing(path, literal)
    return files


def _refuse_odd(paths: Iterable[Path]) -> None:
    for path in paths:
        if not path.is_file():
            other = "a pipe or a device" if path.exists() else "a link to nothing"
            raise TableError(
                f"{path.name!r} is no file",
                where=str(path),
                got="a folder" if path.is_dir() else other,
                want="a file that can be read more than once",
            )


def refuse_url(reference: str | Path) -> None:
    """Files are read where they lie: nothing is fetched, and no table is missing for it.

    Raises:
        TableError: for a URL, of which only the kind is told: it may hold a password.
    """
    scheme = scheme_of(str(reference))
    if scheme is not None:
        raise TableError(
            "a URL is no path of a table",
            got=f"{scheme}://\u2026",
            want="a file, a folder or a glob on this machine, or a dataframe",
            fix="fetch the file first, or read it yourself and pass the dataframe",
        )


def _nothing(path: str | Path, literal: Path) -> TableError:
    refuse_url(path)
    folder = literal if literal.is_dir() else literal.parent
    nearby = sorted(p.name for p in folder.glob("*")) if folder.is_dir() else []
    holds = f", which holds {listing(nearby, 6) if nearby else 'nothing'}"
    return NoFilesError(
        f"the folder {str(path)!r} holds no file of a table"
        if literal.is_dir()
        else f"no file matches {str(path)!r}",
        got=f"looked in {folder}" + (holds if folder.is_dir() else ", which does not exist"),
        want="a CSV, Parquet, JSON Lines or Arrow file, a folder or a glob of one kind, or a "
        "DuckDB database",
        fix=did_you_mean_file(literal.name, nearby),
    )


def _refuse_lakes(folder: Path) -> None:
    """A lake keeps files of rows that were deleted: only its own reader knows which."""
    for marker, kind, fix in (
        ("_delta_log", "Delta Lake", "deltalake.DeltaTable(path).to_pyarrow_dataset()"),
        ("metadata/version-hint.text", "Iceberg", "pyiceberg's scan().to_arrow()"),
        (".hoodie", "Hudi", ""),
    ):
        if (folder / marker).exists():
            raise TableError(
                f"{folder.name!r} is a {kind} table, not a folder of files",
                where=str(folder),
                got=f"{marker} in it",
                want="a dataframe that its own reader made",
                fix=f"pass {fix}" if fix else "",
            )


def _is_data(path: Path, root: Path) -> bool:
    """Whether *path* in the folder *root* is called like a file of it; hidden ones are not."""
    parts = path.relative_to(root).parts
    hidden = any(p.startswith(".") or (p.startswith("_") and "=" not in p) for p in parts)
    return not hidden and _format(path) is not None


class Reading(Protocol):
    """Files that were opened: their columns are known, their rows are not read yet."""

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns of the files, whether they are read or not."""

    @property
    def is_ordered(self) -> bool:
        """Whether every query returns the rows in one order."""

    def relation(self, wanted: Wanted) -> Any:
        """A lazy relation with at least the columns that are *wanted*, as they are wanted."""

    def serves(self, had: Wanted, wanted: Wanted) -> bool:
        """Whether the relation made for *had* has all that is *wanted*, as it is wanted."""

    def not_numbers(self, column: str, wanted: Wanted) -> NotNumbers | None:
        """What a text *column* holds beside numbers, None where it is text for certain."""

    def error(self, error: Exception) -> TableError:
        """What an engine's *error* while reading means to the user."""

    def as_private(self) -> Reading:
        """The same, of which no value may be shown."""


class Scan(NamedTuple):
    """A reading and its connection, which DuckDB before 2.0 closes with its last name."""

    reading: Reading
    link: Any


def scan(
    files: Sequence[Path],
    *,
    root: Path,
    options: ReadOptions | None = None,
    private: bool = False,
) -> Scan:
    """The table that *files* are, which must be of one format and have the same columns.

    Args:
        files: The files, in order.
        root: Below it, folders called ``key=value`` are columns.
        options: How to read them, where they do not say it.
        private: Whether no value of them may be shown.

    Raises:
        TableError: for an unknown, mixed, empty, unreadable or malformed file, and for an option
            that their format does not have.
    """
    kind = _one_format(files)
    options = options or ReadOptions()
    options.refuse_misfits(kind, str(files[0]))
    _refuse_unreadable(files)
    partitions = Partitions.of(files, root)
    link = connection()
    if kind == "duckdb":
        from pytest_mlgates.engines.databases import database

        return Scan(database(files[0], options.table_name, link, private=private), link)
    if kind in _TEXT:
        return Scan(_text(kind, files, options, partitions, link, private=private), link)
    from pytest_mlgates.engines import typed_files

    if kind == "arrow":
        return Scan(typed_files.arrow(files, partitions, root, link, private=private), link)
    return Scan(typed_files.parquet(files, partitions, link, private=private), link)


def _text(
    kind: str,
    files: Sequence[Path],
    options: ReadOptions,
    partitions: Partitions,
    link: Any,
    *,
    private: bool,
) -> Reading:
    from pytest_mlgates.engines.text_reading import TextReading

    if kind == "csv":
        from pytest_mlgates.engines.csv_files import CsvFiles

        return TextReading(CsvFiles(files, options, partitions, link, private=private), link)
    from pytest_mlgates.engines.json_files import JsonFiles

    return TextReading(JsonFiles(files, partitions, link, private=private), link)


def _one_format(files: Sequence[Path]) -> str:
    formats = {_format(path) for path in files}
    kind = formats.pop()
    if formats or kind is None:
        raise TableError(
            "files of several formats are not one table"
            if formats
            else f"{files[0].name!r} is of no known format",
            where=str(files[0] if len(files) == 1 else files[0].parent),
            got=listing(sorted({path.name for path in files}), 6),
            want=f"one format of {listing(sorted(_SUFFIXES))}; text formats also compressed: "
            f"{listing(scratch.COMPRESSIONS)}",
        )
    if kind == "duckdb" and len(files) > 1:
        raise TableError(
            "several databases are not one table",
            where=str(files[0].parent),
            got=listing([path.name for path in files], 6),
            want="one database",
        )
    return kind


def from_arrays(columns: Mapping[str, Any]) -> tuple[Any, Any]:
    """A lazy relation over numpy *columns* of shape ``(rows,)``, and its connection."""
    import numpy as np

    link = connection()
    # DuckDB does not take arrays that run backwards in memory.
    link.register("arrays", {k: np.ascontiguousarray(v) for k, v in columns.items()})
    return link.sql("select * from arrays"), link


def _refuse_unreadable(files: Sequence[Path]) -> None:
    for path in files:
        try:
            with path.open("rb") as stream:
                if not stream.read(1):
                    raise TableError(
                        f"{path.name!r} is empty", where=str(path), want="a header and rows"
                    )
        except OSError as error:
            raise TableError(
                f"{path.name!r} cannot be opened", where=str(path), got=str(error.strerror)
            ) from None


def _format(path: Path) -> str | None:
    """The format of *path* by its name; one that is not text cannot be compressed as a whole."""
    name = Path(path.stem) if scratch.compression(path) else path
    kind = _SUFFIXES.get(name.suffix.lower())
    return kind if name == path or kind in _TEXT else None
