"""The same rows in any order as the same arrays: sorted by their contents, with a digest of them.

Resampling picks rows by their place, so that rows in another order would get other bounds (30
orders of one table: .2056 to .2082).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

# Whole numbers up to here are floats exactly.
_EXACT = 2**53
# Of what the digest is; another reading of rows needs another one.
_FORMAT = b"mlgates rows 1"


@dataclass(frozen=True, slots=True, kw_only=True)
class CanonicalRows:
    """Columns in canonical order.

    Attributes:
        columns: By name, in the type they came in; a negative zero is zero.
        seed: The first 64 bits of the SHA-256 of the contents: equal for equal rows, in any order
            and in any width of numbers.
    """

    columns: dict[str, NDArray[Any]]
    seed: int

    @property
    def n(self) -> int:
        """The number of rows."""
        return len(next(iter(self.columns.values())))


def canonical_rows(columns: Mapping[str, NDArray[Any]]) -> CanonicalRows:
    """*columns* of equal length sorted by their contents, the columns taken by name.

    Raises:
        TypeError: for a column that holds anything but numbers, truth values or text.
    """
    names = sorted(columns)
    arrays = {name: _plain(columns[name]) for name in names}
    keys = {name: _keys(arrays[name]) for name in names}
    order = np.lexsort([keys[name].ranks for name in reversed(names)])
    digest = hashlib.sha256(_FORMAT)
    for name in names:
        encoded = name.encode()
        digest.update(b"%d %s %d " % (len(encoded), encoded, len(order)))
        keys[name].feed(digest, order)
    return CanonicalRows(
        columns={name: arrays[name][order] for name in names},
        seed=int.from_bytes(digest.digest()[:8], "big"),
    )


@dataclass(frozen=True, slots=True)
class _Keys:
    """What a column is sorted by, and for text the values that the ranks stand for."""

    ranks: NDArray[Any]
    texts: list[str] | None = None

    def feed(self, digest: Any, order: NDArray[np.intp]) -> None:
        """Add the sorted contents to *digest*."""
        if self.texts is None:
            digest.update(self.ranks.dtype.str.encode())
        else:
            digest.update(b"text %d " % len(self.texts))
            for text in self.texts:
                encoded = text.encode("utf-8", "surrogatepass")
                digest.update(b"%d %s" % (len(encoded), encoded))
        digest.update(np.ascontiguousarray(self.ranks[order]).tobytes())


def _plain(array: NDArray[Any]) -> NDArray[Any]:
    if array.dtype.kind == "f":
        return np.asarray(array + array.dtype.type(0))
    if array.dtype.kind in "biuU":
        return array
    if array.dtype == object and all(isinstance(value, str) for value in array.tolist()):
        return array
    raise TypeError(f"neither numbers nor text: {array.dtype}")


def _keys(array: NDArray[Any]) -> _Keys:
    if array.dtype.kind in "OU":
        values = array.tolist()
        texts = sorted(set(values))  # by code points, which is the order of UTF-8
        ranks = {text: rank for rank, text in enumerate(texts)}
        return _Keys(np.array([ranks[value] for value in values], dtype="<i8"), texts)
    if array.dtype.kind in "iu" and len(array) and _beyond(array):
        return _Keys(array.astype("<i8" if array.dtype.kind == "i" else "<u8"))
    floats = array.astype("<f8")
    return _Keys(np.where(np.isnan(floats), np.nan, floats).astype("<f8"))


def _beyond(array: NDArray[Any]) -> bool:
    return int(array.max()) > _EXACT or int(array.min()) < -_EXACT
