"""``row_condition``: a small grammar, parsed and never executed.

Great Expectations hands this text to ``DataFrame.query``, which sees local variables, so a saved
suite can run a shell. Here it is names, back-ticked names, literals, comparisons (chained too),
``in`` / ``not in``, null tests, and / or / not / ``&`` / ``|`` and parentheses; beside them the
condition objects that GX 1.x writes, its ``col("x")`` forms, and Spark SQL's words for the same
where the suite says so. Everything else is misuse.

As in pandas, ``&`` and ``|`` bind like ``and`` and ``or``: ``a == 1 | a == 3`` is true for both.
"""

from __future__ import annotations

import keyword
import unicodedata
from functools import partial
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.gates.data_schema.condition_nodes import (
    FLIPPED,
    All,
    In,
    Name,
    Not,
    Null,
    Sql,
    Truth,
    of_size,
    refused,
)
from pytest_mlgates.gates.data_schema.condition_objects import of_mapping
from pytest_mlgates.gates.data_schema.condition_sql import SqlReader
from pytest_mlgates.gates.data_schema.condition_tokens import Reader, words

if TYPE_CHECKING:
    from pytest_mlgates.gates.data_schema.condition_tokens import Token

_MOST_CHARACTERS = 100_000
_KEYWORDS = {"and", "or", "not", "in"}
_NULLS = {"None", "nan", "NaN", "null"}
_CONSTANTS = {"True": True, "False": False}
_GX = ("great_expectations", "great_expectations__experimental__")
_PARSERS = (None, "pandas", "spark", *_GX)


def parse(value: Any, parser: Any = None) -> Any:
    """*value* (text, or a condition as GX 1.x writes it) as a tree of the classes of its parts.

    Raises:
        MLGatesError: for anything outside the grammar.
    """
    for error in parser_errors(parser):
        raise error
    if hasattr(value, "dict") and not isinstance(value, dict):  # a condition object of GX
        value = value.dict()
    if isinstance(value, dict):
        return of_size(of_mapping(value, partial(_of_text, sql=parser == "spark")), repr(value))
    if not isinstance(value, str):
        raise refused(repr(value), f"{type(value).__name__}, which is not text")
    return of_size(_of_text(value, sql=parser == "spark"), value)


def parser_errors(parser: Any, where: str = "") -> list[MLGatesError]:
    """The mistake in a ``condition_parser`` that GX does not have."""
    if parser in _PARSERS:
        return []
    return [
        MLGatesError(
            f"condition_parser {parser!r} is not supported",
            where=where,
            want="'pandas', 'great_expectations', 'spark', or none",
            fix='write the condition as `age > 18 and sex == "F"`',
        )
    ]


def _of_text(text: str, *, sql: bool) -> Any:
    if len(text) > _MOST_CHARACTERS:
        raise MLGatesError(
            "row_condition is too long",
            got=f"{len(text):,} characters",
            want=f"at most {_MOST_CHARACTERS:,}",
        )
    return Sql(SqlReader(text).parse()) if sql else _QueryReader(text).parse()


class _QueryReader(Reader):
    """The text of ``DataFrame.query``, and of ``great_expectations``."""

    PATTERN = words(r"<=|>=|==|!=|<|>|\(|\)|\[|\]|,|&|\||~|-|\.")
    OR, AND, NOT = ("or", "|"), ("and", "&"), ("not",)

    def word(self, name: str) -> Token:
        if name in _NULLS:
            raise refused(self.text, f'{name} (write `col("x").isNull()`)')
        if name in _CONSTANTS:
            return "value", _CONSTANTS[name]
        if name in _KEYWORDS:
            return "op", name
        if keyword.iskeyword(name):
            raise refused(self.text, f"{name}, a keyword of Python (a column goes in back-ticks)")
        # Python folds such letters into others: the column that pandas reads has another name.
        if not name.isidentifier() or unicodedata.normalize("NFKC", name) != name:
            raise refused(self.text, f"{name!r}, which Python reads differently (use back-ticks)")
        return "name", Name(name)

    def comparison(self) -> Any:
        if self.accept("~"):
            return self._inverted()
        if self.accept("("):
            return self.in_parentheses()
        left = self._operand()
        if isinstance(left, Null):
            return left
        parts: list[Any] = []
        while True:
            kind, op = self.peek()
            if kind == "op" and op in FLIPPED:
                self.place += 1
                if op in ("==", "!=") and self.peek() == ("op", "["):  # pandas: membership
                    parts.append(self._membership(left, op))
                    break
                right = self._operand()
                parts.append(self.compare(left, op, right))
                left = right
            elif kind == "op" and op in ("in", "not"):
                self.place += 1
                if op == "not":
                    self.expect("in")
                parts.append(self._membership(left, op))
                break
            else:
                break
        if parts:
            return parts[0] if len(parts) == 1 else All(tuple(parts))
        if isinstance(left, Name):
            return Truth(left)
        raise refused(self.text, f"{left!r} alone")

    def _inverted(self) -> Any:
        """Behind ``~``, which binds closer than any comparison."""
        if self.accept("("):
            return Not(self.in_parentheses())
        part = self._operand()
        kind, op = self.peek()
        compared = kind == "op" and (op in FLIPPED or op in ("in", "not"))
        if compared or not isinstance(part, Name | Null):
            raise refused(self.text, "'~' without parentheses (write `not (...)`)")
        return Not(part if isinstance(part, Null) else Truth(part))

    def _membership(self, left: Any, op: str) -> In:
        if not isinstance(left, Name):
            raise refused(self.text, f"{left!r} in front of a list")
        return In(left, self._list(), op in ("!=", "not"))

    def _operand(self) -> Any:
        """A column, a literal, or a null test of a column."""
        kind, value = self.peek()
        if kind != "name":
            return self.literal()
        self.place += 1
        name = value
        if self.peek() == ("op", "(") and name in (Name("col"), Name("date")):
            text = self._called()
            if name == Name("date"):
                return text
            name = Name(text)
        return self.null_test(name) if self.accept(".") else name

    def _called(self) -> str:
        """The text in ``col("x")`` or ``date("2024-01-31")``: GX's own words."""
        self.expect("(")
        kind, value = self.peek()
        if kind != "value" or not isinstance(value, str):
            raise self.unexpected()
        self.place += 1
        self.expect(")")
        return value

    def _list(self) -> tuple[Any, ...]:
        if self.accept("["):
            return self.values("]")
        self.expect("(")
        start = self.place
        found = self.values(")")
        if len(found) == 1 and self.tokens[self.place - 2] != ("op", ","):
            self.place = start
            raise refused(self.text, "one value in parentheses (write [...])")
        return found
