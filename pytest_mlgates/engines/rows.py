"""Whether two tables hold the same rows, whatever their order. Exact: no hash stands for a row.

Rows that are equal at their place cancel out, so only the others are sorted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_mlgates.engines.sources import Array, Content


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """How the rows of two tables compare, as multisets.

    Attributes:
        first: Rows of the first table.
        other: Rows of the other table.
        common: Rows that occur in both.
        unequal_at: The first place at which the tables differ, None if they are equal.
    """

    first: int
    other: int
    common: int
    unequal_at: int | None

    @property
    def reordered(self) -> bool:
        """Whether the other table is the first one in another order."""
        return self.common == self.first == self.other


def same_rows(a: Array, b: Array) -> bool:
    """Whether *b* is *a* with its first axis in another order."""
    if a.shape != b.shape or not a.size or not a.itemsize:
        return False
    mine, theirs = _rows_as_one(a), _rows_as_one(b)
    unequal = mine != theirs
    mine, theirs = mine[unequal], theirs[unequal]
    # A sum does not depend on the order: it spares the sorting of most that are no reordering.
    if _sum(mine) != _sum(theirs):
        return False
    return bool(np.array_equal(np.sort(mine), np.sort(theirs)))


def match(columns: Sequence[tuple[Content, Content]]) -> Match:
    """Compare the rows of two tables.

    Args:
        columns: For each column its content in the first table and in the other.
    """
    pairs = [(_as_array(a), _as_array(b)) for a, b in columns]
    first, other = len(pairs[0][0]), len(pairs[0][1])
    shared = min(first, other)
    unequal = np.zeros(shared, dtype=bool)
    for a, b in pairs:
        unequal |= np.asarray(a[:shared] != b[:shared])
    places = np.flatnonzero(unequal)
    mine = np.concatenate([places, np.arange(shared, first)])
    theirs = np.concatenate([places, np.arange(shared, other)])
    codes, split = _codes([(a[mine], b[theirs]) for a, b in pairs]), len(mine)
    size = int(codes.max(initial=-1)) + 1
    counts = [np.bincount(part, minlength=size) for part in (codes[:split], codes[split:])]
    at = int(places[0]) if len(places) else None
    return Match(
        first=first,
        other=other,
        common=shared - len(places) + int(np.minimum(*counts).sum()),
        unequal_at=shared if at is None and first != other else at,
    )


def _codes(columns: Sequence[tuple[Array, Array]]) -> Array:
    """A rank per row of both tables in turn; equal ranks are equal rows."""
    codes = None
    for a, b in columns:
        column = _factorised(np.concatenate([a, b]))
        if codes is not None:
            # both are ranks below the number of rows, so the product fits for 3 · 10⁹ of them
            column = _factorised(codes * (int(column.max(initial=0)) + 1) + column)
        codes = column
    assert codes is not None  # noqa: S101  (a table that differs has a column)
    return codes


def _factorised(values: Array) -> Array:
    if values.dtype == object:
        ranks: dict[Any, int] = {}
        return np.array([ranks.setdefault(v, len(ranks)) for v in values], dtype=np.int64)
    return np.unique(values, return_inverse=True)[1].reshape(-1).astype(np.int64)


def _as_array(content: Content) -> Array:
    if isinstance(content, list):
        texts = np.empty(len(content), dtype=object)
        texts[:] = content
        return texts
    return _rows_as_one(content)


def _rows_as_one(array: Array) -> Array:
    """Each row as one element that is equal if its bytes are."""
    if not array.size or not array.itemsize:
        return np.zeros(len(array), dtype=np.uint8)
    width = array.size // len(array) * array.itemsize
    raw = np.ascontiguousarray(array).reshape(-1).view(np.uint8).reshape(len(array), width)
    kind = f"u{width}" if width in {1, 2, 4, 8} else f"V{width}"
    return np.ascontiguousarray(raw).view(kind).reshape(-1)


def _sum(values: Array) -> int:
    numbers = values if values.dtype.kind == "u" else values.view(np.uint8)
    return int(numbers.sum(dtype=np.uint64))
