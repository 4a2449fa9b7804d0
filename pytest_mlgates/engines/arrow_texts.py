"""Texts out of pyarrow's own buffers: their lengths in bytes, and their UTF-8, without copies."""

from __future__ import annotations

import importlib.util
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

# Rows from which on it pays to import pyarrow, where nobody has yet.
_MANY = 20_000


def has_arrow(rows: int) -> bool:
    """Whether *rows* texts are best read with pyarrow."""
    if "pyarrow" in sys.modules:
        return True
    return rows >= _MANY and importlib.util.find_spec("pyarrow") is not None


def chunks(texts: Any) -> list[Any]:
    """The chunks of a pyarrow array of texts, each as ``large_string``."""
    import pyarrow as pa

    found = texts.cast(pa.large_string())
    return list(found.chunks) if isinstance(found, pa.ChunkedArray) else [found]


def lengths(some: list[Any]) -> Iterator[NDArray[Any]]:
    """Per chunk of :func:`chunks`, the length of each text in bytes; -1 where it is missing."""
    import pyarrow.compute as pc

    for chunk in some:
        found = pc.fill_null(pc.binary_length(chunk), -1)
        yield found.to_numpy(zero_copy_only=False).astype("<i8", copy=False)


def utf8(some: list[Any]) -> Iterator[memoryview]:
    """Per chunk of :func:`chunks`, the bytes of all its texts, one after the other."""
    import pyarrow.compute as pc

    for chunk in some:
        filled = pc.fill_null(chunk, "") if chunk.null_count else chunk
        _, offsets, data = filled.buffers()
        if data is None or not len(filled):
            continue
        ends = np.frombuffer(offsets, "<i8")[filled.offset : filled.offset + len(filled) + 1]
        yield memoryview(data)[int(ends[0]) : int(ends[-1])]
