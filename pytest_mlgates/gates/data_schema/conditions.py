"""``row_condition``: a small grammar, parsed and never executed.

Great Expectations hands this text to ``DataFrame.query``, which sees local variables, so a saved
suite can run a shell. Here it is names, back-ticked names, literals, comparisons (chained too),
``in`` / ``not in``, and / or / not / ``&`` / ``|`` and parentheses; beside them the condition
objects that GX 1.x writes and its ``col("x")`` forms. Everything else is misuse.

As in pandas, ``&`` and ``|`` bind like ``and`` and ``or``: ``a == 1 | a == 3`` is true for both.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.gates.data_schema.condition_nodes import (
    DEEPEST,
    FLIPPED,
    All,
    AnyOf,
    Compare,
    In,
    Name,
    Not,
    Null,
    refused,
)
from pytest_mlgates.gates.data_schema.condition_objects import of_mapping

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_CHARACTERS = 2000
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>(?:\d+\.\d*|\.\d+|\d+)(?:[eE][+-]?\d+)?(?![A-Za-z_0-9.]))
    | (?P<string>'(?:[^'\\\n]|\\['"\\nt])*'|"(?:[^"\\\n]|\\['"\\nt])*")
    | `(?P<quoted>[^`\n]+)`
    | (?P<name>[^\W\d]\w*)
    | (?P<op><=|>=|==|!=|<|>|\(|\)|\[|\]|,|&|\||~|-|\.)
    )""",
    re.VERBOSE,
)
_KEYWORDS = {"and", "or", "not", "in"}
_NULLS = {"None", "nan", "NaN", "null"}
_CONSTANTS = {"True": True, "False": False}
_NULL_CALLS = {"notNull": False, "is_not_null": False, "isNull": True, "is_null": True}
_PARSERS = (None, "pandas", "great_expectations", "great_expectations__experimental__")


def parse(value: Any, parser: Any = None) -> Any:
    """*value* (text, or a condition as GX 1.x writes it) as a tree of the classes above.

    Raises:
        MLGatesError: for anything outside the grammar.
    """
    if parser not in _PARSERS:
        raise MLGatesError(
            f"condition_parser {parser!r} is not supported",
            want="'pandas', 'great_expectations', or none: the grammar is the same",
            fix='write the condition as `age > 18 and sex == "F"`',
        )
    if hasattr(value, "dict") and not isinstance(value, dict):  # a condition object of GX
        value = value.dict()
    if isinstance(value, dict):
        return of_mapping(value, parse)
    if not isinstance(value, str):
        raise refused(repr(value), f"{type(value).__name__}, which is not text")
    if len(value) > _MOST_CHARACTERS:
        raise MLGatesError(
            "row_condition is too long",
            got=f"{len(value):,} characters",
            want=f"at most {_MOST_CHARACTERS:,}",
        )
    return _Parser(value).parse()


