"""numpy's files, read without numpy: whether objects stand in them. Standard library only."""

from __future__ import annotations

import ast
import math
import re
from typing import Any

from pytest_mlgates.engines.model_files.found import UnreadableError

_LONGEST_HEADER = 1 << 16
_PLAIN = re.compile(r"[<>|=]?([biufcmMSUVO])([0-9]{0,9})(?:\[[0-9A-Za-z/]+\])?")


def behind_header(data: bytes) -> int | None:
    """Where the pickle of an array of objects starts; None for an array of numbers or texts.

    Raises:
        UnreadableError: if the header is broken, or the numbers are cut off.
    """
    major = data[6] if len(data) > 8 else 0
    if major not in (1, 2, 3):
        raise UnreadableError("is an array of numpy's in an unknown version")
    width = 2 if major == 1 else 4
    start = 8 + width
    length = int.from_bytes(data[8:start], "little")
    if length > min(_LONGEST_HEADER, len(data) - start):
        raise UnreadableError("is an array of numpy's with a broken header")
    try:
        header = ast.literal_eval(data[start : start + length].decode("utf-8").strip())
        kind, shape = header["descr"], header["shape"]
        count = math.prod(shape)
    except (ValueError, SyntaxError, KeyError, TypeError, MemoryError, RecursionError):
        raise UnreadableError("is an array of numpy's with a broken header") from None
    behind = start + length
    itemsize, has_objects = _layout(kind)
    if has_objects:
        return behind
    if behind + count * itemsize > len(data):
        raise UnreadableError("is an array of numpy's that is cut off")
    return None


def _layout(kind: Any) -> tuple[int, bool]:
    """Bytes per item of the type *kind* of a header, and whether there are objects in it."""
    if isinstance(kind, str):
        match = _PLAIN.fullmatch(kind)
        if match is None:  # "object", "f8,O": numpy takes more than it writes
            raise UnreadableError(f"is an array of numpy's of an unusual type, {kind!r}")
        size = int(match[2] or 0) * (4 if match[1] == "U" else 1)
        return size, match[1] == "O"
    if isinstance(kind, list):
        parts = [_field(one) for one in kind]
        return sum(size for size, _ in parts), any(objects for _, objects in parts)
    raise UnreadableError("is an array of numpy's of an unusual type")


def _field(one: Any) -> tuple[int, bool]:
    """A field: ``(name, type)`` or ``(name, type, shape)``."""
    if not isinstance(one, tuple) or len(one) not in (2, 3):
        raise UnreadableError("is an array of numpy's of an unusual type")
    size, objects = _layout(one[1])
    shape = one[2] if len(one) == 3 else ()
    try:
        return size * math.prod(shape if isinstance(shape, tuple) else (shape,)), objects
    except TypeError:
        raise UnreadableError("is an array of numpy's of an unusual type") from None
