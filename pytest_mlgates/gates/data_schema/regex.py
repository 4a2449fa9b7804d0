r"""Patterns that engines search for as Python's ``re.search`` does, proven by their parse.

A pattern is written anew, from its parse, in words that RE2 (DuckDB, pyarrow), Rust's ``regex``
(polars) and Java (Spark) read alike: characters, explicit classes, groups that capture nothing,
alternatives, repeats and ``\A``, ``\z``. What has no such form is not native:

- Look-around, back-references, conditions, atomic groups, ``\B``, anchors of lines.
- ``$`` before the end of the pattern (it also holds before a last line break, which the native form
  takes away), and repeats of what can be empty.

``\d``, ``\w``, ``\s``, ``\b`` and ``(?i)`` follow the Unicode tables of this Python, which no
engine shares. Their native form is that of ASCII, made by asking ``re`` about each of the 128
characters, and holds for texts of ASCII characters alone.
"""

from __future__ import annotations

import importlib
import re
import warnings
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

_parser: Any = importlib.import_module("re._parser")

NOT_ASCII = r"[^\x00-\x7F]"
"""Found in texts for which a native form of ASCII does not speak."""

# RE2 repeats at most 1,000 times, nested repeats multiplied; its memory is bounded too.
_MOST_SIZE = 1000
_MOST_DEPTH = 50
_SURROGATES = range(0xD800, 0xE000)
_CATEGORIES = {
    "CATEGORY_DIGIT": r"\d",
    "CATEGORY_NOT_DIGIT": r"\D",
    "CATEGORY_SPACE": r"\s",
    "CATEGORY_NOT_SPACE": r"\S",
    "CATEGORY_WORD": r"\w",
    "CATEGORY_NOT_WORD": r"\W",
}
_ANCHORS = {
    "AT_BEGINNING": r"\A",
    "AT_BEGINNING_STRING": r"\A",
    "AT_END": r"(?:\x0A?\z)",
    "AT_END_STRING": r"\z",
    "AT_BOUNDARY": r"\b",
}
_TIMES = {(0, 1): "?", (0, _parser.MAXREPEAT): "*", (1, _parser.MAXREPEAT): "+"}


@dataclass(frozen=True, slots=True)
class Native:
    """A pattern as every engine reads it.

    Attributes:
        text: The pattern.
        ascii_only: Whether it says nothing of texts with other than ASCII characters.
    """

    text: str
    ascii_only: bool


class _NotProvenError(Exception):
    """The pattern has no form that means the same everywhere."""


