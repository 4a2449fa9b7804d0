"""Labels that pandas keeps as codes: two columns with other categories, in the same codes.

Categories are often inferred from the labels: one flip may take away the last of a kind, and give
every other label another code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_mlgates.engines.canonical import Array, Content, Fingerprint

_CODES = ".cat.codes"
_CATEGORIES = ".cat.categories"


def recoded(
    first: Fingerprint, other: Fingerprint, changed: Iterable[str]
) -> dict[str, tuple[Array, Array]]:
    """By column: the labels of both as common codes, -1 where one is missing.

    Only of unordered columns whose categories are not the same; what cannot be read is left out,
    and stays a difference of categories.
    """
    columns = dict.fromkeys(
        path.partition(_CATEGORIES)[0] for path in changed if _CATEGORIES in path
    )
    found = {column: _column(first, other, column) for column in columns}
    return {column: pair for column, pair in found.items() if pair is not None}


def covers(column: str, path: str) -> bool:
    """Whether the leaf at *path* is one of those that make up *column*."""
    return path == column + _CODES or path.startswith(column + _CATEGORIES)


def _column(first: Fingerprint, other: Fingerprint, column: str) -> tuple[Array, Array] | None:
    codes, names = column + _CODES, f"{column}{_CATEGORIES}.values"
    whole, place, labels = (
        (first.leaves.get(path), other.leaves.get(path)) for path in (column, codes, names)
    )
    if whole[0] is None or whole[0] != whole[1] or not whole[0].kind.startswith("unordered"):
        return None
    if place[0] is None or place[1] is None or place[0].shape != place[1].shape:
        return None
    if labels[0] is None or labels[1] is None or labels[0].kind != labels[1].kind:
        return None
    mine, theirs = first.content(codes), other.content(codes)
    if place[0] == place[1]:  # a fresh process stores only what differs
        theirs = mine
    one, two = first.content(names), other.content(names)
    if mine is None or theirs is None or one is None or two is None:
        return None
    numbers: dict[object, int] = {}
    return _renumbered(mine, one, numbers), _renumbered(theirs, two, numbers)


def _renumbered(codes: Content, categories: Content, numbers: dict[object, int]) -> Array:
    labels = categories if isinstance(categories, list) else categories.tolist()
    common = [numbers.setdefault(label, len(numbers)) for label in labels]
    return np.array([*common, -1])[np.asarray(codes, dtype=np.int64)]  # code -1 is the last one
