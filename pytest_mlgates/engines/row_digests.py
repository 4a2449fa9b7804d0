"""One number for the rows of a table, whatever their order, where the rows themselves are not kept.

Every row becomes 64 well-mixed bits, and the bits of all rows are added up. Two tables that agree
have the same rows, but for an accident of one in 2^64; it decides no verdict, it only tells "the
same rows in another order" from "other rows". Nothing depends on the process or the platform.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_mlgates.engines.sources import raw_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_mlgates.engines.sources import Array, Content, Texts

_STEP, _LEFT, _RIGHT = (
    np.uint64(0x9E3779B97F4A7C15),
    np.uint64(0xBF58476D1CE4E5B9),
    np.uint64(0x94D049BB133111EB),
)
_SECOND = np.uint64(0xD6E8FEB86659FD93)
_MISSING = 0x5851F42D4C957F2D  # where a text is missing
_BLOCK = 1 << 14  # rows whose numbers stay in the cache of a processor
_WIDE = 128  # bytes from which on a row is hashed by itself


def of_rows(columns: Sequence[Content]) -> str:
    """The digest of the rows that *columns* make, a column of several values a row included."""
    rows = len(columns[0])
    sums = [0, 0]
    for start in range(0, rows, _BLOCK):
        state = _state(columns, start, min(start + _BLOCK, rows))
        sums[0] += int(state.sum(dtype=np.uint64))
        state ^= _SECOND
        _mix(state)
        sums[1] += int(state.sum(dtype=np.uint64))
    return f"rows:{rows}:{sums[0] % 2**64:016x}{sums[1] % 2**64:016x}"


def of_each_row(columns: Sequence[Content]) -> Array:
    """64 well-mixed bits for each of the rows that *columns* make, shape ``(rows,)``."""
    rows = len(columns[0])
    out = np.empty(rows, dtype=np.uint64)
    for start in range(0, rows, _BLOCK):
        stop = min(start + _BLOCK, rows)
        out[start:stop] = _state(columns, start, stop)
    return out


def _state(columns: Sequence[Content], start: int, stop: int) -> Array:
    state = np.zeros(stop - start, dtype=np.uint64)
    for column in columns:
        for words in _words(column, start, stop):
            state += _STEP
            state ^= words
            _mix(state)
    return state


def _mix(state: Array) -> None:
    """Every bit of the result depends on every bit of *state* (splitmix64), in place."""
    state ^= state >> np.uint64(30)
    state *= _LEFT
    state ^= state >> np.uint64(27)
    state *= _RIGHT
    state ^= state >> np.uint64(31)


def _words(column: Content, start: int, stop: int) -> Sequence[Array]:
    """The values of some rows, as numbers of 64 bits: one array or more."""
    if isinstance(column, list):
        return [_of_texts(column[start:stop])]
    if not column.size or not column.itemsize:
        return []
    raw = raw_rows(column[start:stop])
    width = raw.shape[1]
    if width > _WIDE:
        from xxhash import xxh3_64_intdigest

        return [np.fromiter((xxh3_64_intdigest(row.data) for row in raw), np.uint64, len(raw))]
    if width in {1, 2, 4}:
        return [raw.view(f"<u{width}").reshape(-1).astype(np.uint64)]
    if width % 8:
        padded = np.zeros((len(raw), -(-width // 8) * 8), dtype=np.uint8)
        padded[:, :width] = raw
        raw = padded
    return list(raw.view("<u8").T)


def _of_texts(texts: Texts) -> Array:
    from xxhash import xxh3_64_intdigest

    numbers: dict[str | None, int] = {
        text: xxh3_64_intdigest(text.encode("utf-8", "surrogatepass"))
        for text in set(texts)
        if text is not None
    }
    numbers[None] = _MISSING
    return np.fromiter(map(numbers.__getitem__, texts), np.uint64, len(texts))
