"""JSON Lines: numbers and truth values are what they are, strings are text that may be dates.

DuckDB looks at every row twice: once for the keys and types, which no part of a file can tell.
"""

from __future__ import annotations

import contextlib
from itertools import groupby
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import MissingExtraError, TableError
from pytest_mlgates.engines import scratch, sql
from pytest_mlgates.engines.columns_alike import refuse_alike, refuse_different
from pytest_mlgates.engines.interrupts import interruptible
from pytest_mlgates.engines.reading_errors import reading_error
from pytest_mlgates.engines.text_types import Grammar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pytest_mlgates.engines.partitions import Partitions

_UNPACKED = 8  # how much larger a compressed file becomes, about
_COMPRESSION = {".gz": "gzip", ".zst": "zstd"}
# What DuckDB takes strings for, and (JSON) values of several types, or none.
_STRINGS = (
    *("VARCHAR", "DATE", "TIME", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ"),
    *("UUID", "JSON", "NULL", '"NULL"'),
)


class JsonFiles:
    """The files of one table, in order.

    Args:
        files: The files.
        partitions: The columns that their folders say.
        link: A DuckDB connection.
        private: Whether no value of them may be shown.

    Raises:
        TableError: for a file of other columns, or one that is not JSON Lines.
    """

    def __init__(
        self, files: Sequence[Path], partitions: Partitions, link: Any, *, private: bool
    ) -> None:
        self.files, self.private = tuple(files), private
        self._originals: dict[str, str] = {}
        self._ready = [self._prepared(path) for path in files]
        self._types = self._sniff(link)
        self._partitions = partitions.beside(list(self._types), str(files[0]))
        self.columns = (*self._types, *self._partitions.kinds)
        strings = {column for column, type_ in self._types.items() if type_ in _STRINGS}
        self.typed = frozenset(self.columns) - strings
        self.grammar = Grammar(numeric=False)
        self.size = sum(
            path.stat().st_size * (_UNPACKED if scratch.compression(path) else 1)
            for path in self._ready
        )

    def query(self, columns: Sequence[str], *, text: frozenset[str]) -> str:
        """The ``select`` of *columns*: strings as text, anything else as it is."""
        parts = [
            self._partitions.expression(c, as_text=c in text) + f" as {sql.name(c)}"
            if c in self._partitions.kinds
            else sql.name(c)
            for c in columns
        ]
        runs = groupby(self._ready, key=scratch.compression)
        types = {c: "VARCHAR" if t in _STRINGS else t for c, t in self._types.items()}
        given = {"columns": types, **self._partitions.options}
        return " union all ".join(
            f"(select {', '.join(parts)} {_read(list(run), packed, given)})" for packed, run in runs
        )

    def first_text(self, column: str) -> str:
        """The line of the first string in *column*; empty without one, and if no line tells it."""
        import msgspec

        decode = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
        with contextlib.suppress(msgspec.DecodeError, MissingExtraError, *scratch.BROKEN):
            for path, ready in zip(self.files, self._ready, strict=True):
                with scratch.opened(ready) as stream:
                    for number, line in enumerate(stream, 1):
                        if line.strip() and bytes(decode(line).get(column, b""))[:1] == b'"':
                            among = f" of {path.name!r}" if len(self.files) > 1 else ""
                            return f"line {number:,}{among}"
        return ""

    def error(self, error: Exception) -> TableError:
        """The reader's complaint, about the file that the user named."""
        return reading_error(
            error, str(self.files[0]), private=self.private, originals=self._originals
        )

    def _prepared(self, path: Path) -> Path:
        scratch.refuse_broken(path)
        ready = scratch.readable(path, "utf-8")
        self._originals[str(ready)] = str(path)
        return ready

    def _sniff(self, link: Any) -> dict[str, str]:
        """Each column's type, of all rows of all files."""
        found = [self._described(link, [path]) for path in self._ready]
        for path, types in zip(self.files, found, strict=True):
            self._refuse_renamed(link, path, types)
        refuse_different({str(p): list(t) for p, t in zip(self.files, found, strict=True)})
        refuse_alike(list(found[0]), str(self.files[0]))
        if all(types == found[0] for types in found):
            return found[0]
        return self._described(link, self._ready)

    def _refuse_renamed(self, link: Any, path: Path, types: Mapping[str, str]) -> None:
        """DuckDB reads the keys `a` and `A` as `a` and `A_1`, which is then no key at all."""
        folded = {column.casefold() for column in types}
        for column in types:
            stem, _, number = column.rpartition("_")
            if not number.isdigit() or stem.casefold() not in folded:
                continue
            ready = self._ready[self.files.index(path)]
            packed = _COMPRESSION.get(scratch.compression(ready), "uncompressed")
            given = {"format": "newline_delimited", "compression": packed}
            objects = link.sql(sql.read("read_json_objects", [str(ready)], given))
            there = objects.filter(f"list_contains(json_keys(json), {sql.text(column)})").limit(1)
            if not interruptible(there.fetchall, link):
                raise TableError(
                    f"keys of {path.name!r} differ in case only",
                    where=str(path),
                    got=f"{stem!r} and the same in another case",
                    want="names that differ in more than case",
                )

    def _described(self, link: Any, files: Sequence[Path]) -> dict[str, str]:
        sampled = {"sample_size": -1, "hive_partitioning": False}
        queries = [
            _read(list(run), packed, {**sampled, "union_by_name": len(files) > 1})
            for packed, run in groupby(files, key=scratch.compression)
        ]
        query = " union all by name ".join(f"({query})" for query in queries)
        try:
            relation = interruptible(lambda: link.sql(query), link)
        except Exception as error:
            raise self.error(error) from None
        types = dict(zip(relation.columns, map(str, relation.types), strict=True))
        wide = [column for column, type_ in types.items() if type_ == "HUGEINT"]
        if wide:
            # DuckDB 2.0 takes integers of both signs for such, however small they are.
            ends = ", ".join(f"min({sql.name(c)}), max({sql.name(c)})" for c in wide)
            try:
                (row,) = interruptible(relation.aggregate(ends).fetchall, link)
            except Exception as error:
                raise self.error(error) from None
            for column, low, high in zip(wide, row[::2], row[1::2], strict=True):
                if low >= -(2**63) and high < 2**63:
                    types[column] = "BIGINT"
                elif low >= 0 and high < 2**64:
                    types[column] = "UBIGINT"
        return types


def _read(files: Sequence[Path], packed: str, options: Mapping[str, Any]) -> str:
    return sql.read(
        "read_json",
        [str(path) for path in files],
        {
            "format": "newline_delimited",
            "records": "true",
            "maximum_object_size": 1 << 26,
            "compression": _COMPRESSION.get(packed, "uncompressed"),
            **options,
        },
    )
