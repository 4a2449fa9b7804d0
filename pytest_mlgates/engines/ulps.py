"""How many floats lie between two floats."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

_WORDS = {2: np.uint16, 4: np.uint32, 8: np.uint64}


def ulps(a: Array, b: Array) -> Array | None:
    """The distance of each finite pair in units in the last place; None for other types.

    The two zeros are one.
    """
    if a.dtype.kind != "f" or a.itemsize not in _WORDS:
        return None
    x, y = _ranks(a), _ranks(b)
    return np.maximum(x, y) - np.minimum(x, y)


def _ranks(values: Array) -> Array:
    """Integers that ascend with the floats: negative ones are stored by magnitude."""
    top = 1 << (8 * values.itemsize - 1)
    bits = values.view(_WORDS[values.itemsize]).astype(np.uint64)
    return np.where(bits >= top, np.uint64(2 * top - 1) - bits, bits + np.uint64(top - 1))
