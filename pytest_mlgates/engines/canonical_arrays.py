"""Canonical forms of numpy arrays, sparse matrices and random number generators."""

from __future__ import annotations

import random
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pytest_mlgates.engines.canonical import Walk


def handle(walk: Walk, path: str, value: Any) -> bool:
    """Walk *value* if it is numpy's, a sparse matrix or a generator of random numbers."""
    if isinstance(value, np.ndarray):
        # What is an instance has its module loaded: to import it takes longer than a fingerprint.
        if (masked := sys.modules.get("numpy.ma")) and isinstance(value, masked.MaskedArray):
            _masked(walk, path, value)
        else:
            walk.array(path, "array", np.asarray(value))
    elif isinstance(value, np.generic):
        walk.array(path, "scalar", np.asarray(value))
    elif isinstance(value, np.dtype):
        walk.texts(path, "dtype", [str(value)], ())
    elif isinstance(value, np.ufunc) or type(value).__name__ == "_ArrayFunctionDispatcher":
        walk.texts(path, "function", [value.__name__], ())
    elif isinstance(value, random.Random):
        # SystemRandom has no state, hence raises NotImplementedError: it is never reproducible.
        walk.structure(path, f"random state of {type(value).__name__}")
        walk.visit(f"{path}.getstate()", value.getstate())
    else:
        return _generator(walk, path, value) or _sparse(walk, path, value)
    return True


def _generator(walk: Walk, path: str, value: Any) -> bool:
    if "numpy.random" not in sys.modules:
        return False
    if isinstance(value, np.random.RandomState):
        walk.structure(path, "random state of numpy RandomState")
        walk.visit(f"{path}.get_state()", value.get_state(legacy=False))
    elif isinstance(value, np.random.Generator):
        walk.structure(path, "random state of numpy Generator")
        walk.visit(f"{path}.bit_generator.state", value.bit_generator.state)
    elif isinstance(value, np.random.BitGenerator):
        walk.structure(path, "random state of numpy BitGenerator")
        walk.visit(f"{path}.state", value.state)
    elif isinstance(value, np.random.SeedSequence):
        walk.structure(path, "numpy SeedSequence")
        walk.visit(f"{path}.state", value.state)
    else:
        return False
    return True


def _masked(walk: Walk, path: str, value: Any) -> None:
    """What lies under the mask is not part of the value."""
    mask = np.ma.getmaskarray(value)
    walk.structure(path, "masked array", value.shape)
    walk.array(f"{path}.mask", "array", mask)
    data = np.array(value.data)
    data[mask] = None if data.dtype == object else np.zeros((), data.dtype)
    walk.array(f"{path}.data", "array", data)


def _sparse(walk: Walk, path: str, value: Any) -> bool:
    """By its sorted entries: their order, duplicates and index width are not part of a matrix.

    Stored zeros are entries, and the format (csr, coo) is part of the kind.
    """
    scipy_sparse = sys.modules.get("scipy.sparse")
    if scipy_sparse is None or not scipy_sparse.issparse(value):
        return False
    walk.structure(path, f"sparse {value.format}", value.shape)
    entries = value.tocoo(copy=True)
    entries.sum_duplicates()
    # scipy before 1.13 has matrices alone, and no coords
    for axis, places in enumerate(getattr(entries, "coords", None) or (entries.row, entries.col)):
        walk.array(f"{path}.coords[{axis}]", "array", places.astype(np.int64))
    walk.array(f"{path}.data", "array", entries.data)
    return True
