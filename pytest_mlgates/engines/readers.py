"""Files as lazy relations: CSV, Parquet, JSON Lines, Arrow; one path, a folder or a glob.

DuckDB reads them: one native wheel, projection push-down, and it spills to disk where a table
outgrows the memory. Its extensions are never downloaded.
"""

from __future__ import annotations

import atexit
import glob
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_mlgates.core.errors import MLGatesError, TableError
from pytest_mlgates.core.text import did_you_mean, listing
from pytest_mlgates.engines import csv_header
from pytest_mlgates.engines.csv_header import literal
from pytest_mlgates.engines.imports import optional
from pytest_mlgates.engines.reading_errors import ragged, reading_error

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SUFFIXES = {
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".jsonl": "json",
    ".ndjson": "json",
    ".arrow": "arrow",
    ".feather": "arrow",
}
_COMPRESSED = (".gz", ".zst")


def connection() -> Any:
    """A fresh in-memory DuckDB: installs nothing, spills into the system's scratch folder."""
    duckdb = optional("duckdb", extra="all", why="reading tables")
    return duckdb.connect(
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "temp_directory": _spill(),
        }
    )


@cache
def _spill() -> str:
    """A folder of this process alone (rows of private tables may land in it), removed at exit."""
    folder = tempfile.mkdtemp(prefix="mlgates-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def expand(path: str | Path, base: Path) -> list[Path]:
    """The files that *path* (a file, a folder of files of one kind, or a glob) names, sorted.

    Raises:
        TableError: if there is none.
    """
    literal = base / path
    if literal.is_file():
        return [literal]
    if literal.is_dir():
        files = sorted(p for p in literal.rglob("*") if _is_data(p, literal))
    else:
        # Only *path* is a pattern: the folder that it is relative to may be called `data[1]`.
        pattern = os.path.join(glob.escape(str(base)), path)  # noqa: PTH118
        files = sorted(Path(p) for p in glob.glob(pattern, recursive=True) if Path(p).is_file())  # noqa: PTH207
    if not files:
        raise _nothing(path, literal)
    return files


def _nothing(path: str | Path, literal: Path) -> TableError:
    folder = literal if literal.is_dir() else literal.parent
    nearby = sorted(p.name for p in folder.glob("*")) if folder.is_dir() else []
    holds = f", which holds {listing(nearby, 6) if nearby else 'nothing'}"
    return TableError(
        f"no file matches {str(path)!r}",
        got=f"looked in {folder}" + (holds if folder.is_dir() else ", which does not exist"),
        want="a CSV, Parquet, JSON Lines or Arrow file, a folder or a glob of one kind",
        fix=did_you_mean(literal.name, nearby),
    )


def _is_data(path: Path, root: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
    return not hidden and path.is_file() and _format(path) is not None


class Scan(NamedTuple):
    """A lazy relation and its connection, which DuckDB before 2.0 closes with its last name."""

    relation: Any
    link: Any


def scan(files: list[Path], *, private: bool = False) -> Scan:
    """A lazy relation over *files*, which must be of one format and have the same columns.

    Raises:
        TableError: for an unknown, mixed, empty, unreadable or malformed file.
    """
    formats = {_format(path) for path in files}
    if len(formats) > 1 or None in formats:
        raise TableError(
            f"{files[0].name!r} is of no known format"
            if len(formats) == 1
            else "files of several formats are not one table",
            where=str(files[0] if len(files) == 1 else files[0].parent),
            got=listing(sorted({path.name for path in files}), 6),
            want=f"one format of {listing(sorted(_SUFFIXES))} (also .gz and .zst)",
        )
    _refuse_unreadable(files)
    kind = str(formats.pop())
    link = connection()
    try:
        return Scan(_READERS[kind](link, [str(path) for path in files]), link)
    except MLGatesError:
        raise
    except Exception as error:
        raise reading_error(error, str(files[0]), private=private) from None


def from_arrays(columns: Mapping[str, Any]) -> Scan:
    """A lazy relation over numpy *columns* of equal length (each of shape ``(rows,)``)."""
    import numpy as np

    link = connection()
    # DuckDB 2.0 cannot read a view that runs backwards: `values[::-1]`.
    link.register("arrays", {k: np.ascontiguousarray(v) for k, v in columns.items()})
    return Scan(link.sql("select * from arrays"), link)


def _scan_csv(link: Any, names: list[str]) -> Any:
    headers = {name: csv_header.read(link, name) for name in names}
    _refuse_different({name: header.columns for name, header in headers.items()})
    # The delimiter is taken from the header: left to guess, DuckDB reads rows of unequal length as
    # a table of one column.
    options = {
        "header": True,
        "sample_size": -1,
        "strict_mode": True,
        "sep": headers[names[0]].delimiter,
        "quotechar": '"',
        "escapechar": '"',
        "union_by_name": len(names) > 1,
    }
    paths = [literal(name) for name in names]
    found = link.read_csv(paths, **options)
    if len(found.columns) != len(headers[names[0]].columns):
        raise ragged(names)
    truths = [c for c, t in zip(found.columns, found.types, strict=True) if str(t) == "BOOLEAN"]
    return (
        _only_true_and_false(link.read_csv(paths, **options, **_NO_TRUTHS), truths)
        if truths
        else found
    )


# DuckDB takes yes, no, t and f for truth values: a column of such labels would never equal a
# model's. pandas, and with it Great Expectations, knows true and false alone.
_NO_TRUTHS = {"auto_type_candidates": ["BIGINT", "DOUBLE", "DATE", "TIMESTAMP", "VARCHAR"]}


def _only_true_and_false(found: Any, truths: list[str]) -> Any:
    """*found*; columns of *truths* that hold true and false alone become truth values again."""
    quoted = {c: '"' + c.replace('"', '""') + '"' for c in truths}
    checks = [f"bool_and(lower({q}) in ('true', 'false'))" for q in quoted.values()]
    row = found.aggregate(", ".join(checks)).fetchall()[0]
    casts = [
        f"{q}::boolean as {q}" for (_, q), alone in zip(quoted.items(), row, strict=True) if alone
    ]
    return found.project(f"* replace ({', '.join(casts)})") if casts else found


def _scan_parquet(link: Any, names: list[str]) -> Any:
    if len(names) > 1:  # DuckDB drops the columns that the first file has not
        _refuse_different({name: link.read_parquet(literal(name)).columns for name in names})
    return link.read_parquet([literal(name) for name in names], union_by_name=len(names) > 1)


def _scan_json(link: Any, names: list[str]) -> Any:
    if len(names) > 1:
        _refuse_different({name: _read_json(link, [name]).columns for name in names})
    return _read_json(link, names)


def _read_json(link: Any, names: list[str]) -> Any:
    return link.read_json(
        [literal(name) for name in names],
        format="newline_delimited",
        records="true",
        sample_size=-1,
        union_by_name=len(names) > 1,
        maximum_object_size=1 << 26,
    )


def _scan_arrow(link: Any, names: list[str]) -> Any:
    why = f"reading {Path(names[0]).name}"
    feather = optional("pyarrow.feather", extra="pyarrow", why=why)
    arrow = optional("pyarrow", extra="pyarrow", why=why)
    tables = [feather.read_table(name) for name in names]
    _refuse_different({n: t.column_names for n, t in zip(names, tables, strict=True)})
    return link.from_arrow(arrow.concat_tables([t.select(tables[0].column_names) for t in tables]))


_READERS = {
    "csv": _scan_csv,
    "parquet": _scan_parquet,
    "json": _scan_json,
    "arrow": _scan_arrow,
}


def _refuse_different(columns: Mapping[str, Sequence[str]]) -> None:
    """Files of one table have the same columns, in any order."""
    (first, wanted), *others = columns.items()
    for name, found in others:
        missing = [c for c in wanted if c not in found]
        added = [c for c in found if c not in wanted]
        if missing or added:
            raise TableError(
                f"{Path(name).name!r} has other columns than {Path(first).name!r}",
                where=name,
                got=", ".join(
                    f"{word} {listing(names, 6)}"
                    for word, names in (("lacks", missing), ("adds", added))
                    if names
                ),
                want="the same columns in all files of a table",
            )


def _refuse_unreadable(files: list[Path]) -> None:
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
    suffixes = [suffix for suffix in path.suffixes if suffix not in _COMPRESSED]
    return _SUFFIXES.get(suffixes[-1].lower()) if suffixes else None
