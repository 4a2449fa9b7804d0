"""The first line of a CSV file: its delimiter and its columns, before a reader renames any."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import TableError
from pytest_mlgates.engines import scratch, sql
from pytest_mlgates.engines.columns_alike import refuse_alike
from pytest_mlgates.engines.reading_errors import reading_error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_mlgates.engines.options import ReadOptions

_DELIMITERS = ",;\t|"
_MOST = 1 << 24
_MOST_LINES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What the first line says."""

    delimiter: str
    columns: tuple[str, ...]


def read(link: Any, path: Path, name: str, options: ReadOptions) -> Header:
    """The header of a file.

    Args:
        link: A DuckDB connection, which reads what Python's library does not (Zstandard).
        path: The file, in UTF-8.
        name: What the user calls it, for messages: *path* may be a copy.
        options: The delimiter and the quote, where the user says them.

    Raises:
        TableError: if it has none, names a column twice, or is not UTF-8 text.
    """
    quote = '"' if options.quote is None else options.quote
    short = Path(name).name
    try:
        record = _first_record(_lines(link, path), quote)
    except UnicodeDecodeError:
        raise TableError(
            f"{short!r} cannot be read",
            where=f"{name}:1",
            got="it is not UTF-8 text",
            fix='name the encoding that it has: encoding = "cp1252"',
        ) from None
    return of_record(record, name, options)


def of_record(record: str, name: str, options: ReadOptions) -> Header:
    """The header that the first *record* of a file is; the other arguments as :func:`read`'s.

    Raises:
        TableError: if it is none, or names a column twice.
    """
    short, quote = Path(name).name, '"' if options.quote is None else options.quote
    if not record.strip():
        raise TableError(f"{short!r} is empty", where=name, want="a header and rows")
    if "\0" in record:
        raise TableError(
            f"{short!r} cannot be read",
            where=f"{name}:1",
            got="null characters: UTF-16 without a byte order mark, or no text",
            fix='if it is text: encoding = "utf-16-le"',
        )
    delimiter = options.delimiter or _delimiter(name, record, quote, options.decimal)
    columns = _named(_cells(record, delimiter, quote, name))
    refuse_alike(columns, name, of="header")
    return Header(delimiter=delimiter, columns=tuple(columns))


def _named(cells: list[str]) -> list[str]:
    """*cells* as names; one without text, as an index has, is called after its place."""
    return [cell.strip() or f"column{place}" for place, cell in enumerate(cells)]


def _cells(record: str, delimiter: str, quote: str, name: str) -> list[str]:
    lines = io.StringIO(record, newline="")
    try:
        if quote:
            return next(csv.reader(lines, delimiter=delimiter, quotechar=quote))
        return next(csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE))
    except csv.Error as error:
        raise TableError(
            f"{Path(name).name!r} cannot be read", where=f"{name}:1", got=f"its header: {error}"
        ) from None


def _delimiter(name: str, record: str, quote: str, decimal: str | None) -> str:
    if ".tsv" in (suffix.lower() for suffix in Path(name).suffixes):
        return "\t"
    outside = "".join(record.split(quote)[::2]) if quote else record
    counts = {character: outside.count(character) for character in _DELIMITERS}
    best = max(counts, key=lambda character: counts[character])
    # Of one column; what ends no value of it can be anything but what its numbers are written with.
    return best if counts[best] else ";" if decimal == "," else ","


def _first_record(lines: Iterator[str], quote: str) -> str:
    """The first line, and those after it that belong to a quoted name of it."""
    record = ""
    for line, _ in zip(lines, range(_MOST_LINES), strict=False):
        record += line
        if not quote or record.count(quote) % 2 == 0:
            break
    return record.rstrip("\r\n")


def _lines(link: Any, path: Path) -> Iterator[str]:
    if scratch.compression(path) == ".zst":
        scratch.refuse_broken(path)
        query = sql.read(
            "read_csv",
            [str(path)],
            {
                "header": False,
                "columns": {"line": "VARCHAR"},
                "sep": "\x01",
                "quote": "",
                "escape": "",
                "compression": "zstd",
                "auto_detect": False,
            },
        )
        try:
            rows = link.sql(query).limit(_MOST_LINES).fetchall()
        except Exception as error:
            raise reading_error(error, str(path)) from None
        yield from (f"{row[0] or ''}\n".removeprefix("\ufeff") for row in rows)
        return
    try:
        with scratch.opened(path) as stream:
            while data := stream.readline(_MOST):
                for line in data.splitlines(keepends=True):
                    yield line.decode().removeprefix("\ufeff")
    except scratch.BROKEN as error:
        raise scratch.broken(path, error) from None
