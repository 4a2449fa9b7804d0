"""The digests of a table: of its files, or of columns of a frame."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import narwhals.stable.v2 as nw

from pytest_mlgates.engines import digests
from pytest_mlgates.engines import keys as key_values
from pytest_mlgates.engines.asking import are_large
from pytest_mlgates.engines.beside import Beside

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy as np

    from pytest_mlgates.engines.table import Table

_LARGE_ROWS = 100_000  # of a frame: hashing fewer takes no longer than a thread is worth


def hashing_of(files: Sequence[Path]) -> Beside[str] | None:
    """The digest of *files*, which is computed beside what is done next; None if that is soon."""
    return Beside(lambda: digests.of_files(files)) if are_large(files) else None


class TableDigests:
    """The digests of a table that were asked for or begun.

    It does not hold the table: one that nobody uses is gone at once, and its connection with it.

    Args:
        hashing: That of its files, where it has been begun.
    """

    def __init__(self, hashing: Beside[str] | None) -> None:
        self.hashing = hashing
        self._known: dict[tuple[str, ...], str | None] = {}
        self._begun: dict[tuple[str, ...], Beside[str]] = {}

    def begin(self, table: Table, columns: Sequence[str]) -> None:
        """Begin with that of the files, else of *columns*, where it takes long."""
        if table.files:
            if self.hashing is None and () not in self._known:
                self.hashing = hashing_of(table.files)
            return
        key = _key(columns)
        if not key or key in self._known or key in self._begun or not _are_numbers(table, key):
            return
        arrays = table.arrays(key)
        self._begun[key] = Beside(lambda: _of_arrays(arrays))

    def of(self, table: Table, columns: Sequence[str] | None) -> str | None:
        """That of the files, else of *columns* (None: of all)."""
        key = () if table.files or columns is None else _key(columns)
        if key not in self._known:
            self._known[key] = self._computed(table, key)
        return self._known[key]

    def _computed(self, table: Table, key: tuple[str, ...]) -> str | None:
        if table.files:
            return digests.of_files(table.files) if self.hashing is None else self.hashing.result()
        if table.implementation == "pyspark":
            return None
        if key in self._begun:
            return self._begun.pop(key).result()
        digest, columns = hashlib.sha256(), key or tuple(table.columns)
        eager = isinstance(table.opened, nw.DataFrame)
        for column in columns:
            series = table.series(column) if eager else None
            if series is None or not digests.of_series(digest, column, series):
                array = table.arrays([column] if eager else columns)[column]
                zoned = key_values.zoned(table.schema, column)
                digests.of_array(digest, column, array, zoned=zoned)
        return f"sha256:{digest.hexdigest()}"


def _key(columns: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted(set(columns)))


def _are_numbers(table: Table, columns: Sequence[str]) -> bool:
    """Whether *columns* are numbers of a large frame, which are hashed from their arrays."""
    frame, schema = table.opened, table.schema
    return (
        isinstance(frame, nw.DataFrame)
        and len(frame) >= _LARGE_ROWS
        and all(
            (dtype := schema.get(c)) and (dtype.is_integer() or dtype.is_float()) for c in columns
        )
    )


def _of_arrays(arrays: Mapping[str, np.ndarray]) -> str:
    digest = hashlib.sha256()
    for column, array in arrays.items():
        digests.of_array(digest, column, array, zoned=False)
    return f"sha256:{digest.hexdigest()}"
