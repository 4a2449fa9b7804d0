"""The conditions of suites written for Spark: the same comparisons in the words of its SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlgates.gates.data_schema.condition_nodes import (
    All,
    In,
    Name,
    Not,
    Null,
    Truth,
    refused,
)
from pytest_mlgates.gates.data_schema.condition_tokens import Reader, words

if TYPE_CHECKING:
    from pytest_mlgates.gates.data_schema.condition_tokens import Token

_OPERATORS = {
    "=": "==",
    "==": "==",
    "<>": "!=",
    "!=": "!=",
    "<": "<",
    "<=": "<=",
    ">": ">",
    ">=": ">=",
}
_KEYWORDS = {"and", "or", "not", "in", "is", "null", "between"}
_CONSTANTS = {"true": True, "false": False}


class SqlReader(Reader):
    """``a >= 1 AND b IN ('x', 'y') OR NOT c IS NULL``, keywords in any case."""

    PATTERN = words(r"<=(?!>)|>=|==|!=|<>|=|<(?!=)|>|!|\(|\)|,|-|\.")
    OR, AND, NOT = ("or",), ("and",), ("not", "!")

    def word(self, name: str) -> Token:
        """Keywords and constants in any case; every other word is a column."""
        lowered = name.lower()
        if lowered in _KEYWORDS:
            return "op", lowered
        if lowered in _CONSTANTS:
            return "value", _CONSTANTS[lowered]
        return "name", Name(name)

    def comparison(self) -> Any:
        """One comparison, ``IS NULL``, ``IN``, ``BETWEEN``, or a column of booleans."""
        if self.accept("("):
            return self.in_parentheses()
        left = self._operand()
        kind, op = self.peek()
        if kind == "op" and op in _OPERATORS:
            self.place += 1
            return self.compare(left, _OPERATORS[op], self._operand())
        if not isinstance(left, Name):
            raise refused(self.text, f"{left!r} alone")
        if self.accept("is"):
            negated = self.accept("not")
            self.expect("null")
            return Null(left, not negated)
        negated = self.accept("not")
        if self.accept("in"):
            self.expect("(")
            return In(left, self.values(")"), negated)
        if self.accept("between"):
            low = self._operand()
            self.expect("and")
            high = self._operand()
            part = All((self.compare(left, ">=", low), self.compare(left, "<=", high)))
            return Not(part) if negated else part
        if negated:
            raise self.unexpected()
        return Truth(left)

    def _operand(self) -> Any:
        kind, value = self.peek()
        if kind == "name":
            self.place += 1
            return value
        return self.literal()
