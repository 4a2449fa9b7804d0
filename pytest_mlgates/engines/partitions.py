"""Folders as columns: ``year=2024/month=01/part.parquet``."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import TableError
from pytest_mlgates.core.text import listing
from pytest_mlgates.engines import sql
from pytest_mlgates.engines.text_types import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

_NULL = "__HIVE_DEFAULT_PARTITION__"
# 01 is no number: as one it would lose its zero.
_NUMBER = re.compile(r"0|-?[1-9][0-9]{0,17}")
_DATE = re.compile(r"[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Partitions:
    """The columns that stand in the names of folders.

    A column is of whole numbers or dates if all its values are written as those are (``2024``,
    ``2024-01-31``); otherwise text, as ``01`` is.

    Attributes:
        kinds: What their values are, by name, in the order of the folders.
    """

    kinds: dict[str, Kind] = field(default_factory=dict)

    @classmethod
    def of(cls, files: Sequence[Path], root: Path) -> Partitions:
        """What the folders between *root* and *files* say.

        Raises:
            TableError: if they do not all say the same columns.
        """
        rows = [_pairs(path, root) for path in files]
        keys = list(rows[0])
        for path, row in zip(files, rows, strict=True):
            if set(row) != set(keys):
                raise TableError(
                    "the files are in folders of different columns",
                    where=str(root),
                    got=f"{listing(keys)} for {files[0].name!r}, {listing(row)} for {path.name!r}",
                    want="the same key=value folders above every file",
                )
        return cls(kinds={key: _kind([row[key] for row in rows]) for key in keys})

    def beside(self, columns: Sequence[str], where: str) -> Partitions:
        """The same without columns that the files themselves hold: those are the data.

        Raises:
            TableError: if they hold some of them only.
        """
        folded = {column.casefold() for column in columns}
        twice = [key for key in self.kinds if key.casefold() in folded]
        if twice and len(twice) < len(self.kinds):
            raise TableError(
                f"column {twice[0]!r} stands in the files and in the names of their folders",
                where=where,
                got=f"folders of {listing(self.kinds)}",
                want="each column in one of them",
            )
        return Partitions() if twice else self

    @property
    def options(self) -> dict[str, Any]:
        """What a reading function of DuckDB is told, which would guess types itself."""
        if not self.kinds:
            return {"hive_partitioning": False}
        return {"hive_partitioning": True, "hive_types_autocast": False}

    def expression(self, column: str, *, as_text: bool) -> str:
        """The values of *column*."""
        kind = Kind.TEXT if as_text else self.kinds[column]
        return f"cast(nullif({sql.name(column)}, {sql.text(_NULL)}) as {kind})"


def root_of(path: str | Path, base: Path) -> Path:
    """Where folders begin to be columns: below a named folder, or where a glob begins to vary."""
    full = base / path
    if full.is_dir():
        return full
    if full.is_file():
        return full.parent
    fixed = base
    for part in Path(path).parts[:-1]:
        if any(character in part for character in "*?[="):
            break
        fixed /= part
    return fixed


def _pairs(path: Path, root: Path) -> dict[str, str]:
    folders = path.relative_to(root).parts[:-1]
    return dict(folder.split("=", 1) for folder in folders if folder.find("=") > 0)


def _kind(values: Sequence[str]) -> Kind:
    found = {value for value in values if value != _NULL}
    if found and all(_NUMBER.fullmatch(value) for value in found):
        return Kind.WHOLE
    return Kind.DATE if found and all(_is_date(value) for value in found) else Kind.TEXT


def _is_date(value: str) -> bool:
    try:
        return _DATE.fullmatch(value) is not None and bool(dt.date.fromisoformat(value))
    except ValueError:
        return False
