"""Files as lazy relations: CSV, Parquet, JSON Lines, Arrow; one path, a folder or a glob.

DuckDB reads them: one native wheel, projection push-down, and it spills to disk where a table
outgrows the memory. Its extensions are never downloaded.
"""

from __future__ import annotations

import glob
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import TableError
from pytest_mlgates.core.text import listing
from pytest_mlgates.engines.imports import optional

if TYPE_CHECKING:
    from collections.abc import Mapping

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
            "temp_directory": str(Path(tempfile.gettempdir()) / "mlgates-spill"),
        }
    )


def expand(path: str | Path, base: Path) -> list[Path]:
    """The files that *path* (a file, a folder of Parquet files, or a glob) names, sorted.

    Raises:
        TableError: if there is none.
    """
    full = str(base / path)
    literal = Path(full)
    if literal.is_file():
        return [literal]
    if literal.is_dir():
        files = sorted(p for p in literal.rglob("*") if p.is_file() and _format(p) is not None)
    else:
        files = sorted(Path(p) for p in glob.glob(full, recursive=True) if Path(p).is_file())  # noqa: PTH207
    if not files:
        nearby = sorted(p.name for p in literal.parent.glob("*")) if literal.parent.is_dir() else []
        raise TableError(
            f"no file matches {str(path)!r}",
            got=f"looked in {literal.parent}"
            + (f", which holds {listing(nearby, 6)}" if nearby else ", which does not exist"),
            want="a CSV, Parquet, JSON Lines or Arrow file, or a glob of one kind",
        )
    return files


def scan(files: list[Path]) -> Any:
    """A lazy DuckDB relation over *files*, which must be of one format.

    Raises:
        TableError: for an unknown, mixed, empty, unreadable or malformed file.
    """
    formats = {_format(path) for path in files}
    if len(formats) > 1 or None in formats:
        raise TableError(
            f"cannot read {files[0].name!r}" if len(files) == 1 else "files of several formats",
            got=listing(sorted({path.name for path in files})),
            want=f"one format of {listing(sorted(_SUFFIXES))} (also .gz and .zst)",
        )
    _refuse_unreadable(files)
    kind = formats.pop()
    names = [str(path) for path in files]
    link = connection()
    try:
        if kind == "parquet":
            return link.read_parquet(names)
        if kind == "json":
            return link.read_json(names, format="newline_delimited", maximum_object_size=1 << 26)
        if kind == "csv":
            return _scan_csv(link, names)
    except Exception as error:
        raise reading_error(error, names[0]) from None
    return _scan_arrow(link, files)


def from_arrays(columns: Mapping[str, Any]) -> Any:
    """A lazy DuckDB relation over numpy *columns* of equal length (each of shape ``(rows,)``)."""
    link = connection()
    link.register("arrays", dict(columns))
    return link.sql("select * from arrays")


def reading_error(error: Exception, name: str) -> TableError:
    """The reader's complaint about *name* in one line, without its plan."""
    first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return TableError(f"{Path(name).name!r} cannot be read", where=name, got=first)


def _scan_csv(link: Any, names: list[str]) -> Any:
    for name in names:
        header = _header(name)
        twice = sorted({column for column in header if header.count(column) > 1})
        if twice:
            # Readers rename the second one silently; a contract would judge the wrong column.
            raise TableError(
                f"column {twice[0]!r} stands twice in the header of {Path(name).name!r}",
                where=name,
                want="every column name once",
            )
    return link.read_csv(names, header=True, sample_size=-1, strict_mode=True)


def _header(name: str) -> list[str]:
    import csv
    import gzip

    if name.endswith(".zst"):
        return []
    opener = gzip.open if name.endswith(".gz") else open
    with opener(name, "rt", encoding="utf-8-sig", errors="replace", newline="") as stream:
        line = stream.readline()
    if not line.strip():
        raise TableError(f"{Path(name).name!r} is empty", where=name, want="a header and rows")
    try:
        dialect: Any = csv.Sniffer().sniff(line, delimiters=",;\t|")
    except csv.Error:
        dialect = "excel"
    return [cell.strip() for cell in next(csv.reader([line], dialect))]


def _scan_arrow(link: Any, files: list[Path]) -> Any:
    feather = optional("pyarrow.feather", extra="pyarrow", why=f"reading {files[0].name}")
    arrow = optional("pyarrow", extra="pyarrow", why=f"reading {files[0].name}")
    try:
        table = arrow.concat_tables([feather.read_table(path) for path in files])
    except Exception as error:
        raise reading_error(error, str(files[0])) from None
    return link.from_arrow(table)


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
