"""The first line of a CSV file: its delimiter and its columns, before a reader renames any."""

from __future__ import annotations

import csv
import glob
import gzip
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_mlgates.core.errors import TableError

_DELIMITERS = ",;\t|"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_MOST = 1 << 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What the first line says."""

    delimiter: str
    columns: tuple[str, ...]


def read(link: Any, name: str) -> Header:
    """The header of the file *name*.

    Args:
        link: A DuckDB connection, which reads what Python's library does not (Zstandard).
        name: The file.

    Raises:
        TableError: if it has none, names a column twice, or is not UTF-8 text.
    """
    line = _first_line(link, name)
    if not line.strip():
        raise TableError(f"{Path(name).name!r} is empty", where=name, want="a header and rows")
    delimiter = _delimiter(name, line)
    columns = [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter))]
    # Readers rename such columns silently; a contract would judge the wrong one.
    seen: dict[str, str] = {}
    for column in columns:
        other = seen.setdefault(column.casefold(), column)
        if columns.count(column) > 1:
            raise TableError(
                f"column {column!r} stands twice in the header of {Path(name).name!r}",
                where=name,
                want="every column name once",
            )
        if other != column:
            raise TableError(
                f"columns {other!r} and {column!r} of {Path(name).name!r} differ in case only",
                where=name,
                want="names that differ in more than case",
            )
    return Header(delimiter=delimiter, columns=tuple(columns))


def literal(name: str) -> str:
    """*name* so that DuckDB, which reads every path as a glob, reads this file and no other."""
    return glob.escape(name)


def _delimiter(name: str, line: str) -> str:
    if ".tsv" in Path(name).suffixes:
        return "\t"
    outside = "".join(line.split('"')[::2])
    counts = {character: outside.count(character) for character in _DELIMITERS}
    best = max(counts, key=lambda character: counts[character])
    return best if counts[best] else ","


def _first_line(link: Any, name: str) -> str:
    if name.endswith(".zst"):
        lines = link.read_csv(
            literal(name),
            header=False,
            columns={"line": "VARCHAR"},
            sep="\x01",
            quotechar="",
            escapechar="",
        )
        rows = lines.limit(1).fetchall()
        return str(rows[0][0]) if rows else ""
    try:
        with gzip.open(name) if name.endswith(".gz") else Path(name).open("rb") as stream:
            data = stream.readline(_MOST)
    except (EOFError, gzip.BadGzipFile) as error:
        raise TableError(
            f"{Path(name).name!r} cannot be read", where=name, got=f"no gzip file: {error}"
        ) from None
    if data.startswith(_UTF16):
        raise TableError(
            f"{Path(name).name!r} cannot be read",
            where=name,
            got="UTF-16 text",
            want="UTF-8 text",
            fix=f"iconv -f UTF-16 -t UTF-8 {Path(name).name}",
        )
    return data.decode("utf-8-sig", "replace").rstrip("\r\n")
