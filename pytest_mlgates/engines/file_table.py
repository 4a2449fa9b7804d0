"""Files as a table that is opened when it is first asked, and read as its gates want it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from pytest_mlgates.engines import readers
from pytest_mlgates.engines.partitions import root_of
from pytest_mlgates.engines.table import Table
from pytest_mlgates.engines.wanted import Wanted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pytest_mlgates.core.errors import TableError
    from pytest_mlgates.engines.options import ReadOptions
    from pytest_mlgates.engines.readers import Scan
    from pytest_mlgates.engines.text_reading import NotNumbers


def open_files(
    path: str | Path, base: Path, options: ReadOptions | None, *, name: str, private: bool
) -> FileTable:
    """The table that *path* (a file, a folder, a glob) names.

    Raises:
        TableError: if there is no such file, or it cannot be opened.
    """
    files = readers.expand(path, base)
    root = root_of(path, base)
    scan = readers.scan(files, root=root, options=options, private=private)
    return FileTable(scan, files, name=name, private=private)


class FileTable(Table):
    """A table of files.

    Args:
        scan: The opened files, and their connection.
        files: Their names.
        name: What messages call it.
        private: No values of it may be shown.
        wanted: The columns that are read, and as what (default: all, as they look).
        readings: The other ways in which gates read these files, and this one once it is used.
    """

    def __init__(
        self,
        scan: Scan,
        files: Sequence[Path],
        *,
        name: str,
        private: bool,
        wanted: Wanted | None = None,
        readings: list[FileTable] | None = None,
    ) -> None:
        super().__init__(self._open, name=name, private=private, files=files, link=scan.link)
        self._scan, self.wanted = scan, wanted or Wanted()
        self._readings: list[FileTable] = [] if readings is None else readings
        self._foreseen: list[Wanted] = []

    def _open(self) -> nw.LazyFrame[Any]:
        frame: nw.LazyFrame[Any] = nw.from_native(self._scan.reading.relation(self.wanted))
        self._readings.append(self)
        return frame

    @cached_property
    def schema(self) -> dict[str, nw.dtypes.DType]:
        """All columns; the type of one that is not read is unknown, and it cannot be asked for."""
        read = self._opened.collect_schema()
        return {c: read.get(c, nw.Unknown()) for c in self._scan.reading.columns}

    @property
    def columns(self) -> list[str]:
        """Column names, in order."""
        return list(self._scan.reading.columns)

    @property
    def readings(self) -> list[Table]:
        """The ways in which gates read this table."""
        return list(self._readings)

    def read_as(self, wanted: Wanted) -> Table:
        """The table with at least the columns that are *wanted*, as they are wanted."""
        reading = self._scan.reading
        for other in self._readings:
            if reading.serves(other.wanted, wanted):
                return other
        if not self._readings:
            wanted = wanted.beside(self._foreseen)
        made = FileTable(
            self._scan,
            self.files,
            name=self.name,
            private=self.private,
            wanted=wanted,
            readings=self._readings,
        )
        made.origins = self.origins
        return made

    def foresee(self, wanted: Wanted) -> None:
        """Tell what will be wanted, so that one pass reads it together with what is wanted."""
        self._foreseen.append(wanted)

    def not_numbers(self, column: str) -> NotNumbers | None:
        """What a text *column* holds beside numbers, None where it is text for certain."""
        if not isinstance(self.schema[column], nw.String):
            return None
        return self._scan.reading.not_numbers(column, self.wanted)

    def as_private(self) -> Table:
        """The same files, of which no values may be shown."""
        if self.private:
            return self
        scan = self._scan._replace(reading=self._scan.reading.as_private())
        return FileTable(scan, self.files, name=self.name, private=True, wanted=self.wanted)

    def _engine_error(self, error: Exception) -> TableError:
        return self._scan.reading.error(error)