@lru_cache(maxsize=256)
def native_form(pattern: str) -> Native | None:
    """The native form of *pattern* (which Python compiles), None where none is proven."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = _parser.parse(pattern)
    for ascii_only in (False, True):
        try:
            written = _Writer(ascii_only=ascii_only).sequence(tree, tree.state.flags, last=True)
        except _NotProvenError:
            continue
        return Native(written.text, ascii_only)
    return None


@dataclass(frozen=True, slots=True)
class _Written:
    """A part of the pattern, about how many states it makes, and whether it repeats as it is."""

    text: str
    size: int
    atom: bool = False


class _Writer:
    """Writes a parse anew, for all texts or for those of ASCII characters."""

    def __init__(self, *, ascii_only: bool) -> None:
        self._ascii_only = ascii_only
        self._depth = 0

    def sequence(self, nodes: Any, flags: int, *, last: bool) -> _Written:
        """*nodes* one after the other; *last* if the pattern ends with them."""
        self._depth += 1
        if self._depth > _MOST_DEPTH:
            raise _NotProvenError
        parts = [
            self._node(op.name, value, flags, last=last and place == len(nodes))
            for place, (op, value) in enumerate(nodes, start=1)
        ]
        self._depth -= 1
        if len(parts) == 1:
            return parts[0]
        return _checked("".join(p.text for p in parts), sum(p.size for p in parts))

    def _node(self, name: str, value: Any, flags: int, *, last: bool) -> _Written:
        if name == "SUBPATTERN":
            _, add, remove, part = value
            inner = self.sequence(part, _combined(flags, add, remove), last=last)
            return inner if inner.atom else _Written(f"(?:{inner.text})", inner.size, atom=True)
        if name == "BRANCH":
            parts = [self.sequence(part, flags, last=last) for part in value[1]]
            text = "|".join(p.text for p in parts)
            return _checked(f"(?:{text})", sum(p.size for p in parts), atom=True)
        if name in {"MAX_REPEAT", "MIN_REPEAT"}:  # the same texts are found
            least, most, body = value
            return self._repeat(least, most, body, flags, last=last)
        if name == "AT":
            return self._anchor(value.name, flags, last=last)
        if name == "ANY":
            return _Written("(?s:.)" if flags & re.DOTALL else r"[^\x0A]", 4, atom=True)
        if name in {"LITERAL", "NOT_LITERAL", "IN"}:
            return self._characters(_items(name, value), flags)
        raise _NotProvenError

    def _repeat(self, least: int, most: int, body: Any, flags: int, *, last: bool) -> _Written:
        endless = most == _parser.MAXREPEAT
        if most == 0:
            return _Written("", 0)
        if most > 1 and body.getwidth()[0] == 0:
            raise _NotProvenError
        inner = self.sequence(body, flags, last=last and most == 1)
        text = inner.text if inner.atom else f"(?:{inner.text})"
        times = _TIMES.get((least, most), f"{{{least},{'' if endless else most}}}")
        return _checked(text + times, inner.size * max(least, 1 if endless else most))

    def _anchor(self, name: str, flags: int, *, last: bool) -> _Written:
        of_lines = flags & re.MULTILINE and name in {"AT_BEGINNING", "AT_END"}
        if of_lines or name not in _ANCHORS or (name == "AT_END" and not last):
            raise _NotProvenError
        if name == "AT_BOUNDARY" and not self._ascii_only:
            raise _NotProvenError
        return _Written(_ANCHORS[name], 1)

    def _characters(self, items: list[tuple[str, Any]], flags: int) -> _Written:
        text = f"[{''.join(_item(name, value) for name, value in items)}]"
        if self._ascii_only:
            matches = re.compile(text, flags & (re.IGNORECASE | re.ASCII)).match
            codes = [code for code in range(128) if matches(chr(code))]
            return _Written(_ascii_class(codes), 1, atom=True)
        if flags & re.IGNORECASE or any(name == "CATEGORY" for name, _ in items):
            raise _NotProvenError
        plain = text.isascii() and items[0][0] != "NEGATE"
        return _Written(text, 1 if plain else 4 + len(items), atom=True)


def _checked(text: str, size: int, *, atom: bool = False) -> _Written:
    if size > _MOST_SIZE:
        raise _NotProvenError
    return _Written(text, size, atom)


def _combined(flags: int, add: int, remove: int) -> int:
    """The flags inside ``(?aimsx-imsx:…)``."""
    if add & (re.ASCII | re.UNICODE | re.LOCALE):
        flags &= ~(re.ASCII | re.UNICODE | re.LOCALE)
    return (flags | add) & ~remove


def _items(name: str, value: Any) -> list[tuple[str, Any]]:
    """What stands in the brackets of a class."""
    if name == "LITERAL":
        return [("LITERAL", value)]
    if name == "NOT_LITERAL":
        return [("NEGATE", None), ("LITERAL", value)]
    return [(op.name, inner) for op, inner in value]


def _item(name: str, value: Any) -> str:
    if name == "NEGATE":
        return "^"
    if name == "LITERAL":
        return _character(value)
    if name == "RANGE":
        return f"{_character(value[0])}-{_character(value[1])}"
    if name == "CATEGORY":
        return _CATEGORIES[value.name]
    raise _NotProvenError


def _character(code: int) -> str:
    """A character in a class: what is special anywhere by its number."""
    if code in _SURROGATES:
        raise _NotProvenError
    character = chr(code)
    if code >= 128 or character.isalnum():
        return character
    return f"\\x{code:02X}"


def _ascii_class(codes: list[int]) -> str:
    """A class of the characters *codes*."""
    if not codes:
        raise _NotProvenError
    found = ""
    for code in codes:
        if code - 1 not in codes:
            found += _character(code)
        elif code + 1 not in codes:
            found += f"-{_character(code)}"
    return f"[{found}]"
