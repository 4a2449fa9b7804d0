"""Fingerprints and their peers over one value: each in a process of its own (`child.py`).

Every function prepares (imports, a first fingerprint, the value in memory) and returns what is
timed. The file holds random float64 values; the table is that of the fairness benchmark.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[[], list[Any]]

_BLOCK = 1 << 18


def _array(path: str) -> Any:
    return np.fromfile(path, dtype="<f8")


def _fingerprint() -> Callable[[Any], Any]:
    from pytest_mlgates.engines.fingerprint import fingerprint

    _ = fingerprint(np.ones(2)).identity, fingerprint(np.ones(2)).digest
    return fingerprint


def _done(value: Any) -> list[Any]:
    assert value is not None
    return []


# An array in memory


def summed(path: str) -> Run:
    """The limit: one thread that reads every byte."""
    words = _array(path).view(np.uint64)
    return lambda: _done(words.sum())


def xxh3(path: str) -> Run:
    """The hash alone."""
    import xxhash

    array = _array(path)
    return lambda: _done(xxhash.xxh3_128_hexdigest(array.data))


def array(path: str) -> Run:
    """Ours."""
    fingerprint, value = _fingerprint(), _array(path)
    return lambda: _done(fingerprint(value).identity)


def array_digest(path: str) -> Run:
    """Ours, with the digest for the evidence."""
    fingerprint, value = _fingerprint(), _array(path)
    return lambda: _done(fingerprint(value).digest)


def array_kept(path: str) -> Run:
    """Ours, with all that is kept: the digest of the rows too."""
    fingerprint, value = _fingerprint(), _array(path)
    return lambda: _done(fingerprint(value).sealed())


def array_joblib(path: str) -> Run:
    """A peer."""
    import joblib

    value = _array(path)
    return lambda: _done(joblib.hash(value))


# A file, which the system keeps in memory


def read(path: str) -> Run:
    """The limit: reading it in the same blocks."""

    def run() -> list[Any]:
        block = bytearray(_BLOCK)
        with Path(path).open("rb", buffering=0) as stream:
            while stream.readinto(block):
                pass
        return []

    run()
    return run


def nothing(path: str) -> Run:
    """The memory of a process that has imported all that ours imports."""
    _fingerprint()
    return lambda: _done(path)


def file(path: str) -> Run:
    """Ours."""
    fingerprint = _fingerprint()

    def run() -> list[Any]:
        return _done(fingerprint(Path(path)).identity)

    run()  # as those above: the system gives a second processor to a process that is some 50 ms old
    return run


def file_digest(path: str) -> Run:
    """Ours, with the digest for the evidence."""
    fingerprint = _fingerprint()
    return lambda: _done(fingerprint(Path(path)).digest)


# A table in memory


def _frame(path: str) -> Any:
    import pandas as pd

    return pd.read_parquet(path)


def in_memory(path: str) -> Run:
    """How many MB the frame of pandas takes."""
    size = _frame(path).memory_usage(deep=True, index=False).sum() / 2**20
    return lambda: [["MB", float(size)]]


def pandas(path: str) -> Run:
    """Ours, on a frame of pandas."""
    fingerprint, frame = _fingerprint(), _frame(path)
    fingerprint(frame.head())
    return lambda: _done(fingerprint(frame).identity)


def pandas_digest(path: str) -> Run:
    """Ours, with the digest for the evidence."""
    fingerprint, frame = _fingerprint(), _frame(path)
    fingerprint(frame.head())
    return lambda: _done(fingerprint(frame).digest)


def pandas_kept(path: str) -> Run:
    """Ours, with all that is kept: the digest of the rows too."""
    fingerprint, frame = _fingerprint(), _frame(path)
    _ = fingerprint(frame.head()).sealed()
    return lambda: _done(fingerprint(frame).sealed())


def polars(path: str) -> Run:
    """Ours, on a frame of polars."""
    import polars as pl
    import pyarrow as pa  # noqa: F401  (which ours takes texts from)

    fingerprint, frame = _fingerprint(), pl.read_parquet(path)
    fingerprint(frame.head())
    return lambda: _done(fingerprint(frame).identity)


def pandas_joblib(path: str) -> Run:
    """A peer."""
    import joblib

    frame = _frame(path)
    return lambda: _done(joblib.hash(frame))