class _Parser:
    def __init__(self, text: str) -> None:
        self.text, self.depth = text, 0
        self.tokens = list(self._tokens())
        self.place = 0

    def _tokens(self) -> Iterator[tuple[str, Any]]:
        place = 0
        end = len(self.text.rstrip())
        while place < end:
            found = _TOKEN.match(self.text, place)
            if found is None:
                raise refused(
                    self.text, f"{self.text[place:].strip()[0]!r}, which is no part of it"
                )
            place = found.end()
            kind = str(found.lastgroup)
            token = found[kind]
            if kind == "number":
                yield "value", float(token) if re.search("[.eE]", token) else int(token)
            elif kind == "string":
                yield "value", ast.literal_eval(token)
            elif kind == "quoted":
                yield "name", Name(token)
            elif kind == "name" and token in _NULLS:
                raise refused(self.text, f'{token} (write `col("x").isNull()`)')
            elif kind == "name" and token in _CONSTANTS:
                yield "value", _CONSTANTS[token]
            elif kind == "name" and token not in _KEYWORDS:
                yield "name", Name(token)
            else:
                yield "op", token

    def parse(self) -> Any:
        tree = self._any()
        if self.place < len(self.tokens):
            raise self._unexpected()
        return tree

    def _peek(self) -> tuple[str, Any]:
        return self.tokens[self.place] if self.place < len(self.tokens) else ("end", None)

    def _take(self) -> tuple[str, Any]:
        token = self._peek()
        self.place += 1
        return token

    def _accept(self, *ops: str) -> bool:
        kind, value = self._peek()
        if kind == "op" and value in ops:
            self.place += 1
            return True
        return False

    def _expect(self, op: str) -> None:
        if not self._accept(op):
            raise self._unexpected()

    def _unexpected(self) -> MLGatesError:
        kind, value = self._peek()
        if kind == "end":
            return refused(self.text, "an unfinished condition")
        shown = value.column if isinstance(value, Name) else value
        if value == "(":
            return refused(self.text, "a call: conditions are compared, never executed")
        if value in (".", "["):
            return refused(self.text, f"{value!r}: attributes and subscripts are not read")
        return refused(self.text, f"{shown!r} where something else was due")

    def _any(self) -> Any:
        self.depth += 1
        if self.depth > DEEPEST:
            raise refused(self.text, f"more than {DEEPEST} levels of parentheses")
        parts = [self._all()]
        while self._accept("or", "|"):
            parts.append(self._all())
        self.depth -= 1
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _all(self) -> Any:
        parts = [self._negation()]
        while self._accept("and", "&"):
            parts.append(self._negation())
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _negation(self) -> Any:
        negated = False
        while self._accept("not"):
            negated = not negated
        part = self._comparison()
        return Not(part) if negated else part

    def _comparison(self) -> Any:
        if self._accept("~"):
            if self._peek() != ("op", "("):
                raise refused(self.text, "'~' without parentheses (write `not (...)`)")
            self.place += 1
            part = self._any()
            self._expect(")")
            return Not(part)
        if self._peek() == ("op", "("):
            self.place += 1
            part = self._any()
            self._expect(")")
            return part
        left = self._operand()
        if isinstance(left, Null):
            return left
        parts: list[Any] = []
        while True:
            kind, op = self._peek()
            if kind != "op":
                break
            if op in FLIPPED:
                self.place += 1
                right = self._operand()
                parts.append(self._compare(left, op, right))
                left = right
            elif op in ("in", "not"):
                self.place += 1
                if op == "not":
                    self._expect("in")
                if not isinstance(left, Name):
                    raise refused(self.text, f"{left!r} in front of `in`")
                parts.append(In(left, self._list(), op == "not"))
                break
            else:
                break
        if parts:
            return parts[0] if len(parts) == 1 else All(tuple(parts))
        if isinstance(left, Name):  # a column of booleans
            return Compare(left, "==", right=True)
        raise refused(self.text, f"{left!r} alone")

    def _compare(self, left: Any, op: str, right: Any) -> Compare:
        if isinstance(left, Null) or isinstance(right, Null):
            raise refused(self.text, "a null test inside a comparison")
        if isinstance(left, Name):
            return Compare(left, op, right)
        if isinstance(right, Name):
            return Compare(right, FLIPPED[op], left)
        raise refused(self.text, f"{left!r} {op} {right!r}, which names no column")

    def _operand(self) -> Any:
        kind, value = self._peek()
        if kind == "name":
            self.place += 1
            return self._column_call() if value == Name("col") and self._calls() else value
        return self._literal()

    def _literal(self) -> Any:
        if self._accept("-"):
            kind, value = self._take()
            if kind == "value" and not isinstance(value, bool | str):
                return -value
            self.place -= 1
            raise self._unexpected()
        kind, value = self._peek()
        if kind != "value":
            if isinstance(value, Name) and value.column in ("None", "nan", "NaN"):
                raise refused(self.text, f'{value.column} (write `col("x").isNull()`)')
            raise self._unexpected()
        self.place += 1
        return value

    def _calls(self) -> bool:
        return self._peek() == ("op", "(")

    def _column_call(self) -> Any:
        """``col("x")``, and ``.notNull()`` or ``.isNull()`` behind it: GX's own words."""
        self._expect("(")
        kind, value = self._take()
        if kind != "value" or not isinstance(value, str):
            self.place -= 1
            raise self._unexpected()
        self._expect(")")
        name = Name(value)
        if not self._accept("."):
            return name
        kind, method = self._take()
        if kind != "name" or method.column not in _NULL_CALLS:
            self.place -= 1
            raise self._unexpected()
        self._expect("(")
        self._expect(")")
        return Null(name, _NULL_CALLS[method.column])

    def _list(self) -> tuple[Any, ...]:
        close = "]" if self._accept("[") else ")"
        if close == ")":
            self._expect("(")
        values = [self._literal()]
        while self._accept(","):
            if self._peek() == ("op", close):
                break
            values.append(self._literal())
        self._expect(close)
        return tuple(values)
