"""Whether two tables hold the same rows, whatever their order. Exact: no hash stands for a row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_mlgates.engines.canonical import Array, Content


def same_rows(a: Array, b: Array) -> bool:
    """Whether *b* is *a* with its first axis in another order."""
    if a.shape != b.shape or not a.size or not a.itemsize:
        return False
    mine, theirs = row_codes([(a, b)])
    return bool(np.array_equal(np.sort(mine), np.sort(theirs)))


def row_codes(columns: Sequence[tuple[Content, Content]]) -> tuple[Array, Array]:
    """A number per row of either table; rows have the same number if they are the same, bit by bit.

    Args:
        columns: For each column its content in one table and in the other.
    """
    codes = np.zeros(0, dtype=np.int64)
    split = 0
    for a, b in columns:
        split = len(a)
        column = _factorised(a, b)
        if not len(codes):
            codes = column
            continue
        # both are ranks below the number of rows, hence the product fits for 3 · 10⁹ rows
        pairs = codes * (int(column.max(initial=0)) + 1) + column
        codes = np.unique(pairs, return_inverse=True)[1].reshape(-1)
    return codes[:split], codes[split:]


def _factorised(a: Content, b: Content) -> Array:
    if isinstance(a, list) or isinstance(b, list):
        ranks: dict[Any, int] = {}
        texts = [*a, *b]
        return np.array([ranks.setdefault(text, len(ranks)) for text in texts], dtype=np.int64)
    both = np.concatenate([_voids(a), _voids(b)])
    return np.unique(both, return_inverse=True)[1].reshape(-1).astype(np.int64)


def _voids(array: Array) -> Array:
    """Each row as its bytes."""
    flat = np.ascontiguousarray(array).reshape(len(array), -1)
    width = flat.shape[1] * flat.itemsize
    raw = flat.view(np.uint8).reshape(len(array), width)
    if width in (1, 2, 4, 8):
        return np.ascontiguousarray(raw).view(f"u{width}").reshape(-1)
    return np.ascontiguousarray(raw).view(f"V{width}").reshape(-1)
