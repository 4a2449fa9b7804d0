"""The same rows in another order: every table and array of a call, permuted alike."""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw
import numpy as np

from pytest_mlgates.core.errors import MLGatesError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Rows = NDArray[np.int64]

_SEED = 20_240_229


def permuted(function: Callable[[], Any], name: str) -> Callable[[], Any]:
    """*function*, a partial, with the rows of its tables in another order.

    Tables, arrays and lists that are as long as the first table or array are permuted alike, also
    within lists, tuples and dictionaries: features and labels stay aligned.

    Raises:
        MLGatesError: if there is nothing to permute, or a table that cannot be.
    """
    arguments: list[Any] = []
    if isinstance(function, functools.partial):
        arguments = [*function.args, *function.keywords.values()]
    lengths = [length for one in arguments for length in _lengths(one)]
    if not lengths or lengths[0] < 2:
        raise MLGatesError(
            f"{name} has no rows whose order could be varied",
            got="no table and no array of two rows or more among its arguments"
            if arguments
            else "no arguments",
            want="a functools.partial with a dataframe or an array",
            fix=f'partial({name}, frame), or leave out "row_order"',
        )
    assert isinstance(function, functools.partial)  # noqa: S101
    length = lengths[0]
    rows = np.random.default_rng(_SEED).permutation(length)
    if (rows == np.arange(length)).all():  # two rows: it may be the order that they have
        rows = rows[::-1].copy()
    return functools.partial(
        function.func,
        *(_permuted(one, length, rows) for one in function.args),
        **{key: _permuted(one, length, rows) for key, one in function.keywords.items()},
    )


def _lengths(value: Any) -> Iterator[int]:
    """The number of rows of every table and array in *value*."""
    length = _rows(value)
    if length is not None:
        yield length
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _lengths(part)
    elif isinstance(value, dict):
        for part in value.values():
            yield from _lengths(part)


def _rows(value: Any) -> int | None:
    """How many rows *value* has, None if it is no table and no array.

    Raises:
        MLGatesError: for a table whose rows have no number yet.
    """
    frame = nw.from_native(value, pass_through=True, allow_series=True)
    if isinstance(frame, nw.DataFrame | nw.Series):
        return len(frame)
    if isinstance(frame, nw.LazyFrame):
        raise MLGatesError(
            f"the rows of a {type(value).__name__} cannot be put into another order",
            want="a table in memory",
            fix="pass frame.collect(), or what the library calls it",
        )
    shape = getattr(value, "shape", None)
    if shape is None or not hasattr(value, "__getitem__") or isinstance(value, np.generic):
        return None
    return int(shape[0]) if len(shape) else None


def _permuted(value: Any, length: int, rows: Rows) -> Any:
    found = _rows(value)
    if found is not None:
        return value if found != length else _taken(value, rows)
    if isinstance(value, list | tuple):
        if len(value) == length and not any(True for _ in _lengths(value)):
            parts = [value[row] for row in rows]
        else:
            parts = [_permuted(part, length, rows) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    if isinstance(value, dict):
        return {key: _permuted(part, length, rows) for key, part in value.items()}
    return value


def _taken(value: Any, rows: Rows) -> Any:
    frame = nw.from_native(value, pass_through=True, allow_series=True)
    if isinstance(frame, nw.DataFrame | nw.Series):
        return frame[rows.tolist()].to_native()
    if isinstance(value, np.ndarray):
        return value[rows]
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is not None and isinstance(value, tensorflow.Tensor):
        return tensorflow.gather(value, rows)
    try:
        if hasattr(value, "tocsr"):
            return value.tocsr()[rows].asformat(value.format)
        return value[rows]  # torch, jax, cupy
    except Exception as error:
        raise MLGatesError(
            f"the rows of a {type(value).__qualname__} cannot be put into another order",
            got=f"{type(error).__name__}: {str(error).strip()[:200]}",
            want="a dataframe or a numpy array",
        ) from None
