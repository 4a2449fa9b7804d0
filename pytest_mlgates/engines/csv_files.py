"""CSV files as text: their headers are read here, their rows by DuckDB, which guesses nothing."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from pytest_mlgates.engines import csv_header, scratch, sql
from pytest_mlgates.engines.columns_alike import refuse_different
from pytest_mlgates.engines.reading_errors import reading_error
from pytest_mlgates.engines.text_types import Grammar

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pytest_mlgates.core.errors import TableError
    from pytest_mlgates.engines.csv_header import Header
    from pytest_mlgates.engines.options import ReadOptions
    from pytest_mlgates.engines.partitions import Partitions

_UNPACKED = 5  # how much larger a compressed CSV becomes, about
_COMPRESSION = {".gz": "gzip", ".zst": "zstd"}


class CsvFiles:
    """The files of one table, in order.

    Args:
        files: The files.
        options: How they are written.
        partitions: The columns that their folders say.
        link: A DuckDB connection.
        private: Whether no value of them may be shown.

    Raises:
        TableError: for a file without a header, of other columns, or of another encoding.
    """

    def __init__(
        self,
        files: Sequence[Path],
        options: ReadOptions,
        partitions: Partitions,
        link: Any,
        *,
        private: bool,
    ) -> None:
        self.files, self.options, self.private = tuple(files), options, private
        self._originals: dict[str, str] = {}
        self._headers: list[tuple[Path, Header]] = []
        for path in files:
            ready = self._prepared(path)
            self._headers.append((ready, csv_header.read(link, ready, str(path), options)))
        by_name = {str(p): h.columns for p, (_, h) in zip(files, self._headers, strict=True)}
        refuse_different(by_name)
        first = self._headers[0][1].columns
        self._partitions = partitions.beside(first, str(files[0]))
        self.columns = (*first, *self._partitions.kinds)
        self.typed = frozenset(self._partitions.kinds)
        self.grammar = Grammar(decimal=options.decimal or ".")
        self.size = sum(
            ready.stat().st_size * (_UNPACKED if scratch.compression(ready) else 1)
            for ready, _ in self._headers
        )
        self._checked = False

    def query(self, columns: Sequence[str], *, text: frozenset[str]) -> str:
        """The ``select`` of *columns*, all of them text but those of folders that are not *text*.

        Raises:
            TableError: if a compressed file is cut.
        """
        if not self._checked:
            for path in self.files:
                scratch.refuse_broken(path)
            self._checked = True
        parts = [
            self._partitions.expression(c, as_text=c in text) + f" as {sql.name(c)}"
            if c in self._partitions.kinds
            else sql.name(c)
            for c in columns
        ]
        runs = groupby(self._headers, key=lambda one: (one[1], scratch.compression(one[0])))
        return " union all ".join(
            f"(select {', '.join(parts)} {self._read([ready for ready, _ in run], header, packed)})"
            for (header, packed), run in runs
        )

    def first_text(self, column: str) -> str:  # noqa: ARG002
        """Nothing: all values of a CSV are written alike."""
        return ""

    def error(self, error: Exception) -> TableError:
        """The reader's complaint, about the file that the user named."""
        return reading_error(
            error, str(self.files[0]), private=self.private, originals=self._originals
        )

    def _prepared(self, path: Path) -> Path:
        ready = scratch.readable(path, self.options.encoding)
        if ready == path:
            return path
        self._originals[str(ready)] = str(path)
        return ready

    def _read(self, files: Sequence[Path], header: Header, packed: str) -> str:
        quote = '"' if self.options.quote is None else self.options.quote
        return sql.read(
            "read_csv",
            [str(path) for path in files],
            {
                "auto_detect": False,
                "header": True,
                "columns": dict.fromkeys(header.columns, "VARCHAR"),
                "delim": header.delimiter,
                "quote": quote,
                "escape": quote,
                "nullstr": ["", *(self.options.null_values or ())],
                "strict_mode": True,
                "compression": _COMPRESSION.get(packed, "none"),
                **self._partitions.options,
            },
        )
