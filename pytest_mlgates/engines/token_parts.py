"""The floats in the canonical texts of plain values: ``f`` and 16 digits, alone or in lists."""

from __future__ import annotations

import re
import struct

# Kinds whose texts are the values themselves, see `canonical` and `canonical_tables`.
_TEXTS = re.compile(r"^(text|dtype)$|text$|^(string|str|String|Categorical|Enum)\b")
_FLOAT = re.compile(r"(?:f|Nfloat64:)([0-9a-f]{16})")
_SINGLE = re.compile(r"Nfloat32:([0-9a-f]{8})")
_COUNT = re.compile(r"(\d+):")
_SHAPE = re.compile(r"\[(?:\(\d*(?:, ?\d*)*\))?")


def is_told_as_tokens(kind: str) -> bool:
    """Whether the texts of a leaf of this *kind* stand for values of any type."""
    return _TEXTS.search(kind) is None


def float_pairs(first: str, other: str) -> tuple[list[float], list[float]] | None:
    """The floats of two tokens that are equal in everything else; None if they are not."""
    mine, theirs = _atoms(first), _atoms(other)
    if len(mine) != len(theirs):
        return None
    x: list[float] = []
    y: list[float] = []
    for one, two in zip(mine, theirs, strict=True):
        if isinstance(one, float) and isinstance(two, float):
            x.append(one)
            y.append(two)
        elif one != two or type(one) is not type(two):
            return None
    return (x, y) if x else None


def holds_floats(token: str) -> bool:
    """Whether there is a float in it."""
    return any(isinstance(atom, float) for atom in _atoms(token))


def _atoms(token: str) -> list[str | float]:
    """A token as texts and floats; what is in a list, with what tells the list from another."""
    if found := _FLOAT.fullmatch(token):
        return [float(struct.unpack("<d", bytes.fromhex(found[1]))[0])]
    if found := _SINGLE.fullmatch(token):
        return ["float32", float(struct.unpack("<f", bytes.fromhex(found[1]))[0])]
    start = _SHAPE.match(token)
    if start is None:
        return [token]
    atoms: list[str | float] = [start[0]]
    at = start.end()
    while at < len(token) - 1:
        count = _COUNT.match(token, at)
        if count is None:
            return [token]
        end = count.end() + int(count[1])
        atoms += _atoms(token[count.end() : end])
        at = end
    return [*atoms, "]"]
