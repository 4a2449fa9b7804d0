"""JSON that can be read in one way only.

Two readers of one file must not see two things in it: whoever signs or verifies reads what everyone
else reads. So keys that stand twice, NaN, trailing data, a byte order mark, other encodings than
UTF-8, lone surrogates and numbers that no float holds are refused, each with its sentence.
"""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

MOST_BYTES = 64 << 20
DEEPEST = 64


class NotStrictError(ValueError):
    """What is wrong, in one sentence."""


def parse(content: bytes) -> Any:
    """The value of the JSON text *content*.

    Raises:
        NotStrictError: for what could be read in two ways, or is no JSON at all.
    """
    if len(content) > MOST_BYTES:
        raise NotStrictError(f"it is larger than {MOST_BYTES >> 20} MiB")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotStrictError(f"it is not UTF-8 (byte {error.start})") from None
    if text.startswith("\ufeff"):
        raise NotStrictError("it begins with a byte order mark")
    try:
        found = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_float=_float,
            parse_int=_int,
        )
    except RecursionError:
        raise NotStrictError(_TOO_DEEP) from None
    except json.JSONDecodeError as error:
        if error.msg == "Extra data":
            raise NotStrictError("data follows after its end") from None
        raise NotStrictError(
            f"it is no JSON, or only a part of it: {error.msg} "
            f"(line {error.lineno}, column {error.colno})"
        ) from None
    _check(found)
    return found


_TOO_DEEP = f"it is nested more than {DEEPEST} levels deep"


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise NotStrictError(f"the key {key!r} stands twice in one object")
            seen.add(key)
    return found


def _constant(name: str) -> NoReturn:
    raise NotStrictError(f"it holds {name}, which is no JSON")


def _float(text: str) -> float:
    found = float(text)
    if not math.isfinite(found):
        raise NotStrictError(f"it holds the number {text[:40]}, which no float holds")
    return found


def _int(text: str) -> int:
    if len(text) > 40:
        raise NotStrictError(f"it holds an integer of {len(text)} digits")
    return int(text)


def _check(value: Any) -> None:
    level = [value]
    for _ in range(DEEPEST):
        following: list[Any] = []
        for one in level:
            if isinstance(one, str):
                _encodable(one)
            elif isinstance(one, dict):
                for key in one:
                    _encodable(key)
                following.extend(one.values())
            elif isinstance(one, list):
                following.extend(one)
        if not following:
            return
        level = following
    raise NotStrictError(_TOO_DEEP)


def _encodable(text: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise NotStrictError("it holds half of a surrogate pair, which is no character") from None
