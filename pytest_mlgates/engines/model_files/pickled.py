"""Objects of a pickle that is followed and not loaded, and the types of the arrays in it."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from pytest_mlgates.engines.model_files.found import UnreadableError

_DTYPE = re.compile(r"([biufcmMSUVO])([0-9]{1,9})")


class Global(NamedTuple):
    """A name that is imported."""

    module: str
    name: str


class Instance:
    """What a call of *maker* gives."""

    __slots__ = ("arguments", "maker", "state")

    def __init__(self, maker: Any, arguments: Any = ()) -> None:
        self.maker, self.arguments = maker, arguments
        self.state: Any = None


_MOST_FIELDS = 10_000


def layout(dtype: Any) -> tuple[int, bool]:
    """Bytes per item of a pickled ``numpy.dtype``, and whether there are objects in it.

    Raises:
        UnreadableError: for a type that numpy would not have written.
    """
    return _layout(dtype, [_MOST_FIELDS])


def _layout(dtype: Any, left: list[int]) -> tuple[int, bool]:
    left[0] -= 1  # fields may share their types, which have fields that share theirs
    if left[0] < 0:
        raise UnreadableError("the type of an array of joblib's has too many fields")
    if not isinstance(dtype, Instance) or dtype.maker != ("numpy", "dtype"):
        raise UnreadableError("the type of an array of joblib's is not understood")
    given = dtype.arguments
    told = given[0] if isinstance(given, tuple) and given else None
    match = _DTYPE.fullmatch(told) if isinstance(told, str) else None
    if match is None:
        raise UnreadableError("the type of an array of joblib's is not understood")
    kind, size = match[1], int(match[2])
    itemsize = size * 4 if kind == "U" else size
    has_objects = kind == "O"
    state = dtype.state
    if state is not None:
        if not isinstance(state, tuple) or len(state) < 8:
            raise UnreadableError("the type of an array of joblib's is not understood")
        fields = state[4]
        if state[2] is not None or (fields is None) != (state[3] is None):
            raise UnreadableError("an array of joblib's has a type with parts of its own shape")
        if fields is not None:
            if kind != "V" or not isinstance(fields, dict):
                raise UnreadableError("the type of an array of joblib's is not understood")
            has_objects = any(_has_objects(one, left) for one in fields.values())
        if state[5] not in (-1, itemsize) or bool(state[7] & 1) != has_objects:
            raise UnreadableError("the type of an array of joblib's contradicts itself")
    return itemsize, has_objects


def _has_objects(field: Any, left: list[int]) -> bool:
    if not isinstance(field, tuple) or not field or not isinstance(field[0], Instance):
        raise UnreadableError("a field of an array of joblib's is not understood")
    if isinstance(field[0].state, tuple) and field[0].state[2] is not None:  # (base, shape)
        base = field[0].state[2]
        return _layout(base[0] if isinstance(base, tuple) else base, left)[1]
    return _layout(field[0], left)[1]
