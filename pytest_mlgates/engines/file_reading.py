"""Files of a table: opened when they are first asked for rows, and read as gates want them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from pytest_mlgates.engines import readers
from pytest_mlgates.engines.wanted import Wanted

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_mlgates.core.errors import TableError
    from pytest_mlgates.engines.options import ReadOptions
    from pytest_mlgates.engines.readers import Scan
    from pytest_mlgates.engines.text_reading import NotNumbers


class FileReading:
    """One way to read the files of a table.

    Args:
        scan: The files, and their connection.
        files: Their names.
        wanted: The columns that are read, and as what.

    Attributes:
        is_open: Whether its types are known.
    """

    def __init__(self, scan: Scan, files: tuple[Path, ...], wanted: Wanted) -> None:
        self._scan, self.files, self._wanted = scan, files, wanted
        self.is_open = False
        self._foreseen: list[Wanted] = []

    @classmethod
    def of(
        cls, files: tuple[Path, ...], root: Path, options: ReadOptions | None, *, private: bool
    ) -> FileReading:
        """*files* with all columns as they look; below *root* some folders are columns.

        Raises:
            TableError: if they cannot be opened.
        """
        scan = readers.scan(files, root=root, options=options, private=private)
        return cls(scan, files, Wanted())

    @property
    def link(self) -> Any:
        """The connection that reads them."""
        return self._scan.link

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns of the files, whether they are read or not."""
        return self._scan.reading.columns

    @property
    def is_ordered(self) -> bool:
        """Whether every query returns the rows in one order."""
        return self._scan.reading.is_ordered

    def frame(self) -> nw.LazyFrame[Any]:
        """The columns that are read.

        Raises:
            TableError: if the files cannot be read.
        """
        found: nw.LazyFrame[Any] = nw.from_native(self._scan.reading.relation(self._wanted))
        self.is_open = True
        return found

    def schema(self, read: Mapping[str, nw.dtypes.DType]) -> dict[str, nw.dtypes.DType]:
        """All columns; the type of one that is not *read* is unknown: it cannot be asked for."""
        return {column: read.get(column, nw.Unknown()) for column in self.columns}

    def serves(self, wanted: Wanted) -> bool:
        """Whether what is read has all that is *wanted*, as it is wanted."""
        return self.is_open and self._scan.reading.serves(self._wanted, wanted)

    def foresee(self, wanted: Wanted) -> None:
        """Tell what will be wanted, so that one pass reads it together with what is wanted."""
        self._foreseen.append(wanted)

    def wanting(self, wanted: Wanted, *, first: bool) -> FileReading:
        """The files with the columns that are *wanted*; if it is the *first*, what is foreseen."""
        wanted = wanted.beside(self._foreseen) if first else wanted
        return FileReading(self._scan, self.files, wanted)

    def as_private(self) -> FileReading:
        """The same files, of which no values may be shown."""
        scan = self._scan._replace(reading=self._scan.reading.as_private())
        return FileReading(scan, self.files, self._wanted)

    def not_numbers(self, column: str) -> NotNumbers | None:
        """What a text *column* holds beside numbers, None where it is text for certain."""
        return self._scan.reading.not_numbers(column, self._wanted)

    def error(self, error: Exception) -> TableError:
        """What an engine's *error* while reading means to the user."""
        return self._scan.reading.error(error)
