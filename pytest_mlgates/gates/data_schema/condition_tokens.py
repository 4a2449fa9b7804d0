"""The words of a written condition, told apart and read from the front. Nothing is evaluated."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from pytest_mlgates.gates.data_schema.condition_nodes import (
    DEEPEST,
    FLIPPED,
    All,
    AnyOf,
    Compare,
    Name,
    Not,
    Null,
    literal,
    refused,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_mlgates.core.errors import MLGatesError

    Token = tuple[str, Any]

_SPACE = r"[ \t\r\n\f]*"
_ESCAPED = {"'": "'", '"': '"', "\\": "\\", "n": "\n", "t": "\t"}
_MOST_DIGITS = 1000
_WORDS = r"""
      (?P<number>(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)(?:[eE][+-]?[0-9]+)?(?![\w.]))
    | (?P<string>'(?:[^'\\\n]|\\['"\\nt])*'|"(?:[^"\\\n]|\\['"\\nt])*")
    | `(?P<quoted>[^`\n]+)`
    | (?P<name>[^\W\d]\w*)
"""
NULL_TESTS = {
    "notnull": False,
    "notna": False,
    "is_not_null": False,
    "isnull": True,
    "isna": True,
    "is_null": True,
}


def words(operators: str) -> re.Pattern[str]:
    """The pattern of one word, of a language with these *operators* (alternatives)."""
    return re.compile(f"{_SPACE}(?:{_WORDS}|(?P<op>{operators}))", re.VERBOSE)


class Reader:
    """What the languages of conditions share: words, literals, and / or, null tests.

    A subclass has its own ``PATTERN``, says what a bare word is (:meth:`word`), and reads one
    comparison (:meth:`comparison`).
    """

    PATTERN: re.Pattern[str]
    OR: tuple[str, ...]
    AND: tuple[str, ...]
    NOT: tuple[str, ...]

    def __init__(self, text: str) -> None:
        self.text, self.depth, self.place = text, 0, 0
        literal(text, text)
        self.tokens = list(self._tokens())

    def word(self, name: str) -> Token:
        """What a bare *name* is here: a column, a constant, a keyword."""
        raise NotImplementedError

    def comparison(self) -> Any:
        """One comparison, or a condition in parentheses."""
        raise NotImplementedError

    def parse(self) -> Any:
        """The whole text as a tree."""
        tree = self.condition()
        if self.place < len(self.tokens):
            raise self.unexpected()
        return tree

    def condition(self) -> Any:
        """Parts with ``or`` between them."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise refused(self.text, f"more than {DEEPEST} levels of parentheses")
        parts = [self._all()]
        while self.accept(*self.OR):
            parts.append(self._all())
        self.depth -= 1
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def peek(self) -> Token:
        """The next word, ``("end", None)`` behind the last."""
        return self.tokens[self.place] if self.place < len(self.tokens) else ("end", None)

    def accept(self, *ops: str) -> bool:
        """Whether the next word is one of *ops*; it is read if so."""
        kind, value = self.peek()
        if kind == "op" and value in ops:
            self.place += 1
            return True
        return False

    def expect(self, op: str) -> None:
        """Read *op*, which must be next."""
        if not self.accept(op):
            raise self.unexpected()

    def unexpected(self) -> MLGatesError:
        """The complaint about the next word."""
        kind, value = self.peek()
        if kind == "end":
            return refused(self.text, "an unfinished condition")
        shown = value.column if isinstance(value, Name) else value
        if value == "(":
            return refused(self.text, "a call: conditions are compared, never executed")
        if value in (".", "["):
            return refused(self.text, f"{value!r}: attributes and subscripts are not read")
        return refused(self.text, f"{shown!r} where something else was due")

    def literal(self) -> Any:
        """A number, text or boolean."""
        negative = self.accept("-")
        kind, value = self.peek()
        if kind != "value" or (negative and isinstance(value, bool | str)):
            raise self.unexpected()
        self.place += 1
        return -value if negative else value

    def in_parentheses(self) -> Any:
        """A condition, of which the opening parenthesis was read."""
        part = self.condition()
        self.expect(")")
        return part

    def values(self, close: str) -> tuple[Any, ...]:
        """Literals with commas between them up to *close*, a comma behind the last allowed."""
        found = [self.literal()]
        while self.accept(","):
            if self.peek() == ("op", close):
                break
            found.append(self.literal())
        self.expect(close)
        return tuple(found)

    def null_test(self, name: Name) -> Null:
        """``isnull()`` or ``notnull()`` behind *name*, of which the point was read."""
        kind, method = self.peek()
        found = NULL_TESTS.get(method.column.lower()) if isinstance(method, Name) else None
        if kind != "name" or found is None:
            self.place -= 1
            raise self.unexpected()
        self.place += 1
        self.expect("(")
        self.expect(")")
        return Null(name, found)

    def compare(self, left: Any, op: str, right: Any) -> Compare:
        """``left op right`` with a column on the left."""
        if isinstance(left, Null) or isinstance(right, Null):
            raise refused(self.text, "a null test inside a comparison")
        if isinstance(left, Name):
            return Compare(left, op, right)
        if isinstance(right, Name):
            return Compare(right, FLIPPED[op], left)
        raise refused(self.text, f"{left!r} {op} {right!r}, which names no column")

    def _all(self) -> Any:
        parts = [self._negation()]
        while self.accept(*self.AND):
            parts.append(self._negation())
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _negation(self) -> Any:
        negated = False
        while self.accept(*self.NOT):
            negated = not negated
        part = self.comparison()
        return Not(part) if negated else part

    def _tokens(self) -> Iterator[Token]:
        place, end = 0, len(self.text.rstrip(" \t\r\n\f"))
        while place < end:
            found = self.PATTERN.match(self.text, place)
            if found is None:
                rest = self.text[place:].strip()
                raise refused(self.text, f"{rest[:1]!r}, which is no part of it")
            place = found.end()
            kind = str(found.lastgroup)
            token = found[kind]
            if kind == "number":
                yield "value", self._number(token)
            elif kind == "string":
                yield "value", re.sub(r"\\(.)", lambda m: _ESCAPED[m[1]], token[1:-1])
            elif kind == "quoted":
                yield "name", Name(token)
            elif kind == "name":
                yield self.word(token)
            else:
                yield "op", token

    def _number(self, token: str) -> int | float:
        if re.search("[.eE]", token):
            value = float(token)
            if math.isinf(value):
                raise refused(self.text, f"{token}, which is no finite number")
            return value
        if token.startswith("0") and token.strip("0"):
            raise refused(self.text, f"{token}, a number with a 0 in front")
        if len(token) > _MOST_DIGITS:
            raise refused(self.text, f"a number of {len(token):,} digits")
        return int(token)
