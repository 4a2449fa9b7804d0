"""Fixed shapes of text: ``[A-Z]{2}[0-9]{4}`` where every value has it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_LENGTH = 64
_PUNCTUATION = frozenset("-_.:/# ")
_CLASSES = (
    ("[0-9]", frozenset("0123456789")),
    ("[A-Z]", frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")),
    ("[a-z]", frozenset("abcdefghijklmnopqrstuvwxyz")),
    ("[0-9a-f]", frozenset("0123456789abcdef")),
    ("[0-9A-F]", frozenset("0123456789ABCDEF")),
    ("[0-9A-Z]", frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A shape.

    Attributes:
        regex: As a pattern.
        mixes: Whether it has both letters and digits.
        choices: How many shapes of its length there are: it was chosen among them.
    """

    regex: str
    mixes: bool
    choices: float


def shape_of(texts: Sequence[str]) -> Shape | None:
    """The shape that all of *texts*, of one length, have; None where a place holds anything.

    Places of hexadecimal digits count as such everywhere: ``3f2a`` may be ``1234`` next time.
    """
    places = [frozenset(characters) for characters in zip(*texts, strict=True)]
    hexadecimal = next((c for c in _CLASSES[3:5] if _all_in(places, c[1])), None)
    parts = []
    for place in places:
        part = _punctuation(place) or (hexadecimal or _class(place) or ("", ()))[0]
        if not part:
            return None
        parts.append(part)
    if all(part[0] != "[" for part in parts):
        return None
    runs = [(part, sum(1 for _ in group)) for part, group in groupby(parts)]
    regex = "".join(part if times == 1 else f"{part}{{{times}}}" for part, times in runs)
    return Shape(
        regex=f"^{regex}$",
        mixes=_mixes(frozenset().union(*places)),
        choices=float(len(_CLASSES) + len(_PUNCTUATION)) ** len(places),
    )


def _all_in(places: Sequence[frozenset[str]], members: frozenset[str]) -> bool:
    """Whether all places but punctuation hold *members*, some of them letters and digits both."""
    mixed = any(_mixes(place) for place in places)
    return mixed and all(place <= members for place in places if not _punctuation(place))


def _mixes(characters: frozenset[str]) -> bool:
    return any(c.isdigit() for c in characters) and any(c.isalpha() for c in characters)


def _punctuation(place: frozenset[str]) -> str:
    if len(place) == 1 and place <= _PUNCTUATION:
        return re.escape(next(iter(place))) if place <= {"."} else next(iter(place))
    return ""


def _class(place: frozenset[str]) -> tuple[str, frozenset[str]] | None:
    return next((c for c in _CLASSES if place <= c[1] and c[0] != "[0-9a-f]"), None)
