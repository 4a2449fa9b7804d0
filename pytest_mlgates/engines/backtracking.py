"""How much work Python's ``re`` can make of a pattern, found in its parse.

``re`` backtracks: ``(a+)+$`` takes 2ⁿ steps on n letters. A bound that is polynomial in the length
of a text is known where no repeat holds another choice; elsewhere none is claimed.
"""

from __future__ import annotations

import importlib
import warnings
from dataclasses import dataclass
from typing import Any

_parser: Any = importlib.import_module("re._parser")
_ATOMS = frozenset({"LITERAL", "NOT_LITERAL", "ANY", "IN"})


@dataclass(frozen=True, slots=True)
class Work:
    """At most ``factor · length ** degree`` steps, about, to search a text.

    Attributes:
        degree: The power.
        factor: The steps of its alternatives.
        flat: Whether only single characters are repeated.
    """

    degree: int
    factor: int
    flat: bool

    def steps(self, length: int) -> int:
        """The most steps for a text of *length*."""
        return int(self.factor * max(length, 1) ** self.degree)


class _NoBoundError(Exception):
    """A repeat holds another choice."""


def work(pattern: str) -> Work | None:
    """The most work of a search for *pattern*, None where no bound is known."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = _parser.parse(pattern)
    try:
        found = _of(tree)
    except _NoBoundError:
        return None
    anchored = len(tree) > 0 and str(tree[0][1]) in {"AT_BEGINNING", "AT_BEGINNING_STRING"}
    return Work(found.degree + (not anchored), found.factor, found.flat)


def together(works: list[Work | None]) -> Work | None:
    """The work of several patterns."""
    known = [one for one in works if one is not None]
    if len(known) < len(works):
        return None
    return Work(
        max(one.degree for one in known),
        sum(one.factor for one in known),
        all(one.flat for one in known),
    )


def _of(nodes: Any) -> Work:
    """The work of *nodes* one after the other, from one place of a text."""
    degree, factor, flat = 0, 1, True
    for op, value in nodes:
        part = _of_node(op.name, value)
        degree, factor, flat = degree + part.degree, factor * part.factor, flat and part.flat
    return Work(degree, factor, flat)


def _of_node(name: str, value: Any) -> Work:
    if name in _ATOMS or name in {"AT", "FAILURE"}:
        return Work(0, 1, flat=True)
    if name == "SUBPATTERN":
        return _of(value[-1])
    if name == "ATOMIC_GROUP":
        return _of(value)
    if name in {"ASSERT", "ASSERT_NOT"}:
        return _of(value[1])
    if name == "GROUPREF":
        return Work(1, 1, flat=False)
    if name == "BRANCH":
        return _either([_of(part) for part in value[1]])
    if name == "GROUPREF_EXISTS":
        return _either([_of(part) for part in value[1:] if part is not None])
    if name in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}:
        return _repeated(*value)
    raise _NoBoundError


def _either(parts: list[Work]) -> Work:
    return Work(
        max(part.degree for part in parts),
        1 + sum(part.factor for part in parts),
        all(part.flat for part in parts),
    )


def _repeated(least: int, most: int, body: Any) -> Work:
    one = _of(body)
    if most <= 1:
        return Work(one.degree, one.factor + 1, one.flat)
    if one.degree or one.factor > 1:
        raise _NoBoundError
    flat = len(body) == 1 and body[0][0].name in _ATOMS
    return Work(int(least != most), 1, flat)
