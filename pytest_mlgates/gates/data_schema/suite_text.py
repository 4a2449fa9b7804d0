"""What no part of a suite may hold, whatever it is for: endless nesting, text that is no text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_mlgates.core.errors import MLGatesError

_DEEPEST = 100


def require_plain(value: Any, where: str) -> None:
    """Nothing, if *value* is a tree that everything behind can walk, print and encode.

    Raises:
        MLGatesError: for more than a hundred levels (or a loop), or half a surrogate pair.
    """
    level = [value]
    for _ in range(_DEEPEST):
        below: list[Any] = []
        for one in level:
            if isinstance(one, str):
                _require_encodable(one, where)
            elif isinstance(one, Mapping):
                below += [*one.keys(), *one.values()]
            elif isinstance(one, list | tuple | set | frozenset):
                below += one
        if not below:
            return
        level = below
    raise MLGatesError("the suite is nested too deep", where=where, want=f"{_DEEPEST} levels")


def _require_encodable(text: str, where: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise MLGatesError(
            "the suite holds half a surrogate pair, which is no text",
            where=where,
            got=ascii(text)[:80],
        ) from None
