"""Columns of files that are one table: the same in each, and no two of one name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pytest_mlgates.core.errors import TableError
from pytest_mlgates.core.text import listing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def refuse_different(columns: Mapping[str, Sequence[str]]) -> None:
    """Files of one table have the same columns, in any order.

    Raises:
        TableError: naming the first file that has others.
    """
    (first, wanted), *others = columns.items()
    for name, found in others:
        missing = [c for c in wanted if c not in found]
        added = [c for c in found if c not in wanted]
        if missing or added:
            raise TableError(
                f"{Path(name).name!r} has other columns than {Path(first).name!r}",
                where=name,
                got=", ".join(
                    f"{word} {listing(names, 6)}"
                    for word, names in (("lacks", missing), ("adds", added))
                    if names
                ),
                want="the same columns in all files of a table",
            )


def refuse_alike(columns: Sequence[str], name: str, *, of: str = "columns") -> None:
    """Refuse columns of the file *name* that are equal, or equal but for case.

    Readers rename such columns silently; a contract would judge the wrong one.

    Args:
        columns: Their names.
        name: The file.
        of: Where they stand: ``header``.

    Raises:
        TableError: naming them.
    """
    seen: dict[str, str] = {}
    short = Path(name).name
    for column in columns:
        if column.casefold() not in seen:
            seen[column.casefold()] = column
            continue
        other = seen[column.casefold()]
        if other == column:
            raise TableError(
                f"column {column!r} stands twice in the {of} of {short!r}",
                where=name,
                want="every column name once",
            )
        raise TableError(
            f"columns {other!r} and {column!r} of {short!r} differ in case only",
            where=name,
            want="names that differ in more than case",
        )
