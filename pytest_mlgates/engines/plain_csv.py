"""Small CSV files without quotes, read by the standard library alone.

Loading a columnar engine takes longer than reading ten thousand rows, and a hook is a process per
commit. What is read here is read as ``text_reading`` reads it; anything that is not as plain as can
be (a quote, an empty line, a ragged one, a value out of the ordinary) is None: the engine's.
"""

from __future__ import annotations

import hashlib
import math
import re
import stat
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_mlgates.core.errors import TableError
from pytest_mlgates.engines import csv_header
from pytest_mlgates.engines.options import ReadOptions
from pytest_mlgates.engines.text_types import Grammar, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from pytest_mlgates.engines.wanted import Wanted

MOST_BYTES = 2_000_000  # a line of more is refused by DuckDB
_LONGEST = 100  # characters of a value that may be a number or a time
_DIGITS = 18  # are less than 64 bits


class Column(NamedTuple):
    """A column with at least one value.

    Attributes:
        kind: What all of its values are.
        values: One per row, None for null.
        present: Those that are there, in their order.
    """

    kind: Kind
    values: Sequence[Any]
    present: Sequence[Any]


class PlainTable:
    """The rows of one file.

    Args:
        cells: The texts of each column, empty for null.
        wanted: What its columns are held to be.
        digest: Of the bytes that were read.

    Attributes:
        columns: Their names, in order.
        n: The number of rows, at least one.
    """

    def __init__(self, cells: Mapping[str, Sequence[str]], wanted: Wanted, digest: str) -> None:
        self.columns, self.digest = tuple(cells), digest
        self.n = len(next(iter(cells.values())))
        self._cells, self._wanted = cells, wanted
        self._read: dict[str, Column | None] = {}

    def column(self, name: str) -> Column | None:
        """The column *name*; None where it is not there, or its values are the engine's to read."""
        if name not in self._read:
            self._read[name] = self._typed(name) if name in self._cells else None
        return self._read[name]

    def _typed(self, name: str) -> Column | None:
        cells = self._cells[name]
        texts = [cell for cell in cells if cell]
        if not texts:
            return None
        kind = Kind.TEXT if name in self._wanted.text else _kind(texts)
        if kind is Kind.WHOLE and name in self._wanted.floats:
            kind = Kind.NUMBER
        if kind is Kind.DATE and name in self._wanted.times:
            kind = Kind.TIME
        if kind is None or kind not in _READ:
            return None
        try:
            present = list(map(_READ[kind], texts))
        except ValueError:  # the 31st of February
            return None
        if kind is Kind.NUMBER and not math.isfinite(sum(present)):
            return None
        if len(texts) == len(cells):
            return Column(kind, present, present)
        following = iter(present)
        return Column(kind, [next(following) if cell else None for cell in cells], present)


def read(path: Path, delimiter: str | None, wanted: Wanted) -> PlainTable | None:
    """The table in *path*, None where it is not small and plain.

    Args:
        path: The file.
        delimiter: What stands between two values (default: what its header shows).
        wanted: What its columns are held to be.
    """
    try:
        if path.suffix.lower() not in (".csv", ".tsv"):
            return None
        status = path.stat()
        # A pipe would be waited for.
        if not stat.S_ISREG(status.st_mode) or status.st_size > MOST_BYTES:
            return None
        data = path.read_bytes()
        text = data.decode()
    except (OSError, UnicodeDecodeError):
        return None
    breaks, returns = data.count(b"\n"), data.count(b"\r")
    if '"' in text or "\0" in text or text.startswith("\ufeff"):
        return None
    if returns:
        if not returns == breaks == data.count(b"\r\n"):
            return None
        text = text.replace("\r\n", "\n")
    header, *lines = text.removesuffix("\n").split("\n")
    if not lines or "" in lines:
        return None
    try:
        found = csv_header.of_record(header, str(path), ReadOptions(delimiter=delimiter))
    except TableError:
        return None
    width = len(found.columns)
    rows = [line.split(found.delimiter) for line in lines]
    if any(len(row) != width for row in rows):
        return None
    cells = dict(zip(found.columns, zip(*rows, strict=True), strict=True))
    return PlainTable(cells, wanted, f"sha256:{hashlib.sha256(data).hexdigest()}")


def _kind(texts: Sequence[str]) -> Kind | None:
    """What all of *texts* are: the first kind that they match, as ``Grammar.decide`` has it."""
    if max(map(len, texts)) > _LONGEST:
        return None
    joined = "\n".join(dict.fromkeys(texts)) + "\n"
    for kind, pattern in _PATTERNS.items():
        if pattern.fullmatch(joined):
            # Longer ones may be of more than 64 bits.
            too_long = kind is Kind.WHOLE and max(map(len, texts)) > _DIGITS
            return None if too_long else kind
    return Kind.TEXT


_PATTERNS = {
    kind: re.compile(f"(?>(?:{pattern})\n)*+") for kind, pattern in Grammar().patterns.items()
}
_READ: dict[Kind, Callable[[str], Any]] = {
    Kind.TEXT: str,
    Kind.WHOLE: int,
    Kind.NUMBER: float,
    Kind.TRUTH: lambda text: text.lower() == "true",
    Kind.DATE: date.fromisoformat,
    Kind.TIME: datetime.fromisoformat,
}
