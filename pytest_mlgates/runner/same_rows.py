"""Whether a file of predictions is about the rows of a table: every column of both must agree."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.text import listing, plural

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from pytest_mlgates.engines.table import Table

_TRUTHS = {"true": 1.0, "false": 0.0}


def refuse_other_rows(
    file: Table, table: Table, *, labels: Sequence[str], answers: Collection[str]
) -> None:
    """Nothing, if *file* is about the rows of *table*, in its order.

    The labels alone prove nothing: sorted by label, any two tables agree in them. What proves it is
    that rows cannot change places unseen: those that are alike in all shared columns have the same
    answers in the file, or in the table, so that which is which changes nothing.

    Args:
        file: The predictions.
        table: What they are compared on.
        labels: The column of the labels, or those of several.
        answers: The columns that are a model's answers, and hence may differ.

    Raises:
        MLGatesError: if a shared column differs in some row, or rows could have changed places.
    """
    if file.n_rows != table.n_rows:
        raise MLGatesError(
            f"{file.name} was judged on other rows than table {table.name!r}",
            got=f"{file.n_rows:,} against {table.n_rows:,} rows",
            want="two models on the same rows: differences of other rows compare nothing",
        )
    shared = [c for c in table.columns if c in file.schema and c not in answers]
    mine, theirs = table.arrays(shared), file.arrays(shared)
    for column in shared:
        if not _equal(mine[column], theirs[column]).all():
            raise MLGatesError(
                f"{file.name} was judged on other rows than table {table.name!r}",
                got=_difference(column, labels, (mine[column], theirs[column]), file),
                want=f"the same {column!r} in the same order",
                fix="write the champion's predictions anew, on these rows and in this order"
                + ("" if column in labels else f"; leave out {column!r} if it is a model's answer"),
            )
    others = [c for c in shared if c not in labels]
    got = f"beside {listing(labels)} it shares with table {table.name!r} "
    got += f"only {listing(others, 6)}" if others else "no column"
    if table.n_rows > 1 and not any(_varies(mine[column]) for column in others):
        raise _unproven(file, got + (", the same in every row" if others else ""))
    alike = _exchangeable(file, table, [mine[column] for column in shared], answers)
    if alike:
        count = "some" if file.private or table.private else f"{alike:,} of {table.n_rows:,}"
        raise _unproven(file, f"{got}, and {count} rows could have changed places")


def _unproven(file: Table, got: str) -> MLGatesError:
    return MLGatesError(
        "nothing proves that these are the same rows",
        where=file.name,
        got=got,
        want="columns that tell rows apart: equal labels in equal order prove nothing",
        fix="write an id column or the features beside the predictions",
    )


def _exchangeable(
    file: Table, table: Table, shared: list[NDArray[Any]], answers: Collection[str]
) -> int:
    """How many rows are like another in *shared* and not in the answers, neither here nor there.

    None, where both give the same answers throughout: rows in other places would not.
    """
    n = table.n_rows
    both = [c for c in table.columns if c in file.schema and c in answers]
    if both:
        ours, theirs = table.arrays(both), file.arrays(both)
        if all(_equal(ours[column], theirs[column]).all() for column in both):
            return 0
    groups = np.zeros(n, dtype=np.intp)
    for column in shared:
        codes = _codes(column)
        groups = np.unique(groups * (int(codes.max(initial=0)) + 1) + codes, return_inverse=True)[1]
        if int(groups.max(initial=0)) + 1 == n:
            return 0
    mixed = [_mixed(groups, one, answers) for one in (file, table)]
    return int(np.count_nonzero((mixed[0] & mixed[1])[groups]))


def _mixed(groups: NDArray[np.intp], table: Table, answers: Collection[str]) -> NDArray[np.bool_]:
    """In which groups of rows the answers differ; in all of several rows, where there are none."""
    found = [column for column in table.columns if column in answers]
    if not found:
        return np.asarray(np.bincount(groups) > 1)
    first = np.unique(groups, return_index=True)[1]
    differs = np.zeros(len(groups), dtype=np.bool_)
    for array in table.arrays(found).values():
        codes = _codes(array)
        differs |= codes != codes[first[groups]]
    return np.asarray(np.bincount(groups, weights=differs) > 0)


def _codes(array: NDArray[Any]) -> NDArray[np.intp]:
    """The place of each value among the distinct ones."""
    if array.dtype.kind in "biuf":
        return np.unique(array, return_inverse=True)[1]
    known: dict[str, int] = {}
    found = (known.setdefault(repr(value), len(known)) for value in array.tolist())
    return np.fromiter(found, np.intp, len(array))


def _difference(
    column: str, labels: Sequence[str], arrays: tuple[NDArray[Any], NDArray[Any]], file: Table
) -> str:
    mine, theirs = arrays
    unequal = np.flatnonzero(~_equal(mine, theirs))
    what = "labels differ" if column in labels else f"{column!r} differs"
    if file.private:
        return what
    first = int(unequal[0])
    values = f"{_shown(theirs[first])} against {_shown(mine[first])}"
    count = f"{unequal.size:,} of {plural(len(mine), 'row')}"
    return f"{what} in {count}, first in row {first}: {values}"


def _shown(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:39]}…"


def _equal(one: NDArray[Any], other: NDArray[Any]) -> NDArray[np.bool_]:
    """In which rows two columns hold the same, whatever kind of file each came from."""
    if one.dtype.kind in "biuf" and other.dtype.kind in "biuf":
        if np.float32 in (one.dtype, other.dtype):  # the text of a float32 is no float64
            one, other = one.astype(np.float32), other.astype(np.float32)
        return np.asarray((one == other) | (_nan(one) & _nan(other)))
    pairs = zip(one.tolist(), other.tolist(), strict=True)
    return np.fromiter((_alike(a, b) for a, b in pairs), np.bool_, len(one))


def _nan(array: NDArray[Any]) -> NDArray[np.bool_]:
    return np.isnan(array) if array.dtype.kind == "f" else np.zeros(len(array), np.bool_)


def _alike(one: Any, other: Any) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        if one == other:
            return True
        found = _plain(one)  # "01" and "1" are two ids; a moment may be written in two ways
        return isinstance(found, dt.datetime) and bool(found == _plain(other))
    return bool(_plain(one) == _plain(other))


def _plain(value: Any) -> Any:
    """*value* as its text in a CSV would be read back: dates and numbers in text are just that."""
    if value is None or value == "" or (isinstance(value, float) and value != value):  # noqa: PLR0124
        return None
    if isinstance(value, str):
        if value.lower() in _TRUTHS:
            return _TRUTHS[value.lower()]
        for read in (int, float, dt.datetime.fromisoformat):
            try:
                found = read(value)
            except ValueError:
                continue
            return _moment(found) if isinstance(found, dt.datetime) else found
        return value
    if isinstance(value, dt.datetime):
        return _moment(value)
    if isinstance(value, dt.date):
        return dt.datetime(value.year, value.month, value.day, tzinfo=dt.UTC)
    return value if isinstance(value, int | float) else str(value)


def _moment(value: dt.datetime) -> dt.datetime:
    return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


def _varies(column: NDArray[Any]) -> bool:
    return not bool(_equal(column[1:], column[:-1]).all())
