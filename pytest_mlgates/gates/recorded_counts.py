"""The counts that a verdict was computed from, in its record: whoever verifies it computes again.

``labels`` are the classes, ``positive`` the place of the positive one among them, and ``parts`` the
rows of the table and its groups by label (rows of the matrix) and prediction (its columns).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.verdict import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pytest_mlgates.gates.labels import Cells, Classes

# Beyond these a record would be mostly counts.
MOST_LABELS = 30
MOST_CELLS = 50_000


class NoCountsError(ValueError):
    """What is wrong with recorded counts, in one sentence."""


def recorded(
    labels: Sequence[Any], positive: int | None, parts: Iterable[tuple[Mapping[str, Any], Any]]
) -> dict[str, Any]:
    """The record of matrices over *labels*, each with what it is of; empty where it is too large.

    Args:
        labels: The classes, in the order of the matrices.
        positive: The place of the positive one, None where there is none.
        parts: What each matrix is of (``group``, ``level``), and the matrix: nested lists.
    """
    found = [{**what, "matrix": matrix} for what, matrix in parts]
    if len(labels) > MOST_LABELS or len(found) * len(labels) ** 2 > MOST_CELLS:
        return {}
    out = {"labels": list(labels), "positive": positive, "parts": found}
    return dict(plain(out))


def matrix_of(cells: Cells | Mapping[Any, int], labels: Sequence[Any]) -> list[list[int]]:
    """*cells* as nested lists, truth in rows."""
    return [[cells.get((truth, told), 0) for told in labels] for truth in labels]


def classes_of(record: Mapping[str, Any]) -> Classes:
    """The classes of a record.

    Raises:
        NoCountsError: for labels that are none, or stand twice.
    """
    from pytest_mlgates.gates.labels import Classes

    labels, positive = record.get("labels"), record.get("positive")
    scalars = isinstance(labels, list) and all(
        one is None or isinstance(one, str | int | float | bool) for one in labels
    )
    if not isinstance(labels, list) or not scalars or len(set(labels)) < len(labels):
        raise NoCountsError("their labels are no list of different values")
    if len(labels) > MOST_LABELS:
        raise NoCountsError(f"they have more than {MOST_LABELS} labels")
    if positive is None:
        return Classes(labels=tuple(labels))
    if not isinstance(positive, int) or isinstance(positive, bool):
        raise NoCountsError("their positive class is no place among the labels")
    if not 0 <= positive < len(labels):
        raise NoCountsError("their positive class is no place among the labels")
    return Classes(labels=tuple(labels), positive=labels[positive])


def parts_of(
    record: Mapping[str, Any], classes: Classes
) -> list[tuple[Mapping[str, Any], dict[tuple[Any, Any], int]]]:
    """What each part of a record is of, and its rows by label and prediction.

    Raises:
        NoCountsError: for matrices of another size, and for counts that are none.
    """
    parts, size = record.get("parts"), len(classes.labels)
    if not isinstance(parts, list) or not parts or len(parts) * size**2 > MOST_CELLS:
        raise NoCountsError("they have no parts, or too many")
    found = []
    for part in parts:
        matrix = part.get("matrix") if isinstance(part, dict) else None
        rows = matrix if isinstance(matrix, list) else []
        if len(rows) != size or any(not isinstance(row, list) or len(row) != size for row in rows):
            raise NoCountsError(f"a matrix is not of {size} by {size} counts")
        cells = {}
        for truth, row in zip(classes.labels, rows, strict=True):
            for told, n in zip(classes.labels, row, strict=True):
                if not isinstance(n, int) or isinstance(n, bool) or not 0 <= n < 2**53:
                    raise NoCountsError(f"{n!r} is no count")
                if n:
                    cells[truth, told] = n
        found.append((part, cells))
    return found
